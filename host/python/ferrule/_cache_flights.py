# SPDX-License-Identifier: MIT
"""_cache_flights - loading a missing key once, for threads and for coroutines.

The engine decides who leads, over all processes; this module runs the loader and
carries its outcome. Tasks of one event loop wait on one future each key; what they wait
for in another thread or process is watched by a small pool of threads, so that no loop
is ever blocked.
"""

import os
import time
import weakref
from contextvars import ContextVar, copy_context

from ferrule._cache_loader import caller, in_time, left, text_of
from ferrule._cache_outcomes import Outcomes

_MISSING = object()
_WATCHERS_MAX = 8  # threads that watch leaders elsewhere
_SLICE_S = 0.1  # a waiter looks for signals after this; a watcher gives others a turn
_SLICE_MIN_S = 0.002  # when there are many
_REFRESHERS_MAX = 4  # threads that load anew what is served stale
_REFRESHING_MAX = 256  # keys that wait for one; further ones are loaded when they expire

# What the present task is loading, by whatever thread: waiting for it would never end.
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


class Reentered(RuntimeError):
    """A loader asks for the key it is loading."""

    def __init__(self, tool):
        super().__init__(f"the loader of {tool!r} asks for the key it is loading")


class Plan:
    """How one result is loaded and kept; see ToolCache.get_or_call."""

    __slots__ = ("stale", "stale_if_error", "negative_ttl", "_options")

    def __init__(self, ttl, tags, stale, stale_if_error, negative_ttl, jitter):
        self.stale = _seconds("stale", stale)
        self.stale_if_error = _seconds("stale_if_error", stale_if_error)
        self.negative_ttl = negative_ttl
        kept = max(self.stale, self.stale_if_error)
        self._options = {"ttl": ttl, "tags": tags}
        if kept > 0:
            self._options["stale"] = kept
        if jitter:
            self._options["jitter"] = jitter

    def keep(self, cache, tool, args, value):
        return cache.set(tool, args, value, **self._options)

    def keep_failure(self, cache, tool, args, text):
        if self.negative_ttl is not None:
            options = {"ttl": self.negative_ttl, "tags": self._options["tags"]}
            cache.set(failed_name(tool), args, text, **options)


def _seconds(name, value):
    if value is None:
        return 0.0
    if not value >= 0:  # NaN, too
        raise ValueError(f"{name} must be 0 seconds or more, not {value!r}")
    return value


def failed_name(tool):
    """Under which name failures of a tool are kept."""
    return f"{tool} (failed)"


