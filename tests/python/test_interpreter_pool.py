# SPDX-License-Identifier: MIT
"""InterpreterPoolExecutor: CPython 3.14's own cases, and what is ours."""

import asyncio
import contextlib
import gc
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor, TimeoutError, wait
from pathlib import Path

import _interpreters
import ferrule
from ferrule import ToolCache, interpreter_pool
from ferrule.interpreter_pool import (
    BrokenInterpreterPool,
    ExecutionFailed,
    InterpreterPoolExecutor,
    NotShareableError,
)


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


class Tasks(PoolCase):
    def test_submit(self):
        pool = self.pool(1)
        self.assertEqual(pool.submit(pow, 2, 8).result(), 256)
        self.assertEqual(pool.submit(mul, 2, y=8).result(), 16)
        # Names of parameters of our own do not collide with a task's.
        self.assertEqual(pool.submit(dict, self=1, fn=2).result(), {"self": 1, "fn": 2})

    def test_run_in_another_interpreter(self):
        pool = self.pool(2)
        own = _interpreters.get_current()[0]
        seen = {f.result() for f in [pool.submit(interpreter_id) for _ in range(8)]}
        self.assertNotIn((own,), seen)

    def test_functions_keep_their_module(self):
        self.assertEqual(self.pool(1).submit(own_name).result(), __name__)

    def test_functions_keep_their_state_between_calls(self):
        pool = self.pool(1)
        self.assertEqual([pool.submit(locals_seen).result()[0] for _ in range(3)],
                         [1, 2, 3])

    def test_a_script_is_refused(self):
        with self.assertRaisesRegex(TypeError, "scripts are not supported"):
            self.pool(1).submit("pass")

    def test_map(self):
        pool = self.pool(2)
        self.assertEqual(list(pool.map(pow, range(10), range(10))),
                         list(map(pow, range(10), range(10))))
        self.assertEqual(list(pool.map(mul, [1, 2, 3], [4, 5])), [4, 10])
        self.assertEqual(list(pool.map(pow, range(40), range(40), chunksize=7)),
                         list(map(pow, range(40), range(40))))
        self.assertEqual(list(pool.map(lambda x: x + 1, range(9), chunksize=4)),
                         list(range(1, 10)))

    def test_map_raises_where_the_failure_is(self):
        results = self.pool(2).map(divmod, [1, 1, 1, 1], [2, 3, 0, 5])
        self.assertEqual((next(results), next(results)), ((0, 1), (0, 1)))
        with self.assertRaises(ZeroDivisionError):
            next(results)

    def test_map_times_out(self):
        results = []
        with self.assertRaises(TimeoutError):
            for value in self.pool(2).map(time.sleep, [0, 0, 2], timeout=0.5):
                results.append(value)
        self.assertEqual(results, [None, None])

    def test_map_submits_no_more_than_the_buffer(self):
        taken = []

        def numbers():
            for n in range(100):
                taken.append(n)
                yield n

        pool = self.pool(2)
        results = pool.map(abs, numbers(), buffersize=3)
        self.assertEqual(len(taken), 3)
        self.assertEqual([next(results) for _ in range(5)], [0, 1, 2, 3, 4])
        self.assertEqual(len(taken), 8)
        results.close()
        self.assertEqual(list(pool.map(abs, range(10), chunksize=4, buffersize=1)),
                         list(range(10)))

    def test_map_refuses_bad_numbers(self):
        pool = self.pool(1)
        for bad, kind in (("1", TypeError), (1.5, TypeError), (0, ValueError)):
            with self.assertRaises(kind):
                pool.map(abs, [1], buffersize=bad)
        with self.assertRaises(ValueError):
            pool.map(abs, [1], chunksize=0)

    def test_closing_the_results_cancels_what_waits(self):
        pool = self.pool(1)
        results = pool.map(time.sleep, [0.3, 5, 5, 5], timeout=0)
        with self.assertRaises(TimeoutError):
            next(results)
        started = time.monotonic()
        pool.shutdown()
        self.assertLess(time.monotonic() - started, 4.5)

    def test_idle_workers_are_used_again(self):
        pool = self.pool(8)
        for n in range(3):
            self.assertEqual(pool.submit(mul, n, 2).result(), 2 * n)
            time.sleep(0.05)
        self.assertEqual(len(pool._threads), 1)

    def test_no_more_workers_than_asked_for(self):
        pool = self.pool(3)
        wait([pool.submit(time.sleep, 0) for _ in range(45)])
        self.assertLessEqual(len(pool._threads), 3)
        self.assertEqual(self.pool()._max_workers, min(32, os.process_cpu_count() + 4))

    def test_bad_arguments_of_the_pool(self):
        with self.assertRaises(ValueError):
            InterpreterPoolExecutor(0)
        with self.assertRaises(TypeError):
            InterpreterPoolExecutor(initializer=1)
        with self.assertRaisesRegex(ValueError, '"normal" or "batch", not \'high\''):
            InterpreterPoolExecutor(priority="high")

    def test_asyncio_uses_it(self):
        async def main():
            loop = asyncio.get_running_loop()
            calls = [loop.run_in_executor(pool, mul, n, n) for n in range(5)]
            return await asyncio.gather(*calls)

        pool = self.pool(2)
        self.assertEqual(asyncio.run(main()), [0, 1, 4, 9, 16])


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


