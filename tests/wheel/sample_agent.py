# SPDX-License-Identifier: MIT
"""An agent as an author types it: `mypy --strict` is silent, and a stock CPython with
the wheel and the executable print the same."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agent_native_core import AgentToolStore, RequestSchemaGuard
from ferrule import InvalidPayload, InvalidSchema, SchemaGuard, ToolCache
from ferrule.guard import Issue

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}
cache = ToolCache.open("weather", max_entries=100, ttl=60.0)
guard = SchemaGuard(SCHEMA, draft="2020-12")


def load(tool: str, args: str) -> str:
    return f"{tool} of {args}"


@cache.tool(ttl=5.0)
def forecast(city: str, days: int = 1) -> str:
    return f"{days} days of rain in {city}"


def call(arguments: str) -> str:
    if not guard.is_valid(arguments):
        return guard.explain(arguments)
    answer: str = cache.get_or_call("weather", arguments, load)
    return answer


def problems(arguments: str) -> list[str]:
    try:
        guard.validate(arguments)
    except InvalidPayload as error:
        found: list[Issue] = error.errors
        return [f"{issue.instance_path}: {issue.code}" for issue in found]
    return []


async def ask() -> str:
    async def fetch() -> str:
        return "from far away"

    answer: str = await cache.aget_or_call("far", {"away": True}, fetch)
    return answer


def main() -> None:
    print(call('{"city": "Riga"}'), call('{ "city" : "Riga" }'))
    print(call('{"city": 7, "dys": 3}'))
    print(problems('{"days": 0}'))
    print(forecast("Oslo"), forecast("Oslo", days=1))
    print(asyncio.run(ask()), json.dumps(guard.loads('{"city": "Oslo"}')))
    stream = guard.stream()
    print(stream.feed('{"city": "Ri'), stream.feed('ga"}'))
    try:
        SchemaGuard('{"type": "strng"}')
    except InvalidSchema as error:
        print(error)
    store = AgentToolStore(10, 60.0)
    store.set("search", '{"q": 1}', "found")
    print(store.get("search", '{"q": 1.0}'), len(store))
    print(RequestSchemaGuard(["id"], ["id"]).validate("{}"))
    hits: int = cache.stats()["hits"]
    print(len(cache), hits)


if __name__ == "__main__":
    main()
