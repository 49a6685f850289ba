# SPDX-License-Identifier: MIT
"""agent_native_core - the API of an earlier Rust module, kept for agents that use it.

Example:
    >>> from agent_native_core import AgentToolStore
    >>> store = AgentToolStore(100, 60.0)
    >>> store.set("search", '{"q": 1}', "found")
    >>> store.get("search", '{ "q": 1 }')
    'found'

New code takes `ferrule.ToolCache` and `ferrule.SchemaGuard`.
"""

from agent_native_core._schema import RequestSchemaGuard
from agent_native_core._store import AgentToolStore

__all__ = ["AgentToolStore", "RequestSchemaGuard"]