class Initializers(PoolCase):
    def test_run_in_each_worker(self):
        reading, writing = self.pipe()
        pool = self.pool(2, initializer=write, initargs=(writing, b"init"))
        wait([pool.submit(time.sleep, 0.2) for _ in range(2)])
        self.assertEqual(os.read(reading, 100), b"initinit")

    def test_that_raise_break_the_pool(self):
        said = self.broken(initializer=fail, initargs=(Exception, "spam"))
        self.assertIn("Exception: spam", said)
        self.assertIn("Uncaught in the interpreter:", said)

    def test_that_cannot_be_sent_break_the_pool(self):
        count = 0

        def closure():
            nonlocal count
            count += 1

        class Local:
            def method(self):
                pass

        for bad in (closure, Local().method):
            self.assertIn("NotShareableError", self.broken(initializer=bad))


class Ending(PoolCase):
    def test_shutdown_twice_and_submit_after(self):
        pool = InterpreterPoolExecutor(1)
        self.assertEqual(pool.submit(abs, -1).result(), 1)
        pool.shutdown()
        pool.shutdown()
        with self.assertRaisesRegex(RuntimeError, "after shutdown"):
            pool.submit(abs, -1)

    def test_shutdown_finishes_what_was_submitted(self):
        pool = InterpreterPoolExecutor(2)
        futures = [pool.submit(sleep_and_return, 0.05, n) for n in range(6)]
        pool.shutdown(wait=False)
        self.assertEqual([f.result() for f in futures], list(range(6)))

    def test_cancelling_what_waits(self):
        pool = InterpreterPoolExecutor(1)
        futures = [pool.submit(time.sleep, 0.2) for _ in range(20)]
        pool.shutdown(cancel_futures=True)
        self.assertGreater(sum(f.cancelled() for f in futures), 10)
        self.assertTrue(all(f.done() for f in futures))

    def test_interpreters_are_gone_after_it(self):
        before = len(_interpreters.list_all())
        with InterpreterPoolExecutor(3) as pool:
            wait([pool.submit(time.sleep, 0.1) for _ in range(3)])
            self.assertEqual(len(_interpreters.list_all()), before + 3)
        self.assertEqual(len(_interpreters.list_all()), before)

    def test_an_abandoned_pool_ends(self):
        before = len(_interpreters.list_all())
        pool = InterpreterPoolExecutor(2)
        pool.submit(abs, -1).result()
        threads = pool._threads
        del pool
        gc.collect()
        for thread in threads:
            thread.join(30)
        self.assertEqual(len(_interpreters.list_all()), before)

    def test_threads_of_a_task_are_waited_for(self):
        reading, writing = self.pipe()
        with InterpreterPoolExecutor(1) as pool:
            pool.submit(leave_thread_running, writing).result()
        self.assertEqual(os.read(reading, 100), b"late")

    def test_hundreds_leave_no_descriptor(self):
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(60):
            with InterpreterPoolExecutor(2) as pool:
                self.assertEqual(list(pool.map(abs, [-1, -2, -3])), [1, 2, 3])
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


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


