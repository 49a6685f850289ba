# SPDX-License-Identifier: MIT
"""What the type stubs must refuse: mypy has to complain of every line marked `wrong`."""

from agent_native_core import AgentToolStore, RequestSchemaGuard
from ferrule import SchemaGuard, ToolCache

cache = ToolCache(100, ttl="soon")  # wrong
cache.set("tool", {}, 7)  # wrong
cache.invalidate(tol="tool")  # wrong
number: int = SchemaGuard({}).is_valid(b"{}").length  # wrong
SchemaGuard({}, draft="2019")  # wrong
SchemaGuard({}).loads({"already": "parsed"})  # wrong
AgentToolStore("ten", 60.0)  # wrong
RequestSchemaGuard(["id"], ["id"]).validate({})  # wrong
ToolCache.open("tools", scope="machine")  # wrong
