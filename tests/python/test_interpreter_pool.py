# SPDX-License-Identifier: MIT
"""InterpreterPoolExecutor: CPython 3.14's own cases, and what is ours."""

import asyncio
import gc
import os
import time
import unittest
from concurrent.futures import TimeoutError, wait

import _interpreters
from ferrule.interpreter_pool import InterpreterPoolExecutor
from support.pool import (
    PoolCase,
    fail,
    interpreter_id,
    leave_thread_running,
    locals_seen,
    mul,
    own_name,
    sleep_and_return,
    write,
)


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
        self.assertEqual(self.pool(1).submit(own_name).result(), own_name.__module__)

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
        with self.assertRaisesRegex(TypeError, "max_workers is a whole number, not 1.5"):
            InterpreterPoolExecutor(1.5)
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


if __name__ == "__main__":
    unittest.main()
