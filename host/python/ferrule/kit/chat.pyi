# SPDX-License-Identifier: MIT
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from os import PathLike
from typing import Any

from ferrule.kit.answer import Answer
from ferrule.kit.events import Event
from ferrule.kit.tools import Tool

Messages = str | Iterable[dict[str, Any]]
Tools = Iterable[Tool[..., Any] | Callable[..., Any] | dict[str, Any]]

class Stream(Iterator[Event]):
    answer: Answer | None
    def finish(self) -> Answer: ...
    def partial(self) -> Answer: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...
    def __next__(self) -> Event: ...

class AsyncStream(AsyncIterator[Event]):
    @property
    def answer(self) -> Answer | None: ...
    async def finish(self) -> Answer: ...
    def partial(self) -> Answer: ...
    def cancel(self) -> None: ...
    async def __anext__(self) -> Event: ...

class Chat:
    model: str
    retries: int
    def __init__(
        self,
        url: str | None = None,
        model: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 120.0,
        connect_timeout: float = 10.0,
        retries: int = 4,
        proxy: str | None = None,
        ca_file: str | PathLike[str] | None = None,
        **parameters: Any,
    ) -> None: ...
    def stream(
        self,
        messages: Messages,
        *,
        tools: Tools = (),
        response_schema: Any = None,
        deadline: float | None = None,
        **parameters: Any,
    ) -> Stream: ...
    def ask(
        self,
        messages: Messages,
        *,
        response_schema: Any = None,
        tools: Tools = (),
        deadline: float | None = None,
        **parameters: Any,
    ) -> Answer: ...
    def astream(
        self,
        messages: Messages,
        *,
        tools: Tools = (),
        response_schema: Any = None,
        deadline: float | None = None,
        **parameters: Any,
    ) -> AsyncStream: ...
    async def aask(
        self,
        messages: Messages,
        *,
        response_schema: Any = None,
        tools: Tools = (),
        deadline: float | None = None,
        **parameters: Any,
    ) -> Answer: ...
    def close(self) -> None: ...