SCRIPT = '''
from ferrule import InterpreterPoolExecutor
import helper

STATUS = "uninitialized"

class Point:
    def __init__(self, x): self.x = x

def init(x):
    global STATUS
    STATUS = x

def status(): return STATUS
def point(x): return Point(helper.double(x))
def x_of(p): return type(p).__name__, p.x
'''


class MainScripts(unittest.TestCase):
    """Functions of a script, found again in the workers."""

    def run_script(self, text, *words, code=0):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "my-script.py")
            script.write_text(text)
            Path(folder, "helper.py").write_text("def double(x): return 2 * x\n")
            done = subprocess.run([sys.executable, *words, script], capture_output=True,
                                  text=True, timeout=100)  # fmt: skip
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_names_of_main(self):
        done = self.run_script(SCRIPT + (
            'if __name__ == "__main__":\n'
            "    pool = InterpreterPoolExecutor(initializer=init, initargs=('ready',))\n"
            "    print(pool.submit(status).result(), STATUS)\n"
            "    print(pool.submit(point, 4).result().x)\n"
            "    print(*pool.submit(x_of, Point(5)).result())\n"))
        self.assertEqual(done.stdout.split("\n")[:3],
                         ["ready uninitialized", "8", "Point 5"])

    def test_a_script_without_guard_is_told(self):
        done = self.run_script(SCRIPT + (
            "pool = InterpreterPoolExecutor(1)\nprint(pool.submit(point, 4).result())\n"
        ), code=1)
        self.assertIn('below `if __name__ == "__main__":`', done.stderr)

    def test_a_script_without_guard_sends_what_needs_nothing_of_it(self):
        done = self.run_script(
            "from ferrule import InterpreterPoolExecutor\n"
            "def square(x): return x * x\n"
            "print(list(InterpreterPoolExecutor(2).map(square, range(4))))\n")
        self.assertEqual(done.stdout, "[0, 1, 4, 9]\n")

    def test_a_pool_that_is_never_shut_down(self):
        done = self.run_script(
            "from ferrule import InterpreterPoolExecutor\nimport time\n"
            "pool = InterpreterPoolExecutor(2)\n"
            "pool.submit(lambda: print('done', flush=True))\n")
        self.assertEqual((done.stdout, done.stderr), ("done\n", ""))

    def test_main_without_a_file(self):
        code = ("from ferrule import InterpreterPoolExecutor\n"
                "g = 1\ndef f(): return g\ndef h(): return 2\n"
                "pool = InterpreterPoolExecutor(1)\nprint(pool.submit(h).result())\n"
                "try: pool.submit(f).result()\nexcept ValueError as e: print(e)\n")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertIn("2\n", done.stdout)
        self.assertIn("found there when the main script is a file", done.stdout)


class Interpreters(unittest.TestCase):
    """The module below the pool."""

    def setUp(self):
        import _ferrule_interpreters

        self.Interpreter = _ferrule_interpreters.Interpreter

    def test_an_entry_that_is_not_there(self):
        for module, function in (("no_such_module", "x"), ("sys", "no_such_function")):
            with self.assertRaisesRegex(RuntimeError, "no_such"):
                self.Interpreter(module, function)

    def test_an_entry_that_returns_no_bytes(self):
        worker = self.Interpreter("builtins", "len")
        with self.assertRaisesRegex(RuntimeError, "a tuple of bytes"):
            worker.call(b"abc")
        worker.close()
        worker.close()
        with self.assertRaisesRegex(RuntimeError, "has ended"):
            worker.call(b"abc")

    def test_another_thread_is_refused(self):
        worker = self.Interpreter("builtins", "tuple")
        seen = []

        def use():
            for call in (worker.close, worker.call):
                try:
                    call()
                except RuntimeError as error:
                    seen.append(str(error))

        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        self.assertEqual(len(seen), 2)
        self.assertIn("by the thread that made it", seen[0])
        self.assertEqual(worker.call(), ())
        worker.close()

    def test_arguments_that_are_no_bytes(self):
        worker = self.Interpreter("builtins", "tuple")
        with self.assertRaises(TypeError):
            worker.call(b"1", 2)
        worker.close()


if __name__ == "__main__":
    unittest.main()