class Flights:
    """The part of one ToolCache that is needed on a miss."""

    def __init__(self, cache):
        self._cache = _Weak(cache)
        self._outcomes = Outcomes()
        self._futures = {}  # (loop, flight key) -> future; touched by its loop only
        self._refreshing = set()  # keys; see _begin_refresh
        self._tasks = set()  # asyncio holds tasks weakly
        self.negative = set()  # tools whose failures were to be kept
        _all_flights.add(self)

    def forget_work(self):
        """What threads and loops of this process's parent were at."""
        self._refreshing.clear()
        self._futures.clear()
        self._tasks.clear()
        self._outcomes.forget()

    # ---- what is there though it is no hit ---------------------------------------

    def _answer(self, tool, args, plan):
        """(value,) if a stale one will do; LoadError if it failed not long ago."""
        cache = self._cache()
        old = cache._get_stale(tool, args, plan.stale) if plan.stale else None
        if old is None and plan.negative_ttl is not None:
            self.negative.add(tool)
            text = cache.get(failed_name(tool), args)
            if text is not None:
                raise _load_error(text)
        return old

    def _instead(self, tool, args, plan):
        """(value,) to be served because loading failed, or None."""
        most = plan.stale_if_error
        return self._cache()._get_stale(tool, args, most) if most else None

    def _begin_refresh(self, tool, args):
        """Returns a name for _end_refresh, or None if somebody here is at it."""
        name = tool, args
        if not isinstance(args, (str, bytes)):
            import json

            name = tool, json.dumps(args, sort_keys=True)
        if name in self._refreshing or len(self._refreshing) >= _REFRESHING_MAX:
            return None
        self._refreshing.add(name)
        return name

    # ---- threads ---------------------------------------------------------------

    def load(self, tool, args, loader, plan, timeout):
        if timeout is not None:
            timeout = _seconds("timeout", timeout)
        old = self._answer(tool, args, plan)
        if old is not None:
            name = self._begin_refresh(tool, args)
            if name is not None:
                job = self._refresh, name, tool, args, loader, plan
                _refreshers().submit(copy_context().run, *job)
            return old[0]
        try:
            return self._load(tool, args, loader, plan, timeout)
        except Reentered:
            raise
        except Exception:
            old = self._instead(tool, args, plan)
            if old is None:
                raise
            return old[0]

    def _load(self, tool, args, loader, plan, timeout):
        cache = self._cache()
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._outcomes.visit():
            while True:
                flight = cache._join(tool, args)
                state, text = flight.state, ""
                if state == "own" or flight.key in _leading.get():
                    raise Reentered(tool)
                while state in ("wait", "timeout"):
                    state, text = flight.wait(left(deadline, _SLICE_S, tool))
                if state == "failed":
                    raise self._failure(flight.key, text)
                value = self._look(tool, args, flight.key if state == "done" else None)
                if value is not _MISSING:
                    flight.abandon()
                    return value
                if state == "lead":
                    return self._lead(flight, tool, args, loader, plan)

    def _lead(self, flight, tool, args, loader, plan):
        token = _leading.set((*_leading.get(), flight.key))
        try:
            value = caller(loader, tool, args)()
            self._keep(flight, tool, args, plan, value)
        except Exception as error:
            self._fail(flight, tool, args, plan, error)
            raise
        finally:
            _leading.reset(token)
            flight.end()  # after a failure, or a second time, this does nothing
        return value

    def _refresh(self, name, tool, args, loader, plan):
        """Load anew, in a thread of the pool, unless somebody else does."""
        try:
            cache = self._cache()
            flight = cache._join(tool, args) if cache is not None else None
            if flight is not None and flight.state == "lead":
                self._lead(flight, tool, args, loader, plan)
        except Exception:
            pass  # it was told to whoever waits; the stale value is served on
        finally:
            self._refreshing.discard(name)

    # ---- coroutines ------------------------------------------------------------

    async def aload(self, tool, args, loader, plan, timeout):
        import asyncio

        if timeout is not None:
            timeout = _seconds("timeout", timeout)
        old = self._answer(tool, args, plan)
        if old is not None:
            name = self._begin_refresh(tool, args)
            if name is not None:
                load = self._arefresh(name, tool, args, loader, plan)
                task = asyncio.get_running_loop().create_task(load)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            return old[0]
        try:
            load = self._aload(tool, args, loader, plan)
            return await (load if timeout is None else in_time(load, timeout, tool))
        except Reentered:
            raise
        except Exception:
            old = self._instead(tool, args, plan)
            if old is None:
                raise
            return old[0]

    async def _aload(self, tool, args, loader, plan):
        import asyncio

        cache = self._cache()
        loop = asyncio.get_running_loop()
        with self._outcomes.visit():
            while True:
                flight = cache._join(tool, args)
                if flight.key in _leading.get():
                    raise Reentered(tool)
                if flight.state == "lead":
                    value = self._look(tool, args)
                    if value is not _MISSING:
                        flight.abandon()
                        return value
                    return await self._alead(loop, flight, tool, args, loader, plan)
                state, text = await asyncio.shield(self._future(loop, flight))
                if state == "failed":
                    raise self._failure(flight.key, text)
                value = self._look(tool, args, flight.key)
                if value is not _MISSING:
                    return value

    async def _alead(self, loop, flight, tool, args, loader, plan):
        import inspect

        name = loop, flight.key
        future = self._futures[name] = loop.create_future()
        token = _leading.set((*_leading.get(), flight.key))
        outcome = "done", ""
        try:
            value = caller(loader, tool, args)()
            if inspect.isawaitable(value):
                value = await value
            self._keep(flight, tool, args, plan, value)
        except Exception as error:
            outcome = "failed", self._fail(flight, tool, args, plan, error)
            raise
        finally:
            _leading.reset(token)
            flight.end()
            del self._futures[name]
            if not future.done():
                future.set_result(outcome)
        return value

    async def _arefresh(self, name, tool, args, loader, plan):
        """Load anew in a task of its own, unless somebody else does."""
        import asyncio

        try:
            flight = self._cache()._join(tool, args)
            if flight.state == "lead":
                loop = asyncio.get_running_loop()
                await self._alead(loop, flight, tool, args, loader, plan)
        except Exception:
            pass  # as above
        finally:
            self._refreshing.discard(name)

    def _future(self, loop, flight):
        """What this loop's tasks wait on for that flight."""
        name = loop, flight.key
        future = self._futures.get(name)
        if future is None:
            future = self._futures[name] = loop.create_future()
            future.add_done_callback(lambda _: self._futures.pop(name, None))
            _watch(loop, flight, future)
        return future

    # ---- outcomes --------------------------------------------------------------

    def _keep(self, flight, tool, args, plan, value):
        """Store it; what is too large for that is for those who wait here only."""
        if not plan.keep(self._cache(), tool, args, value):
            self._outcomes.keep(flight.key, (value,))

    def _look(self, tool, args, waited_for=None):
        """The value if it is there by now; a second miss is not counted."""
        cache = self._cache()
        if (tool, args) in cache:
            return cache.get(tool, args, _MISSING)
        outcome = self._outcomes.find(waited_for)
        return outcome[0] if isinstance(outcome, tuple) else _MISSING

    def _fail(self, flight, tool, args, plan, error):
        """Keep the exception for waiters here; tell the others its name and text."""
        kind = type(error)
        name = kind.__qualname__
        if kind.__module__ not in ("builtins", "__main__"):
            name = f"{kind.__module__}.{name}"
        text = f"{name}\n{text_of(error)}"
        self._outcomes.keep(flight.key, error)
        text = text.encode("utf-8", "replace").decode("utf-8")
        flight.end(text)
        plan.keep_failure(self._cache(), tool, args, text)
        return text

    def _failure(self, key, text):
        error = self._outcomes.find(key)
        return error if isinstance(error, Exception) else _load_error(text)


