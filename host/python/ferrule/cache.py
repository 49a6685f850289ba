# SPDX-License-Identifier: MIT
"""cache - one tool-result cache for all threads, interpreters and processes of a run.

Example:
    >>> from ferrule import ToolCache
    >>> cache = ToolCache(max_entries=1000, ttl=60.0)
    >>> cache.set("weather", {"city": "Oslo"}, "rain")
    True
    >>> cache.get("weather", '{ "city": "Oslo" }')
    'rain'
    >>> cache.get_or_call("weather", {"city": "Rome"}, lambda: "sun")
    'sun'

Guarantees: a value is returned whole or not at all, never after its time, and only for
    equal arguments (RFC 8785). get_or_call runs one loader a key at a time, whoever
    asks. What is set is visible to all that share the store when set() returns.
Limits: max_entries and max_bytes hold at every moment; tool and arguments together
    4 MB; a value max_bytes. Times are kept in steps of 0.26 ms.
Errors: ValueError for arguments that are not JSON and bounds that cannot be; TypeError
    for a value that is neither str nor bytes; LoadError where a loader failed in
    another process or interpreter; OSError when the system has no memory to share.
Not provided: arbitrary objects as values - encode them - and any order of items().
"""

import math
import warnings

from _ferrule_cache import Store, canonical, run_begin
from ferrule._cache_flights import Flights, LoadError, Plan, failed_name
from ferrule._cache_report import prometheus, shape
from ferrule._cache_tool import decorate

__all__ = ["LoadError", "ToolCache", "canonical"]

_MISSING = object()

# Forked processes find each other's named stores through what this makes.
run_begin()


