# SPDX-License-Identifier: MIT
"""InterpreterPoolExecutor: what crosses between interpreters, and what works inside."""

import os
import threading
import unittest

from ferrule import ToolCache, interpreter_pool
from ferrule.interpreter_pool import ExecutionFailed, NotShareableError
from support.pool import (
    FailsThere,
    OddError,
    PoolCase,
    Unpicklable,
    fail,
    guarded,
    kinds,
    large,
    lengths,
    mul,
    nested,
    niceness,
    raise_odd,
    raise_unpicklable,
    run_asyncio,
    run_subprocess,
    stored,
    with_threads,
)


class Sending(PoolCase):
    PLAIN = (None, True, -1, 1 << 80, 1.5, 2j, "\u00e9\ud800", b"\x00", [1, "2", None], (3,))
    OTHERS = ({"a": [1, {2}]}, bytearray(b"x"), frozenset([1]), range(3), [[1]], [bytearray()])

    def test_values_arrive_as_they_were(self):
        pool = self.pool(1)
        for value in self.PLAIN + self.OTHERS:
            there = pool.submit(kinds, value).result()
            self.assertEqual(there, [type(value).__name__])
            back = pool.submit(max, [value], key=None).result()
            self.assertEqual((type(back), back), (type(value), value))

    def test_subclasses_stay_subclasses(self):
        class Text(str):
            pass

        pool = self.pool(1)
        future = pool.submit(kinds, Text("x"))
        with self.assertRaisesRegex(NotShareableError, r"argument 1 \(Text\)"):
            future.result()

    def test_large_bytes_at_every_place(self):
        size = interpreter_pool._worker.LARGE + 1
        data = bytes(size) + b"end"
        pool = self.pool(1)
        self.assertEqual(pool.submit(lengths, data, b"", data, bytearray(data)).result(),
                         [("bytes", size + 3, b"d"), ("bytes", 0, b""),
                          ("bytes", size + 3, b"d"), ("bytearray", size + 3, b"d")])
        self.assertEqual(pool.submit(len, obj=data).exception().__class__, TypeError)
        for count in (0, 1, size, 20_000_000):
            self.assertEqual(pool.submit(large, count).result(), b"x" * count)

    def test_many_large_bytes(self):
        data = bytes(interpreter_pool._worker.LARGE + 1)
        count = interpreter_pool.BUFFERS_MAX + 5
        self.assertEqual(len(self.pool(1).submit(kinds, *[data] * count).result()), count)

    def test_functions_by_value(self):
        pool = self.pool(1)
        self.assertEqual(pool.submit(lambda a, b=2, *, c=3: a + b + c, 1).result(), 6)

        def local(n, items=[1, 2]):
            def inner(x):
                return x * len(str(n))

            return [inner(x) for x in items]

        self.assertEqual(pool.submit(local, 10).result(), [2, 4])

    def test_what_is_not_sendable_is_named(self):
        class Local:
            def run(self):
                return 1

        seen = 1
        lock = threading.Lock()
        pool = self.pool(1)
        for what, call in (
            ("the function .*<lambda>", (lambda: seen,)),
            ("the function .*Local", (Local,)),
            ("the function .*Local.run", (Local().run,)),
            (r"argument 2 \(lock\): cannot pickle", (mul, 1, lock)),
            (r"argument 1 \(list\)", (mul, [lock])),
            (r"argument 1 \(memoryview\)", (len, memoryview(b"x"))),
        ):
            with self.assertRaisesRegex(NotShareableError, what):
                pool.submit(*call).result()
        with self.assertRaisesRegex(NotShareableError, r"argument key \(lock\)"):
            pool.submit(max, [1], key=lock).result()
        self.assertEqual(pool.submit(mul, 2, 3).result(), 6)

    def test_what_fails_to_arrive(self):
        future = self.pool(1).submit(FailsThere(0))
        with self.assertRaisesRegex(NotShareableError, "args not shareable") as caught:
            future.result()
        self.assertRegex(str(caught.exception), "not unpickled.*gotcha")
        self.assertIsInstance(caught.exception.__cause__, RuntimeError)

    def test_a_result_that_cannot_be_sent(self):
        with self.assertRaisesRegex(NotShareableError, "result not shareable: lock"):
            self.pool(1).submit(threading.Lock).result()
        with self.assertRaisesRegex(NotShareableError, "result not shareable"):
            self.pool(1).submit(FailsThere, 0).result()


