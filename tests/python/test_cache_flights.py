# SPDX-License-Identifier: MIT
"""get_or_call and aget_or_call: one load a key, whoever asks and whoever dies."""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
import time
import unittest
import weakref

from ferrule import ToolCache
from ferrule.cache import LoadError

FORK = multiprocessing.get_context("fork")


def in_threads(count, function):
    """Run it so often at once; return the results."""
    results = [None] * count
    ready = threading.Barrier(count)

    def run(index):
        ready.wait()
        try:
            results[index] = function()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    return results


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.001)


class Forked:
    """A forked process running `function`; its result by way of a pipe."""

    def __init__(self, function):
        self.result, theirs = FORK.Pipe(duplex=False)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                theirs.send(function())
            except BaseException as error:
                theirs.send(repr(error))
            finally:
                os._exit(0)
        theirs.close()

    def get(self, seconds=30):
        assert self.result.poll(seconds), "a process hangs"
        value = self.result.recv()
        os.waitpid(self.pid, 0)
        return value

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


class Threads(unittest.TestCase):
    def test_load_once(self):
        cache, calls = ToolCache(), []

        def loader():
            calls.append(1)
            time.sleep(0.05)
            return "loaded"

        found = in_threads(40, lambda: cache.get_or_call("tool", {"a": 1}, loader))
        self.assertEqual(found, ["loaded"] * 40)
        self.assertEqual(len(calls), 1)

    def test_all_get_the_leaders_exception(self):
        cache, calls = ToolCache(), []

        def loader():
            calls.append(1)
            until(lambda: cache.stats()["flights_joined"] == 9)
            raise KeyError("no such thing")

        found = in_threads(10, lambda: cache.get_or_call("tool", 1, loader))
        self.assertEqual({repr(e) for e in found}, {"KeyError('no such thing')"})
        self.assertEqual(len(calls), 1)
        self.assertEqual(cache.get_or_call("tool", 1, lambda: "better"), "better")

    def test_loader_that_asks_for_its_own_key_is_told(self):
        cache = ToolCache()

        def loader():
            return cache.get_or_call("tool", "[1]", loader)

        with self.assertRaisesRegex(RuntimeError, "'tool'"):
            cache.get_or_call("tool", [1], loader)

    def test_a_value_that_is_too_large_to_keep_is_loaded_once(self):
        cache, calls, joined = ToolCache(10, max_bytes=4096), [], ToolCache.stats

        def loader():
            calls.append(1)
            until(lambda: joined(cache)["flights_joined"] == 9)
            return "x" * 10_000

        found = in_threads(10, lambda: cache.get_or_call("tool", 1, loader))
        self.assertEqual((set(found), len(calls)), ({"x" * 10_000}, 1))
        self.assertEqual(cache._flights._outcomes._kept, {})

    def test_loader_may_ask_for_other_keys(self):
        cache = ToolCache()

        def depth(n):
            return "0" if n == 0 else cache.get_or_call("d", n - 1, lambda: depth(n - 1))

        self.assertEqual(cache.get_or_call("d", 50, lambda: depth(50)), "0")

    def test_waiting_has_a_deadline(self):
        cache, begun, over = ToolCache(), threading.Event(), threading.Event()

        def loader():
            begun.set()
            over.wait(30)
            return "late"

        leader = threading.Thread(target=cache.get_or_call, args=("tool", 1, loader))
        leader.start()
        begun.wait(30)
        with self.assertRaises(TimeoutError):
            cache.get_or_call("tool", 1, loader, timeout=0.05)
        over.set()
        leader.join(30)
        self.assertEqual(cache.get("tool", 1), "late")

    def test_loaders_take_nothing_or_the_key(self):
        cache = ToolCache()
        self.assertEqual(cache.get_or_call("t", 1, lambda tool, args: f"{tool}{args}"), "t1")
        self.assertEqual(cache.get_or_call("t", 2, lambda *rest: f"{rest}"), "()")
        self.assertEqual(cache.get_or_call("t", 3, lambda x="d": x), "d")
        self.assertEqual(cache.get_or_call("t", 4, "method".upper), "METHOD")

    def test_signal_reaches_a_waiter(self):
        cache, begun, over = ToolCache(), threading.Event(), threading.Event()

        def loader():
            begun.set()
            over.wait(30)
            return "v"

        leader = threading.Thread(target=cache.get_or_call, args=("tool", 1, loader))
        leader.start()
        begun.wait(30)
        hits = []

        def handler(*_):
            hits.append(1)
            over.set()

        old = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            self.assertEqual(cache.get_or_call("tool", 1, loader), "v")
        finally:
            signal.signal(signal.SIGALRM, old)
        self.assertEqual(hits, [1])
        leader.join(30)


