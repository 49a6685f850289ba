# SPDX-License-Identifier: MIT
from collections.abc import Awaitable, Callable, Sequence
from os import PathLike
from typing import Any, Literal, ParamSpec, TypeVar, overload

_Value = str | bytes
_D = TypeVar("_D")
_P = ParamSpec("_P")
_R = TypeVar("_R")
# JSON text (str or bytes) or an object that json.dumps takes.
_Args = Any

def canonical(text: str, /) -> str: ...

class LoadError(Exception):
    type_name: str
    text: str
    def __init__(self, type_name: str, text: str = "") -> None: ...

class ToolCache:
    def __new__(
        cls,
        max_entries: int = 10_000,
        ttl: float | None = 300.0,
        *,
        max_bytes: int | None = None,
        journal: str | PathLike[str] | None = None,
    ) -> ToolCache: ...
    @classmethod
    def open(
        cls,
        name: str,
        max_entries: int | None = None,
        ttl: float | None = ...,
        *,
        max_bytes: int | None = None,
        scope: Literal["run", "user"] = "run",
    ) -> ToolCache: ...
    @overload
    def get(self, tool: str, args: _Args) -> Any: ...
    @overload
    def get(self, tool: str, args: _Args, default: _D) -> Any | _D: ...
    def set(
        self,
        tool: str,
        args: _Args,
        value: _Value,
        *,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        stale: float | None = None,
        jitter: float = 0.0,
    ) -> bool: ...
    def delete(self, tool: str, args: _Args) -> bool: ...
    def get_or_call(
        self,
        tool: str,
        args: _Args,
        loader: Callable[..., _Value],
        *,
        timeout: float | None = None,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        stale: float | None = None,
        stale_if_error: float | None = None,
        negative_ttl: float | None = None,
        jitter: float = 0.0,
    ) -> Any: ...
    async def aget_or_call(
        self,
        tool: str,
        args: _Args,
        loader: Callable[..., _Value | Awaitable[_Value]],
        *,
        timeout: float | None = None,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        stale: float | None = None,
        stale_if_error: float | None = None,
        negative_ttl: float | None = None,
        jitter: float = 0.0,
    ) -> Any: ...
    def partition(self, name: str) -> ToolCache: ...
    def invalidate(self, *, tool: str | None = None, tag: str | None = None) -> None: ...
    def clear(self) -> None: ...
    def items(self) -> list[tuple[tuple[str, str], _Value]]: ...
    def stats(self) -> dict[str, Any]: ...
    def prometheus(self, prefix: str = "ferrule_cache") -> str: ...
    @overload
    def tool(self, function: Callable[_P, _R]) -> Callable[_P, _R]: ...
    @overload
    def tool(
        self,
        function: None = None,
        *,
        name: str | None = None,
        ignore: str | Sequence[str] = (),
        invalidates: str | Sequence[str] = (),
        encode: Callable[[Any], _Value] | None = None,
        decode: Callable[[Any], Any] | None = None,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        stale: float | None = None,
        stale_if_error: float | None = None,
        negative_ttl: float | None = None,
        jitter: float = 0.0,
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...
    def __len__(self) -> int: ...
    def __contains__(self, key: tuple[str, _Args]) -> bool: ...
