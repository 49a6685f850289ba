# SPDX-License-Identifier: MIT
"""What the launcher's parent loads once.

`up` and `settle` run before the first fork; agents-enter.c is what a child does.
"""

import faulthandler
import gc
import importlib
import os
import sys
from typing import NamedTuple

from ferrule import _fork_hooks

# What agents import most. Modules with static types are among them: own-GIL
# interpreters that import _datetime at the same time would crash.
PRELOAD = (
    "_datetime", "argparse", "asyncio", "base64", "collections", "concurrent.futures",
    "concurrent.futures.thread", "contextlib", "csv", "dataclasses", "datetime", "email",
    "email.message", "email.parser", "encodings.utf_8", "enum", "functools", "glob",
    "hashlib", "heapq", "html", "http.client", "http.server", "inspect", "io", "json",
    "logging", "math", "os", "pathlib", "pickle", "queue", "random", "re", "secrets",
    "shlex", "shutil", "signal", "socket", "ssl", "statistics", "string", "struct",
    "subprocess", "sys", "tempfile", "textwrap", "threading", "time", "traceback",
    "typing", "urllib.parse", "urllib.request", "uuid", "weakref", "zlib", "ferrule",
    "ferrule.cache", "ferrule.guard",
)  # fmt: skip


STORE_THREADS = ("ferrule-keeper", "ferrule-load")


class Warmth(NamedTuple):
    """What a launcher file asks for; all of it has defaults."""

    preload: list | None = None  # (place, module)
    stores: dict = {}  # name -> arguments of ToolCache.open
    folder: str | None = None  # modules are looked for here and in its `vendor`
    timeout: int | None = None
    store_places: dict = {}


class Refused(Exception):
    """Why agents cannot be forked from this; the text is for the user."""


def _threads():
    """How many, without those of stores, which end before a fork and come back after."""
    try:
        return sum(_name_of(task) not in STORE_THREADS
                   for task in os.listdir("/proc/self/task"))  # fmt: skip
    except OSError:
        import _thread

        return _thread._count() + 1


def _name_of(task):
    try:
        with open(f"/proc/self/task/{task}/comm") as file:
            return file.read().strip()
    except OSError:
        return STORE_THREADS[0]  # it has ended since


def _sockets():
    """Descriptors that are sockets."""
    found = set()
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # the listing's own
        if target.startswith("socket:"):
            found.add((name, target))
    return found


def _reason(error):
    """The error in one line, with the line of the user's that it comes from."""
    import traceback

    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if not f.filename.startswith((sys.executable, "<frozen"))]
    if frames:
        said += f" ({frames[-1].filename}, line {frames[-1].lineno})"
    return said


def _import(name, place):
    where = f"{place}: " if place else ""
    sockets = _sockets()
    try:
        importlib.import_module(name)
    except BaseException as error:
        raise Refused(f"{where}cannot preload {name}: {_reason(error)}") from None
    if _threads() > 1:
        raise Refused(
            f"{where}cannot preload {name}: it starts a thread, and no thread lives on "
            "in a forked agent; import it in the agents instead"
        )
    if _sockets() - sockets:
        raise Refused(
            f"{where}cannot preload {name}: it opens a connection, which the agents "
            "would share; import it in the agents instead"
        )


def _open_store(name, arguments, place):
    import warnings

    from ferrule.cache import ToolCache

    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            store = ToolCache.open(name, **arguments)
    except (ValueError, TypeError, OSError) as error:
        raise Refused(f"{place}: stores.{name}: {error}") from None
    for warning in said:
        print(f"ferrule: {place}: {warning.message}", file=sys.stderr)
    return store


def up(warmth, dump_signal):
    """Import, and open the stores; settle() is next.

    Returns what has to live as long as the parent, and the descriptor of the desk at
    which agents ask for channels.
    """
    # What is alive now stays: no collection may touch, and so copy, its pages in every
    # child.
    gc.disable()
    faulthandler.enable(2)
    faulthandler.register(dump_signal, 2, all_threads=True, chain=False)
    before = list(sys.path)
    if warmth.folder is not None:
        sys.path[:0] = [warmth.folder]
        sys.path.append(os.path.join(warmth.folder, "vendor"))
    names = warmth.preload
    with _fork_hooks.Gathered():
        # The directory of stores is made before the fork; what is preloaded finds those
        # of the file as they are declared.
        _import("ferrule.cache", None)
        stores = [_open_store(name, arguments, warmth.store_places.get(name))
                  for name, arguments in warmth.stores.items()]
        for place, name in [(None, n) for n in PRELOAD] if names is None else names:
            _import(name, place)
        desk = _open_desk()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(line_buffering=True)
    sys.path[:] = before
    return stores, desk


def _open_desk():
    from ferrule import channel

    return channel.open_desk()


def settle():
    """The collector looks at nothing that is loaded now."""
    gc.collect()
    gc.freeze()


def store_counters():
    """(name, entries, max_entries, bytes, hits, misses, evictions) of the run's stores."""
    from _ferrule_cache import run_names

    from ferrule.cache import ToolCache

    rows = [(name, ToolCache.open(name).stats()) for name in sorted(run_names())]
    return [(name.encode(), *(found[of] for of in ("entries", "max_entries", "bytes",
                                                   "hits", "misses", "evictions")))
            for name, found in rows]  # fmt: skip
