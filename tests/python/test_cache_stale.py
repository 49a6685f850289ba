# SPDX-License-Identifier: MIT
"""Values that are served after their time, failures that are remembered, jitter."""

import asyncio
import os
import threading
import time
import unittest

from ferrule import ToolCache
from ferrule.cache import LoadError


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


class Stale(unittest.TestCase):
    def setUp(self):
        self.cache = ToolCache(100, 60)

    def expire(self, value="old", ttl=0.01, stale=60):
        self.cache.set("tool", 1, value, ttl=ttl, stale=stale)
        until(lambda: ("tool", 1) not in self.cache)

    def test_is_no_hit(self):
        self.expire()
        self.assertIsNone(self.cache.get("tool", 1))
        self.assertNotIn(("tool", 1), self.cache)
        self.assertEqual(self.cache.items(), [])
        self.assertFalse(self.cache.delete("tool", 1))

    def test_is_served_while_one_loads_anew(self):
        calls, go = [], threading.Event()

        def loader():
            calls.append(threading.current_thread())
            go.wait(20)
            return "new"

        self.expire()
        for _ in range(20):
            value = self.cache.get_or_call("tool", 1, loader, stale=60)
            self.assertEqual(value, "old")
        go.set()
        until(lambda: self.cache.get("tool", 1) == "new")
        self.assertEqual(len(calls), 1)
        self.assertIsNot(calls[0], threading.current_thread())
        stats = lambda: self.cache.stats()["tools"]["tool"]
        self.assertEqual(stats()["stale_served"], 20)
        until(lambda: stats()["load_seconds"]["count"] == 1)

    def test_is_served_no_longer_than_asked(self):
        self.expire()
        time.sleep(0.02)
        value = self.cache.get_or_call("tool", 1, lambda: "new", stale=0.01)
        self.assertEqual(value, "new")

    def test_is_gone_after_the_time_it_was_kept_for(self):
        self.expire(stale=0.05)
        time.sleep(0.07)
        value = self.cache.get_or_call("tool", 1, lambda: "new", stale=60)
        self.assertEqual(value, "new")
        self.cache.set("tool", 2, "v", ttl=0.01, stale=0.01)
        time.sleep(0.03)
        self.assertEqual(len(self.cache), 1)

    def test_is_forgotten_like_any_other(self):
        for forget in (
            lambda: self.cache.invalidate(tool="tool"),
            lambda: self.cache.delete("tool", 1),
            lambda: self.cache.clear(),
        ):
            self.expire()
            forget()
            value = self.cache.get_or_call("tool", 1, lambda: "new", stale=60)
            self.assertEqual(value, "new")
            self.cache.clear()

    def test_instead_of_a_failure(self):
        def loader():
            raise KeyError("down")

        self.expire()
        value = self.cache.get_or_call("tool", 1, loader, stale_if_error=60)
        self.assertEqual(value, "old")
        with self.assertRaises(KeyError):
            self.cache.get_or_call("tool", 1, loader)
        time.sleep(0.02)
        with self.assertRaises(KeyError):
            self.cache.get_or_call("tool", 1, loader, stale_if_error=0.01)
        self.assertEqual(self.cache.stats()["loads_failed"], 3)

    def test_a_failed_refresh_leaves_it(self):
        calls = []

        def loader():
            calls.append(1)
            raise KeyError("down")

        self.expire()
        for number in range(1, 4):
            self.assertEqual(self.cache.get_or_call("tool", 1, loader, stale=60), "old")
            until(lambda: len(calls) == number)
            until(lambda: not self.cache._flights._refreshing)

    def test_comes_back_from_the_journal(self):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "journal")
            cache = ToolCache(10, 60, journal=path)
            cache.set("tool", 1, "old", ttl=30, stale=60)
            del cache
            cache = ToolCache(10, 60, journal=path)
            self.assertEqual(cache.get("tool", 1), "old")
            self.assertEqual(cache._get_stale("tool", 1, 1), ("old",))

    def test_a_forked_process_refreshes_by_itself(self):
        self.expire()
        go = threading.Event()
        self.cache.get_or_call("tool", 1, lambda: go.wait(20) and "parent", stale=60)
        go.set()
        until(lambda: self.cache.get("tool", 1) == "parent")
        self.expire()
        pid = os.fork()
        if pid == 0:
            try:
                # The parent's thread may be leading still, if only for a moment.
                refresh = lambda: self.cache.get_or_call(
                    "tool", 1, lambda: "child", stale=60
                )
                until(lambda: refresh() == "child")
                os._exit(0)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(self.cache.get("tool", 1), "child")

    def test_windows_that_cannot_be(self):
        for wrong in (-1, float("nan")):
            for name in ("stale", "stale_if_error"):
                with self.assertRaisesRegex(ValueError, name):
                    self.cache.get_or_call("tool", 1, lambda: "v", **{name: wrong})
        for wrong in (0, -1, float("nan")):
            with self.assertRaisesRegex(ValueError, "stale"):
                self.cache.set("tool", 1, "v", stale=wrong)
        self.assertTrue(self.cache.set("tool", 1, "v", stale=1e300))
        self.assertTrue(self.cache.set("tool", 1, "v", ttl=float("inf"), stale=1))
        self.assertEqual(self.cache.get("tool", 1), "v")

    def test_of_a_decorated_function(self):
        calls = []

        @self.cache.tool(ttl=0.01, stale=60)
        def lookup(n):
            calls.append(n)
            return f"{len(calls)}"

        self.assertEqual(lookup(1), "1")
        until(lambda: ("lookup", {"n": 1}) not in self.cache)
        self.assertEqual(lookup(1), "1")
        until(lambda: len(calls) == 2)


