# SPDX-License-Identifier: MIT
"""What modules of the library do at every fork, without what the launcher's needs not.

Nearly all of these hooks renew locks that another thread may have held. The launcher's
parent has one thread and forks outside of Python: nothing is held, nobody is lost, and
to renew it all took an agent a third of its time to the first line. A fork that an
agent makes itself runs all of them. The parent runs no hook at a fork: its Python would
write to pages that the next agent shares.
"""

import os
import sys

# Theirs are about locks and threads only. random's is not: it seeds anew.
_ABOUT_THREADS = frozenset((
    "threading", "logging", "asyncio.events", "concurrent.futures.thread",
    "ferrule._cache_flights",
))  # fmt: skip

_before, _in_child, _in_parent = [], [], []
_is_agent = False


def _run_before():
    for hook in reversed(_before):
        hook()


def _run_in_child():
    if _is_agent:
        for hook in _in_child:
            hook()
        return
    os.register_at_fork(before=_run_before, after_in_parent=_run_in_parent)
    _become_agent()


def _become_agent():
    global _is_agent
    _is_agent = True
    threading = sys.modules.get("threading")
    if threading is not None:
        threading.main_thread()._set_native_id()


def rehearse():
    """What happens in an agent, as far as it can be done before the fork."""
    global _is_agent
    _become_agent()
    _is_agent = False
    random = sys.modules.get("random")
    if random is not None:
        random.seed()


def _run_in_parent():
    for hook in _in_parent:
        hook()


class Gathered:
    """While it is entered: hooks about threads are kept here, others go to CPython."""

    def __enter__(self):
        self.register = os.register_at_fork
        self.register(after_in_child=_run_in_child)
        os.register_at_fork = self._register

    def __exit__(self, *_):
        os.register_at_fork = self.register

    def _register(self, **hooks):
        if sys._getframe(1).f_globals.get("__name__") not in _ABOUT_THREADS:
            self.register(**hooks)
            return
        for name, kept in (("before", _before), ("after_in_child", _in_child),
                           ("after_in_parent", _in_parent)):
            if name in hooks:
                kept.append(hooks[name])
