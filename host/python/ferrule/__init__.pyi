# SPDX-License-Identifier: MIT
from ferrule.cache import ToolCache as ToolCache
from ferrule.guard import (
    InvalidPayload as InvalidPayload,
    InvalidSchema as InvalidSchema,
    SchemaGuard as SchemaGuard,
)
from ferrule.interpreter_pool import (
    BrokenInterpreterPool as BrokenInterpreterPool,
    ExecutionFailed as ExecutionFailed,
    InterpreterPoolExecutor as InterpreterPoolExecutor,
)
from ferrule.turns import turn as turn

__all__ = [
    "ToolCache",
    "SchemaGuard",
    "InvalidPayload",
    "InvalidSchema",
    "InterpreterPoolExecutor",
    "BrokenInterpreterPool",
    "ExecutionFailed",
    "turn",
]