class Failures(PoolCase):
    def test_come_back_with_their_traceback(self):
        with self.assertRaises(KeyError) as caught:
            self.pool(1).submit(fail, KeyError, "spam").result()
        self.assertEqual(caught.exception.args, ("spam",))
        cause = caught.exception.__cause__
        self.assertIs(type(cause), ExecutionFailed)
        for name in ("__name__", "__qualname__", "__module__"):
            self.assertEqual(getattr(cause.excinfo.type, name), getattr(KeyError, name))
        self.assertEqual(cause.excinfo.msg, "'spam'")
        shown = str(cause)
        self.assertIn("Uncaught in the interpreter:", shown)
        self.assertIn("raise kind(text)", shown)
        self.assertNotIn("_interpreter_worker", shown)

    def test_of_any_kind(self):
        pool = self.pool(1)
        for kind in (SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError):
            with self.assertRaises(kind):
                pool.submit(fail, kind).result()

    def test_that_cannot_be_sent_are_described(self):
        pool = self.pool(1)
        with self.assertRaisesRegex(ExecutionFailed, "Unpicklable: secret"):
            pool.submit(raise_unpicklable).result()
        with self.assertRaisesRegex(ExecutionFailed, "OddError: 12") as caught:
            pool.submit(raise_odd).result()
        self.assertIn("could not be sent", caught.exception.__notes__[0])

    def test_of_chains_and_notes(self):
        def task():
            try:
                1 / 0
            except ZeroDivisionError as error:
                error.add_note("a note")
                raise ValueError("bad") from error

        with self.assertRaises(ValueError) as caught:
            self.pool(1).submit(task).result()
        self.assertRegex(str(caught.exception.__cause__),
                         r"(?s)ZeroDivisionError.*a note.*direct cause.*ValueError: bad")


class Inside(PoolCase):
    def test_stores_are_shared(self):
        cache = ToolCache.open("pool-test")
        cache.set("tool", ["k"], "from here")
        self.assertEqual(self.pool(1).submit(stored, "k").result(), "from here")
        self.assertRegex(cache.get("tool", ["k", 2]), r"from \d+")

    def test_guards_work(self):
        pool = self.pool(2)
        self.assertEqual(list(pool.map(guarded, ["1"] * 8)), [[]] * 8)
        self.assertEqual(len(pool.submit(guarded, '"x"').result()), 1)

    def test_pools_within_pools(self):
        pool = self.pool(2)
        self.assertEqual(list(pool.map(nested, [3, 4])), [[0, 1, 4], [0, 1, 4, 9]])

    def test_asyncio_threads_and_processes_work(self):
        pool = self.pool(1)
        for _ in range(2):
            self.assertEqual(pool.submit(run_asyncio).result(), 42)
            self.assertEqual(pool.submit(run_subprocess).result(), b"7\n")
            self.assertEqual(pool.submit(with_threads).result(), [1, 2])

    def test_batch_workers_give_way(self):
        own = niceness()
        self.assertEqual(self.pool(1).submit(niceness).result(), own)
        low = self.pool(1, priority="batch")
        self.assertEqual(low.submit(niceness).result(), max(own, 10))
        self.assertEqual(low.submit(os.sched_getscheduler, 0).result(), os.SCHED_IDLE)
        self.assertEqual(os.sched_getscheduler(0), os.SCHED_OTHER)
        self.assertEqual(niceness(), own)

    def test_ctypes_calls_back_into_its_own_interpreter(self):
        def task():
            import _interpreters
            import ctypes

            seen = []

            @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
            def compare(a, b):
                seen.append(_interpreters.get_current()[0])
                return 0

            numbers = (ctypes.c_int * 2)(2, 1)
            ctypes.CDLL(None).qsort(numbers, 2, 4, compare)
            return set(seen) == {_interpreters.get_current()[0]}

        self.assertTrue(self.pool(1).submit(task).result())


if __name__ == "__main__":
    unittest.main()