class Tasks(unittest.IsolatedAsyncioTestCase):
    async def test_load_once(self):
        cache, calls = ToolCache(), []

        async def loader():
            calls.append(1)
            await asyncio.sleep(0.02)
            return "loaded"

        found = await asyncio.gather(
            *(cache.aget_or_call("tool", 1, loader) for _ in range(200))
        )
        self.assertEqual((set(found), len(calls)), ({"loaded"}, 1))

    async def test_a_cancelled_leader_hands_over(self):
        cache, calls = ToolCache(), []

        async def loader():
            calls.append(1)
            await asyncio.sleep(30 if len(calls) == 1 else 0)
            return f"by {len(calls)}"

        leader = asyncio.create_task(cache.aget_or_call("tool", 1, loader))
        await asyncio.sleep(0.01)
        others = [
            asyncio.create_task(cache.aget_or_call("tool", 1, loader)) for _ in range(9)
        ]
        await asyncio.sleep(0.01)
        leader.cancel()
        self.assertEqual(await asyncio.gather(*others), ["by 2"] * 9)
        with self.assertRaises(asyncio.CancelledError):
            await leader

    async def test_all_get_the_leaders_exception(self):
        cache = ToolCache()

        async def loader():
            await asyncio.sleep(0.01)
            raise ZeroDivisionError("by zero")

        found = await asyncio.gather(
            *(cache.aget_or_call("tool", 1, loader) for _ in range(20)),
            return_exceptions=True,
        )
        self.assertEqual({type(e) for e in found}, {ZeroDivisionError})

    async def test_a_task_that_waits_for_itself_is_told(self):
        cache = ToolCache()

        async def loader():
            return await cache.aget_or_call("tool", 1, loader)

        with self.assertRaisesRegex(RuntimeError, "'tool'"):
            await cache.aget_or_call("tool", 1, loader)

    async def test_a_thread_that_works_for_a_loader_is_told(self):
        cache = ToolCache()

        async def loader():
            return await asyncio.to_thread(cache.get_or_call, "tool", 1, lambda: "v")

        with self.assertRaisesRegex(RuntimeError, "'tool'"):
            await cache.aget_or_call("tool", 1, loader)

    async def test_a_value_that_is_too_large_to_keep_is_loaded_once(self):
        cache, calls = ToolCache(10, max_bytes=4096), []

        async def loader():
            calls.append(1)
            await asyncio.sleep(0.01)
            return "x" * 10_000

        tasks = (cache.aget_or_call("tool", 1, loader) for _ in range(10))
        found = await asyncio.gather(*tasks)
        self.assertEqual((set(found), len(calls)), ({"x" * 10_000}, 1))

    async def test_the_loop_runs_while_a_thread_leads(self):
        cache, begun, over = ToolCache(), threading.Event(), threading.Event()

        def slow():
            begun.set()
            over.wait(60)  # only a loop that goes on meanwhile ends this
            return "by a thread"

        leader = threading.Thread(target=cache.get_or_call, args=("tool", 1, slow))
        leader.start()
        begun.wait(30)
        ticks, was_waited_for = 0, False
        waiting = asyncio.create_task(cache.aget_or_call("tool", 1, slow))
        while not waiting.done():
            ticks += 1
            if ticks == 10:
                was_waited_for = not over.is_set()
                over.set()
            await asyncio.sleep(0.001)
        leader.join(60)
        self.assertEqual(await waiting, "by a thread")
        self.assertTrue(was_waited_for, "the loop stood still")

    async def test_deadline(self):
        cache = ToolCache()

        async def slow():
            await asyncio.sleep(30)

        leader = asyncio.create_task(cache.aget_or_call("tool", 1, slow))
        await asyncio.sleep(0.01)
        with self.assertRaisesRegex(TimeoutError, r"'tool' takes longer than 0\.02 s"):
            await cache.aget_or_call("tool", 1, slow, timeout=0.02)
        leader.cancel()

    async def test_a_timeout_of_the_loader_s_own_is_passed_on(self):
        async def fails():
            raise TimeoutError("no answer from upstream")

        with self.assertRaisesRegex(TimeoutError, "no answer from upstream"):
            await ToolCache().aget_or_call("tool", 1, fails, timeout=30)

    async def test_timeouts_that_are_none_are_refused(self):
        cache = ToolCache()
        for timeout in (float("nan"), -1):
            with self.assertRaisesRegex(ValueError, "timeout must be 0 seconds or more"):
                cache.get_or_call("tool", 1, lambda: "v", timeout=timeout)
            with self.assertRaisesRegex(ValueError, "timeout must be 0 seconds or more"):
                await cache.aget_or_call("tool", 1, lambda: "v", timeout=timeout)

    async def test_plain_loaders_are_taken(self):
        self.assertEqual(await ToolCache().aget_or_call("t", 1, lambda: "v"), "v")