class _Weak:
    """A cache holds its flights; they must not hold it in turn."""

    def __init__(self, target):
        self._target = weakref.ref(target)

    def __call__(self):
        return self._target()


def _load_error(text):
    name, _, text = text.partition("\n")
    return LoadError(name, text)


# ---- threads that work for callers -----------------------------------------------

_all_flights = weakref.WeakSet()
_pool = None
_watched = set()  # flights that wait for a watcher, or have one
_refresh_pool = None


def _refreshers():
    global _refresh_pool
    if _refresh_pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _refresh_pool = ThreadPoolExecutor(_REFRESHERS_MAX, "ferrule-cache-refresh")
    return _refresh_pool


def _watch(loop, flight, future):
    """Settle the future when the leader, in whatever thread or process, is done."""
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(_WATCHERS_MAX, "ferrule-cache-watch")
    _watched.add(flight)
    _pool.submit(_watch_slice, loop, flight, future)


def _watch_slice(loop, flight, future):
    turns = 1 + len(_watched) // _WATCHERS_MAX
    state, text = flight.wait(max(_SLICE_S / turns, _SLICE_MIN_S))
    _watched.discard(flight)
    if state == "lead":  # the leader is gone; let a task of the loop be the next one
        flight.abandon()
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


def _forget_pools():
    """In a forked child: the threads stayed in the parent, and so did their work."""
    global _pool, _refresh_pool
    _pool = _refresh_pool = None
    _watched.clear()
    for flights in _all_flights:
        flights.forget_work()


os.register_at_fork(after_in_child=_forget_pools)
