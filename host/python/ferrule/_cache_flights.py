# SPDX-License-Identifier: MIT
"""_cache_flights - loading a missing key once, for threads and for coroutines.

The engine decides who leads, over all processes; this module runs the loader and
carries its outcome. Tasks of one event loop wait on one future each key; what they wait
for in another thread or process is watched by a small pool of threads, so that no loop
is ever blocked.
"""

import asyncio
import inspect
import os
import time
from collections import OrderedDict
from contextvars import ContextVar

_MISSING = object()
_FAILURES_MAX = 256  # exceptions kept for waiters of this interpreter
_WATCHERS_MAX = 8  # threads that watch leaders elsewhere
_SLICE_S = 0.1  # a watcher gives others a turn after this

# What the present task is loading: waiting for that would never end.
_leading = ContextVar("ferrule_leading", default=())


class LoadError(Exception):
    """A loader failed in another interpreter or process.

    type_name and text say what it raised there.
    """

    def __init__(self, type_name, text=""):
        super().__init__(f"{type_name}: {text}" if text else type_name)
        self.type_name = type_name
        self.text = text

    def __reduce__(self):
        return LoadError, (self.type_name, self.text)


class Flights:
    """The part of one ToolCache that is needed on a miss."""

    def __init__(self, cache):
        self._cache = _Weak(cache)
        self._failures = OrderedDict()
        self._futures = {}  # (loop, flight key) -> future; touched by its loop only

    # ---- threads ---------------------------------------------------------------

    def load(self, tool, args, loader, ttl, tags, timeout):
        cache = self._cache()
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            flight = cache._join(tool, args)
            state, text = flight.state, ""
            if state == "own":
                raise _reentered(tool)
            while state in ("wait", "timeout"):
                state, text = flight.wait(_left(deadline, 1.0, tool))
            if state == "failed":
                raise self._failure(flight.key, text)
            value = _look(cache, tool, args)
            if value is not _MISSING:
                flight.end()
                return value
            if state == "lead":
                return self._lead(flight, tool, args, loader, ttl, tags)

    def _lead(self, flight, tool, args, loader, ttl, tags):
        token = _leading.set((*_leading.get(), flight.key))
        try:
            value = _caller(loader, tool, args)()
            self._cache().set(tool, args, value, ttl=ttl, tags=tags)
        except Exception as error:
            self._fail(flight, error)
            raise
        finally:
            _leading.reset(token)
            flight.end()  # after a failure, or a second time, this does nothing
        return value

    # ---- coroutines ------------------------------------------------------------

    async def aload(self, tool, args, loader, ttl, tags, timeout):
        load = self._aload(tool, args, loader, ttl, tags)
        if timeout is None:
            return await load
        async with asyncio.timeout(timeout):
            return await load

    async def _aload(self, tool, args, loader, ttl, tags):
        cache = self._cache()
        loop = asyncio.get_running_loop()
        while True:
            flight = cache._join(tool, args)
            if flight.key in _leading.get():
                raise _reentered(tool)
            if flight.state == "lead":
                value = _look(cache, tool, args)
                if value is not _MISSING:
                    flight.end()
                    return value
                return await self._alead(loop, flight, tool, args, loader, ttl, tags)
            state, text = await asyncio.shield(self._future(loop, flight))
            if state == "failed":
                raise self._failure(flight.key, text)
            value = _look(cache, tool, args)
            if value is not _MISSING:
                return value

    async def _alead(self, loop, flight, tool, args, loader, ttl, tags):
        name = loop, flight.key
        future = self._futures[name] = loop.create_future()
        token = _leading.set((*_leading.get(), flight.key))
        outcome = "done", ""
        try:
            value = _caller(loader, tool, args)()
            if inspect.isawaitable(value):
                value = await value
            self._cache().set(tool, args, value, ttl=ttl, tags=tags)
        except Exception as error:
            outcome = "failed", self._fail(flight, error)
            raise
        finally:
            _leading.reset(token)
            flight.end()
            del self._futures[name]
            if not future.done():
                future.set_result(outcome)
        return value

    def _future(self, loop, flight):
        """What this loop's tasks wait on for that flight."""
        name = loop, flight.key
        future = self._futures.get(name)
        if future is None:
            future = self._futures[name] = loop.create_future()
            future.add_done_callback(lambda _: self._futures.pop(name, None))
            _watch(loop, flight, future)
        return future

    # ---- failures --------------------------------------------------------------

    def _fail(self, flight, error):
        """Keep the exception for waiters here; tell the others its name and text."""
        kind = type(error)
        name = kind.__qualname__
        if kind.__module__ not in ("builtins", "__main__"):
            name = f"{kind.__module__}.{name}"
        text = f"{name}\n{_text_of(error)}"
        self._failures[flight.key] = error
        while len(self._failures) > _FAILURES_MAX:
            self._failures.popitem(last=False)
        flight.end(text.encode("utf-8", "replace").decode("utf-8"))
        return text

    def _failure(self, key, text):
        error = self._failures.get(key)
        if error is not None:
            return error
        name, _, text = text.partition("\n")
        return LoadError(name, text)


class _Weak:
    """A cache holds its flights; they must not hold it in turn."""

    def __init__(self, target):
        import weakref

        self._target = weakref.ref(target)

    def __call__(self):
        return self._target()


def _reentered(tool):
    return RuntimeError(f"the loader of {tool!r} asks for the key it is loading")


def _text_of(error):
    try:
        return str(error)
    except Exception:
        return "(no text)"


def _look(cache, tool, args):
    """The value if it is there by now; a second miss is not counted."""
    if (tool, args) not in cache:
        return _MISSING
    return cache.get(tool, args, _MISSING)


def _left(deadline, most, tool):
    if deadline is None:
        return most
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"the loader of {tool!r} takes too long elsewhere")
    return min(left, most)


def _caller(loader, tool, args):
    """loader() for a function without parameters, else loader(tool, args)."""
    code = getattr(loader, "__code__", None)
    if code is not None and not hasattr(loader, "__self__"):
        needed = code.co_argcount - len(loader.__defaults__ or ())
    else:
        needed = _needed(loader)
    return loader if needed <= 0 else lambda: loader(tool, args)


def _needed(loader):
    try:
        parameters = inspect.signature(loader).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in parameters
    )


# ---- watching leaders elsewhere ------------------------------------------------

_pool = None


def _watch(loop, flight, future):
    """Settle the future when the leader, in whatever thread or process, is done."""
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(_WATCHERS_MAX, "ferrule-cache-watch")
    _pool.submit(_watch_slice, loop, flight, future)


def _watch_slice(loop, flight, future):
    state, text = flight.wait(_SLICE_S)
    if state == "lead":  # the leader is gone; let a task of the loop be the next one
        flight.end()
        state = "done"
    try:
        if state == "timeout":
            loop.call_soon_threadsafe(_watch_again, loop, flight, future)
        else:
            loop.call_soon_threadsafe(_settle, future, (state, text))
    except RuntimeError:
        pass  # the loop was closed; nobody waits any more


def _watch_again(loop, flight, future):
    if not future.done():
        _watch(loop, flight, future)


def _settle(future, outcome):
    if not future.done():
        future.set_result(outcome)


def _forget_pool():
    global _pool
    _pool = None  # its threads stayed in the parent


os.register_at_fork(after_in_child=_forget_pool)
