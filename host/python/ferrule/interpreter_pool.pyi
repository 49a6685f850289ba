# SPDX-License-Identifier: MIT
from _interpreters import InterpreterError, NotShareableError as NotShareableError
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.thread import BrokenThreadPool
from types import SimpleNamespace
from typing import Any, Literal, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

class ExecutionFailed(InterpreterError):
    excinfo: SimpleNamespace
    def __init__(self, excinfo: SimpleNamespace) -> None: ...

class BrokenInterpreterPool(BrokenThreadPool): ...

class InterpreterPoolExecutor(ThreadPoolExecutor):
    BROKEN: type[BrokenInterpreterPool]
    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        priority: Literal["normal", "batch"] = "normal",
    ) -> None: ...
    def submit(
        self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Future[_T]: ...
    def map(
        self,
        fn: Callable[..., _T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[_T]: ...
