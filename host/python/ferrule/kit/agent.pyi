# SPDX-License-Identifier: MIT
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any

from ferrule.cache import ToolCache
from ferrule.kit.answer import Answer
from ferrule.kit.budget import Budget
from ferrule.kit.chat import Chat
from ferrule.kit.events import Event, Result as Result, ToolEnded
from ferrule.kit.tools import Tool

class Agent:
    chat: Chat
    tools: dict[str, Tool[..., Any]]
    budget: Budget
    def __init__(
        self,
        model: Chat | str | None = None,
        tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
        instructions: str = "",
        budget: Budget | None = None,
        *,
        cache: ToolCache | None = None,
        transcript: str | PathLike[str] | None = None,
        strict: bool = False,
        response_schema: Any = None,
        stop: str | Iterable[str] | Callable[[Answer, list[ToolEnded]], bool] | None = None,
        **parameters: Any,
    ) -> None: ...
    @property
    def cache(self) -> ToolCache: ...
    @property
    def messages(self) -> list[dict[str, Any]]: ...
    @property
    def is_unfinished(self) -> bool: ...
    def run(self, question: str) -> Result: ...
    def resume(self) -> Result: ...
    def events(self, question: str | None = None) -> Iterator[Event]: ...
    async def arun(self, question: str) -> Result: ...
    def aevents(self, question: str | None = None) -> AsyncIterator[Event]: ...
    def close(self) -> None: ...
    def main(self, arguments: Sequence[str] | None = None) -> int: ...
