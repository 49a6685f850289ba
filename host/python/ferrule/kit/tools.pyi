# SPDX-License-Identifier: MIT
from collections.abc import Callable
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from ferrule.guard import SchemaGuard

P = ParamSpec("P")
R = TypeVar("R")

class Tool(Generic[P, R]):
    name: str
    cache: float | Literal[True] | None
    side_effects: bool | Literal["keyed"]
    timeout: float | None
    max_result: int
    is_coroutine: bool
    @property
    def description(self) -> str: ...
    @property
    def schema(self) -> dict[str, Any]: ...
    @property
    def guard(self) -> SchemaGuard: ...
    @property
    def definition(self) -> dict[str, Any]: ...
    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R: ...
    def __get__(self, instance: object, owner: type | None = ...) -> Tool[..., R]: ...

@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    cache: float | bool | None = None,
    side_effects: bool | Literal["keyed"] = False,
    timeout: float | None = 60.0,
    max_result: int = 24_000,
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