class ToolCache(Store):
    """A bounded store of tool results; see the module's text.

    max_entries, max_bytes: bounds. ttl: seconds an entry lives; None: until evicted.
    journal: a file that every change is appended to, and that a later run with the same
    path reads back, in the background: a key that is not read yet is waited for. It belongs to one run at a time, its forked processes included. If
    it cannot be used - a folder, another run's, a newer version's - a RuntimeWarning
    says why, and the cache goes on in memory; if it can no longer be written, stats()
    says journal_ended.
    """

    def __new__(cls, max_entries=10_000, ttl=300.0, *, max_bytes=None, journal=None):
        self = cls._make(None, _count("max_entries", max_entries), ttl, max_bytes)
        if journal is not None:
            try:
                self._journal(journal)
            except (ValueError, OSError) as error:
                warnings.warn(
                    f"{error}; this cache is kept in memory only",
                    RuntimeWarning,
                    stacklevel=2,
                )
        return self

    @classmethod
    def _make(cls, name, max_entries, ttl, max_bytes, is_user=False):
        if max_bytes is not None:
            max_bytes = _count("max_bytes", max_bytes)
        self = Store.__new__(cls, name, max_entries, ttl, max_bytes, is_user)
        self._flights = Flights(self)
        return self

    _name = None  # of the partition

    @classmethod
    def open(cls, name, max_entries=None, ttl=_MISSING, *, max_bytes=None, scope="run"):
        """Return the run's store of that name; the first to ask makes it.

        Whoever opens it later gets what the first one made; other bounds are met with
        a warning. scope="user": the store is a file in the user's runtime folder, shared
        by all runs of the user, and outlives them; where that cannot be, a warning says
        why and the store is the run's.

        >>> ToolCache.open("doc", max_entries=10) is not None
        True
        """
        if not isinstance(name, str):
            raise TypeError(f"name must be str, not {type(name).__name__}")
        if scope not in ("run", "user"):
            raise ValueError(f"scope must be 'run' or 'user', not {scope!r}")
        entries = 0 if max_entries is None else _count("max_entries", max_entries)
        life = 300.0 if ttl is _MISSING else ttl
        self = None
        if scope == "user":
            try:
                self = cls._make(name, entries, life, max_bytes, True)
            except OSError as error:
                warnings.warn(
                    f"{error}; the store {name!r} is this run's",
                    RuntimeWarning,
                    stacklevel=2,
                )
        if self is None:
            self = cls._make(name, entries, life, max_bytes)
        found = self.stats()
        wanted = (max_entries, max_bytes)
        if any(
            w is not None and w != found[k]
            for w, k in zip(wanted, ("max_entries", "max_bytes"), strict=True)
        ):
            warnings.warn(
                f"the store {name!r} has max_entries={found['max_entries']} and "
                f"max_bytes={found['max_bytes']} already",
                RuntimeWarning,
                stacklevel=2,
            )
        return self

    def get_or_call(self, tool, args, loader, *, timeout=None, **options):
        """Return the value; on a miss call loader() and store what it returns.

        Of all who miss a key at the same time one loads, in whatever thread,
        interpreter or process; the others wait for it and get its value or its
        exception (a LoadError where that cannot travel). If it is killed or cancelled,
        one of them takes over. TimeoutError after `timeout` seconds of waiting,
        ValueError if these are negative or NaN; RuntimeError if the loader asks for the
        key it is loading.

        A loader that needs arguments is called with (tool, args). Options:
            ttl, tags, jitter: as in set().
            stale: for so many seconds after its time a value is returned at once, while
                one caller's loader is called in the background for the next.
            stale_if_error: for so many seconds after its time a value is returned if
                the loader fails.
            negative_ttl: for so many seconds after a failure no loader is called; a
                LoadError says what it was.

        >>> cache = ToolCache()
        >>> cache.get_or_call("weather", {"city": "Oslo"}, lambda: "rain", ttl=60, stale=10)
        'rain'
        """
        value = self.get(tool, args, _MISSING)
        if value is not _MISSING:
            return value
        return self._flights.load(tool, args, loader, self._plan(**options), timeout)

    async def aget_or_call(self, tool, args, loader, *, timeout=None, **options):
        """The same for coroutines; the loader may be a coroutine function.

        The event loop is never blocked. A cancelled leader hands over.
        """
        if not self._wait_loaded(0):
            import asyncio

            await asyncio.to_thread(self._wait_loaded, 1e6)
        value = self.get(tool, args, _MISSING)
        if value is not _MISSING:
            return value
        plan = self._plan(**options)
        return await self._flights.aload(tool, args, loader, plan, timeout)

    @staticmethod
    def _plan(
        *,
        ttl=None,
        tags=(),
        stale=None,
        stale_if_error=None,
        negative_ttl=None,
        jitter=0.0,
    ):
        return Plan(ttl, tags, stale, stale_if_error, negative_ttl, jitter)

    def partition(self, name):
        """Return this store as one tenant's: nothing passes from one to another.

        The name, 1 to 128 bytes, is part of every key, of tools' and tags' names, of
        the counters and of the journal. Bounds are those of the store, for all
        together. clear(), len() and items() are about the partition; of the store
        itself, items() shows what is in no partition, clear() forgets everything.

        >>> cache = ToolCache()
        >>> alice, bob = cache.partition("alice"), cache.partition("bob")
        >>> alice.set("mail", {"box": "in"}, "3 letters")
        True
        >>> bob.get("mail", {"box": "in"}) is None
        True
        """
        view = self._partition(name)
        view._flights = Flights(view)
        view._name = name
        return view

    def invalidate(self, *, tool=None, tag=None):
        """Forget all results of a tool, or all that were set with a tag, at once."""
        if (tool is None) == (tag is None):
            raise TypeError("invalidate() takes either tool or tag")
        if tag is not None:
            self._invalidate(tag, True)
            return
        self._invalidate(tool, False)
        if tool in self._flights.negative:
            self._invalidate(failed_name(tool), False)

    def stats(self):
        """Return counters over all processes as a dict.

        misses has all of them; misses_expired, _evicted and _invalidated say why, the
        rest were never seen (or are forgotten). load_seconds is a histogram of how long
        loaders took: count, sum, and [(bound, how many were within it)]. tools has the
        same per tool, partitions per partition.
        """
        entries = len(self) if self._name is not None else None
        return shape(self._stats(), self._name, entries)

    def prometheus(self, prefix="ferrule_cache"):
        """Return the counters of stats() in the text format that Prometheus reads."""
        return prometheus(self.stats(), prefix)

    def tool(self, function=None, **options):
        """Decorate a function or coroutine function whose results are to be kept.

        name: the tool's name, by default the function's. ignore: names of parameters
        that do not matter for the result. invalidates: which tools a call makes stale.
        encode, decode: from the result to str or bytes, and back. ttl, tags, jitter,
        stale, stale_if_error, negative_ttl: as in get_or_call.

        >>> cache = ToolCache()
        >>> @cache.tool(ttl=60)
        ... def lookup(city, unit="C"):
        ...     return f"21 {unit} in {city}"
        >>> lookup("Oslo")
        '21 C in Oslo'
        >>> cache.get("lookup", {"city": "Oslo", "unit": "C"})
        '21 C in Oslo'
        """
        if function is not None:
            return decorate(self, function)
        return lambda function: decorate(self, function, **options)

    def __repr__(self):
        return f"<ToolCache of {len(self)} entries>"


def _count(name, value):
    """A bound as int; 1e6 is one, 0, -1, NaN and True are not."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        if isinstance(value, float):
            raise ValueError(f"{name} must be a whole number, not {value!r}")
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    if not 1 <= value < 2**62:
        raise ValueError(f"{name} must be 1 or more and below 2**62, not {value}")
    return value
