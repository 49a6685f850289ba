# SPDX-License-Identifier: MIT
"""Which hooks run when the launcher's parent forks an agent: those of modules that the
user preloads. What an agent needs of the library's own is in agents-fork.c.
"""

import os
import sys

# Theirs are about locks and threads, which the parent's forks leave whole; random's,
# which seeds anew, is done without them.
_NOT_FOR_AGENTS = frozenset((
    "threading", "logging", "asyncio.events", "concurrent.futures.thread", "random",
    "ferrule._cache_flights",
))  # fmt: skip
_MOMENTS = ("before", "after_in_child", "after_in_parent")

users = ([], [], [])  # for each moment


class Gathered:
    """While it is entered: what is registered is also put into `users`."""

    def __enter__(self):
        self.register = os.register_at_fork
        os.register_at_fork = self._register

    def __exit__(self, *_):
        os.register_at_fork = self.register

    def _register(self, **hooks):
        self.register(**hooks)
        if sys._getframe(1).f_globals.get("__name__") in _NOT_FOR_AGENTS:
            return
        for moment, kept in zip(_MOMENTS, users):
            if moment in hooks:
                kept.append(hooks[moment])
