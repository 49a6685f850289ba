# SPDX-License-Identifier: MIT
"""_cache_outcomes - what loaders ended with, for those who wait in this interpreter.

That is exceptions, and values that the store refused. An exception holds the frames it
came through, with all that is in them, the cache among it: each is kept until all who
may want it have gone, and no longer.
"""

from collections import OrderedDict

_OUTCOMES_MAX = 256  # kept at most


class Outcomes:
    """Those of one cache. Between any two steps another thread may come or go."""

    def __init__(self):
        self._inside = set()  # visits that have not ended
        self._kept = OrderedDict()  # flight key -> (outcome, visits that may want it)

    def visit(self):
        """A context: who is in it when an outcome comes can find it."""
        return _Visit(self)

    def keep(self, key, outcome):
        wanted = set(self._inside)
        self._kept[key] = entry = outcome, wanted
        wanted &= self._inside  # who went meanwhile did not see the entry
        self._drop_unwanted(key, entry)
        while len(self._kept) > _OUTCOMES_MAX:
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
    __slots__ = ("_outcomes",)

    def __init__(self, outcomes):
        self._outcomes = outcomes

    def __enter__(self):
        self._outcomes._inside.add(self)

    def __exit__(self, *_):
        self._outcomes._leave(self)
