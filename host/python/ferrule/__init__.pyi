# SPDX-License-Identifier: MIT
from ferrule.cache import ToolCache as ToolCache
from ferrule.guard import (
    InvalidPayload as InvalidPayload,
    InvalidSchema as InvalidSchema,
    SchemaGuard as SchemaGuard,
)

__all__ = ["ToolCache", "SchemaGuard", "InvalidPayload", "InvalidSchema"]
