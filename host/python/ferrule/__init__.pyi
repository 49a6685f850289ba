# SPDX-License-Identifier: MIT
from ferrule.cache import ToolCache as ToolCache
from ferrule.channel import Channel as Channel
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
from ferrule.kit.agent import Agent as Agent
from ferrule.kit.budget import Budget as Budget
from ferrule.kit.calls import this_call as this_call
from ferrule.kit.chat import Chat as Chat
from ferrule.kit.errors import ModelError as ModelError, NotConfigured as NotConfigured
from ferrule.kit.tools import tool as tool

__all__ = [
    "ToolCache",
    "SchemaGuard",
    "InvalidPayload",
    "InvalidSchema",
    "InterpreterPoolExecutor",
    "BrokenInterpreterPool",
    "ExecutionFailed",
    "Channel",
    "turn",
    "Agent",
    "Budget",
    "Chat",
    "ModelError",
    "NotConfigured",
    "this_call",
    "tool",
]