class StaleTasks(unittest.IsolatedAsyncioTestCase):
    async def test_is_served_while_a_task_loads_anew(self):
        cache, calls, go = ToolCache(100, 60), [], asyncio.Event()

        async def loader():
            calls.append(1)
            await go.wait()
            return "new"

        cache.set("tool", 1, "old", ttl=0.01, stale=60)
        until(lambda: ("tool", 1) not in cache)
        found = await asyncio.gather(
            *(cache.aget_or_call("tool", 1, loader, stale=60) for _ in range(20))
        )
        self.assertEqual(found, ["old"] * 20)
        go.set()
        while cache.get("tool", 1) != "new":
            await asyncio.sleep(0.001)
        self.assertEqual(len(calls), 1)

    async def test_instead_of_a_failure(self):
        cache = ToolCache(100, 60)

        async def loader():
            raise KeyError("down")

        cache.set("tool", 1, "old", ttl=0.01, stale=60)
        until(lambda: ("tool", 1) not in cache)
        value = await cache.aget_or_call("tool", 1, loader, stale_if_error=60)
        self.assertEqual(value, "old")


class Negative(unittest.TestCase):
    def test_a_failure_is_remembered(self):
        cache, calls = ToolCache(), []

        def loader():
            calls.append(1)
            raise KeyError("gone")

        with self.assertRaises(KeyError):
            cache.get_or_call("tool", 1, loader, negative_ttl=60)
        with self.assertRaisesRegex(LoadError, "KeyError: 'gone'"):
            cache.get_or_call("tool", 1, loader, negative_ttl=60)
        self.assertEqual(len(calls), 1)
        self.assertEqual(cache.get_or_call("tool", 2, lambda: "other"), "other")
        cache.invalidate(tool="tool")
        with self.assertRaises(KeyError):
            cache.get_or_call("tool", 1, loader, negative_ttl=60)

    def test_a_result_ends_it(self):
        cache = ToolCache()
        with self.assertRaises(ZeroDivisionError):
            cache.get_or_call("tool", 1, lambda: 1 / 0, negative_ttl=60)
        cache.set("tool", 1, "here")
        found = cache.get_or_call("tool", 1, lambda: 1 / 0, negative_ttl=60)
        self.assertEqual(found, "here")


class Jitter(unittest.TestCase):
    def test_lives_differ(self):
        cache = ToolCache(1000, None)

        def some_are_over_before_others():
            for number in range(400):
                cache.set("tool", number, "v", ttl=0.4, jitter=1.0)
            time.sleep(0.2)
            return 40 < len(cache) < 360

        until(some_are_over_before_others)  # at once, if the machine has time for it
        until(lambda: len(cache) == 0)

    def test_that_cannot_be(self):
        for wrong in (-0.1, 1.1, float("nan")):
            with self.assertRaisesRegex(ValueError, "jitter"):
                ToolCache().set("tool", 1, "v", jitter=wrong)


if __name__ == "__main__":
    unittest.main()
