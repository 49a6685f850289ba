# SPDX-License-Identifier: MIT
"""The work from which the compiler learns what is hot (profile-guided release build).

First CPython's own list of representative tests, then what agents do all day: JSON,
regular expressions, coroutines, classes and closures, exceptions, imports, interpreters.
"""

import _interpreters
import asyncio
import ctypes
import importlib
import itertools
import json
import os
import re
import runpy
import sys

ROUNDS = 60

DOCUMENT = {
    "tool": "search_files", "arguments": {"query": "budget 2026", "limit": 20},
    "result": [{"path": f"/home/me/notes/{n}.md", "size": n * 37, "score": n / 7,
                "tags": ["a", "ü", None, True]} for n in range(60)],
}  # fmt: skip


class Task:
    """A node of a small scheduler: attribute access, method calls, allocation."""

    def __init__(self, name, following):
        self.name, self.following, self.count = name, following, 0

    def run(self, amount):
        self.count += amount
        return self.following.run(amount - 1) if amount and self.following else self


def objects():
    chain = None
    for n in range(200):
        chain = Task(n, chain)
    for _ in range(200):
        chain.run(150)


def text():
    encoded = json.dumps(DOCUMENT)
    for _ in range(40):
        assert json.loads(encoded) == DOCUMENT
        re.findall(r"/home/(\w+)/notes/(\d+)\.md", encoded)
        " ".join(f"{k}={v!r:>10}" for k, v in DOCUMENT["arguments"].items()).split()


def numbers():
    state = [float(n) for n in range(60)]
    for _ in range(60):
        state = [(a * 0.5 + b) % 17.0 for a, b in zip(state, reversed(state))]
    order = list(range(8))
    for n in range(20_000):
        order[n % 8], order[(n * 3) % 8] = order[(n * 3) % 8], order[n % 8]


def errors():
    for n in range(3_000):
        try:
            {}[n]
        except KeyError as error:
            assert error.args


async def turn(queue, number):
    await queue.put(number)
    await asyncio.sleep(0)
    return await queue.get()


async def turns():
    queue = asyncio.Queue()
    for _ in range(20):
        await asyncio.gather(*(turn(queue, n) for n in range(40)))


def imports():
    for name in ("argparse", "dataclasses", "typing", "email.message", "logging"):
        sys.modules.pop(name, None)
        importlib.import_module(name)


class Frozen(ctypes.Structure):
    """CPython's `struct _frozen`."""

    _fields_ = [("name", ctypes.c_char_p), ("code", ctypes.c_void_p),
                ("size", ctypes.c_int), ("is_package", ctypes.c_int)]


class SharedSource(ctypes.Structure):
    """`_PySharedSource` of shared-start.patch."""

    _fields_ = [("key", ctypes.c_void_p), ("data", ctypes.c_void_p),
                ("size", ctypes.c_ssize_t)]  # fmt: skip


def share_start():
    """What the host does before its first worker (worker-share.c)."""
    sources = []
    for name in ("_PyImport_FrozenBootstrap", "_PyImport_FrozenStdlib"):
        table = ctypes.POINTER(Frozen).in_dll(ctypes.pythonapi, name)
        rows = map(table.__getitem__, itertools.count())
        rows = itertools.takewhile(lambda row: row.name, rows)
        sources += [(row.code, row.code, row.size) for row in rows]
    names = [b"_io", b"builtins", b"posix", b"sys", None]
    shared = ctypes.pythonapi._PySharedStart_Make(
        (ctypes.c_char_p * len(names))(*names),
        (SharedSource * len(sources))(*sources), ctypes.c_ssize_t(len(sources)),
    )  # fmt: skip
    assert shared == 0


def interpreters():
    one = _interpreters.create()
    _interpreters.run_string(one, "import threading")
    _interpreters.destroy(one)


def agent_work():
    for _ in range(ROUNDS):
        for part in (objects, text, numbers, errors, imports, interpreters):
            part()
        asyncio.run(turns())


def forked():
    """The way of an agent: forked from a warm parent, and ended as a whole."""
    for _ in range(ROUNDS):
        child = os.fork()
        if child == 0:
            sys.exit()
        os.waitpid(child, 0)


def representative_tests():
    sys.argv = ["test", "--pgo", "--timeout", "600"]
    try:
        runpy.run_module("test", run_name="__main__")
    except SystemExit:
        pass  # a test that fails here fails in the suite `cpython` too


if __name__ == "__main__":
    share_start()
    agent_work()
    forked()
    representative_tests()
