# SPDX-License-Identifier: MIT
"""pool - what the tests of InterpreterPoolExecutor send to its workers."""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import _interpreters
import ferrule
from ferrule import ToolCache
from ferrule.interpreter_pool import BrokenInterpreterPool, InterpreterPoolExecutor


def mul(x, y):
    return x * y


def fail(kind, text=None):
    raise kind(text)


def own_name():
    return __name__


def interpreter_id(*extra):
    return (_interpreters.get_current()[0], *extra)


def write(descriptor, text):
    os.write(descriptor, text)


def sleep_and_return(seconds, value):
    time.sleep(seconds)
    return value


def kinds(*values):
    return [type(value).__name__ for value in values]


def lengths(*values):
    return [(type(value).__name__, len(value), value[-1:]) for value in values]


def large(size):
    return b"x" * size


def nested(n):
    with InterpreterPoolExecutor(2) as pool:
        return list(pool.map(mul, range(n), range(n)))


def stored(key):
    cache = ToolCache.open("pool-test")
    found = cache.get("tool", [key])
    cache.set("tool", [key, 2], f"from {interpreter_id()[0]}")
    return found


def guarded(text):
    return ferrule.SchemaGuard({"type": "integer"}).errors(text)


def locals_seen():
    here = threading.local()
    own_name.kept = getattr(own_name, "kept", 0) + 1
    return own_name.kept, type(here).__name__


async def answer():
    await asyncio.sleep(0)
    return 42


def run_asyncio():
    return asyncio.run(answer())


def run_subprocess():
    return subprocess.run([sys.executable, "-c", "print(7)"], capture_output=True).stdout


def with_threads():
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(abs, [-1, -2]))


def leave_thread_running(descriptor):
    def late():
        time.sleep(0.1)
        os.write(descriptor, b"late")

    threading.Thread(target=late).start()


def niceness():
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


class OddError(Exception):
    """Pickles, and cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__(f"{one}{two}")


def raise_odd():
    raise OddError(1, 2)


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("not this one")


def raise_unpicklable():
    raise Unpicklable("secret")


class FailsThere:
    """Pickles here, fails where it is unpickled."""

    def __init__(self, value):
        if value == 1:
            raise RuntimeError("gotcha")

    def __reduce__(self):
        return self.__class__, (1,)

    def __call__(self):
        return None


class PoolCase(unittest.TestCase):
    def pool(self, *args, **options):
        pool = InterpreterPoolExecutor(*args, **options)
        self.addCleanup(pool.shutdown)
        return pool

    def pipe(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        return reading, writing

    def broken(self, **options):
        """What a pool with a bad initializer logs; its futures are broken."""
        with contextlib.redirect_stderr(io.StringIO()) as said:
            pool = self.pool(1, **options)
            future = pool.submit(own_name)
            with self.assertRaises(BrokenInterpreterPool):
                future.result()
            with self.assertRaises(BrokenInterpreterPool):
                pool.submit(own_name)
            pool.shutdown()
        return said.getvalue()