class Processes(unittest.TestCase):
    def setUp(self):
        self.cache = ToolCache()
        self.calls = ToolCache()  # counts loads over all processes

    def loader(self):
        self.calls.set("load", f"{os.getpid()}{time.monotonic_ns()}", "x")
        time.sleep(0.1)
        return "loaded"

    def test_load_once(self):
        def work():
            return in_threads(5, lambda: self.cache.get_or_call("tool", 1, self.loader))

        children = [Forked(work) for _ in range(4)]
        found = work() + [value for child in children for value in child.get()]
        self.assertEqual(found, ["loaded"] * 25)
        self.assertEqual(len(self.calls), 1)

    def test_a_killed_leader_hands_over(self):
        def never():
            self.calls.set("begun", 1, "x")
            time.sleep(60)

        leader = Forked(lambda: self.cache.get_or_call("tool", 1, never))
        while self.calls.get("begun", 1) is None:
            time.sleep(0.001)
        others = [
            Forked(lambda: self.cache.get_or_call("tool", 1, self.loader))
            for _ in range(3)
        ]
        time.sleep(0.05)
        leader.kill()  # not reaped: it stays as a zombie
        self.assertEqual([other.get() for other in others], ["loaded"] * 3)
        os.waitpid(leader.pid, 0)

    def test_an_exception_is_let_go_with_all_that_it_holds(self):
        class Held:
            pass

        held = Held()
        seen = weakref.ref(held)

        def load():
            assert held is not None
            raise KeyError("gone")

        cache = ToolCache()
        with self.assertRaises(KeyError):
            cache.get_or_call("t", "{}", load)

        async def waiters():
            calls = [cache.aget_or_call("t", "{}", load) for _ in range(3)]
            return await asyncio.gather(*calls, return_exceptions=True)

        kinds = {type(error) for error in asyncio.run(waiters())}
        self.assertEqual(kinds, {KeyError})
        del held, load
        gc.collect()
        self.assertIsNone(seen())
        freed = weakref.ref(cache)
        del cache, waiters
        gc.collect()
        self.assertIsNone(freed())

    def test_failures_travel_as_text(self):
        def fail():
            self.calls.set("begun", 1, "x")
            until(lambda: self.cache.stats()["flights_joined"] == 1)
            raise PermissionError("not for you \u2603")

        leader = Forked(lambda: self.cache.get_or_call("tool", 1, fail))
        while self.calls.get("begun", 1) is None:
            time.sleep(0.001)
        with self.assertRaises(LoadError) as caught:
            self.cache.get_or_call("tool", 1, lambda: self.fail("must wait"))
        self.assertEqual(caught.exception.type_name, "PermissionError")
        self.assertEqual(caught.exception.text, "not for you \u2603")
        self.assertIn("PermissionError", leader.get())

    def test_a_loader_may_fork(self):
        def loader():
            child = Forked(lambda: self.cache.get_or_call("other", 1, lambda: "child's"))
            return child.get()

        self.assertEqual(self.cache.get_or_call("tool", 1, loader), "child's")
        self.assertEqual(self.cache.get("other", 1), "child's")

    def test_a_loaders_child_that_asks_for_the_same_key_is_told(self):
        def loader():
            child = Forked(lambda: self.cache.get_or_call("tool", 1, lambda: "v"))
            return child.get()

        self.assertIn("Reentered", self.cache.get_or_call("tool", 1, loader))

    def test_tasks_wait_for_another_process(self):
        leader = Forked(lambda: self.cache.get_or_call("tool", 1, self.loader))
        while len(self.calls) == 0:
            time.sleep(0.001)

        async def main():
            return await asyncio.gather(
                *(self.cache.aget_or_call("tool", 1, self.loader) for _ in range(20))
            )

        self.assertEqual(asyncio.run(main()), ["loaded"] * 20)
        self.assertEqual(leader.get(), "loaded")
        self.assertEqual(len(self.calls), 1)


class NamedStores(unittest.TestCase):
    def test_opened_after_the_fork_are_one(self):
        def first():
            return ToolCache.open("late", max_entries=33).set("tool", 1, "from a child")

        self.assertTrue(Forked(first).get())
        self.assertEqual(
            Forked(lambda: ToolCache.open("late").get("tool", 1)).get(), "from a child"
        )
        self.assertEqual(ToolCache.open("late").stats()["max_entries"], 33)

    def test_are_one_for_all_interpreters(self):
        try:
            import _interpreters
        except ImportError:
            self.skipTest("no interpreters of one's own")
        ToolCache.open("shared").set("tool", 1, "from main")
        interpreter = _interpreters.create("isolated")
        failure = _interpreters.exec(
            interpreter,
            "from ferrule import ToolCache\n"
            "cache = ToolCache.open('shared')\n"
            "assert cache.get('tool', 1) == 'from main'\n"
            "cache.set('tool', 2, 'from inside')\n",
        )
        self.assertIsNone(failure)
        _interpreters.destroy(interpreter)
        self.assertEqual(ToolCache.open("shared").get("tool", 2), "from inside")


if __name__ == "__main__":
    unittest.main()
