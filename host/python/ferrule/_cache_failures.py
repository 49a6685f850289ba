# SPDX-License-Identifier: MIT
"""_cache_failures - exceptions of loaders, for those who wait in this interpreter.

An exception holds the frames it came through, with all that is in them, the cache among
it: each is kept until all who may want it have gone, and no longer.
"""

from collections import OrderedDict

_FAILURES_MAX = 256  # exceptions kept at most


class Failures:
    """Those of one cache. Between any two steps another thread may come or go."""

    def __init__(self):
        self._inside = set()  # visits that have not ended
        self._kept = OrderedDict()  # flight key -> (exception, visits that may want it)

    def visit(self):
        """A context: who is in it when an exception comes can find it."""
        return _Visit(self)

    def keep(self, key, error):
        wanted = set(self._inside)
        self._kept[key] = entry = error, wanted
        wanted &= self._inside  # who went meanwhile did not see the entry
        self._drop_unwanted(key, entry)
        while len(self._kept) > _FAILURES_MAX:
            self._kept.popitem(last=False)

    def find(self, key):
        entry = self._kept.get(key)
        return None if entry is None else entry[0]

    def forget(self):
        self._inside.clear()
        self._kept.clear()

    def _leave(self, visit):
        self._inside.discard(visit)
        for key, entry in list(self._kept.items()):
            entry[1].discard(visit)
            self._drop_unwanted(key, entry)

    def _drop_unwanted(self, key, entry):
        if not entry[1] and self._kept.get(key) is entry:
            self._kept.pop(key, None)


class _Visit:
    __slots__ = ("_failures",)

    def __init__(self, failures):
        self._failures = failures

    def __enter__(self):
        self._failures._inside.add(self)

    def __exit__(self, *_):
        self._failures._leave(self)
