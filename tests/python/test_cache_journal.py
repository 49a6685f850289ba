# SPDX-License-Identifier: MIT
"""ToolCache(journal=PATH): entries outlive the run, whatever happens to it."""

import os
import random
import shutil
import signal
import tempfile
import time
import unittest
import warnings
from pathlib import Path

from ferrule import ToolCache


# FERRULE_STRESS=40 makes a thousand kills of them.
FACTOR = int(os.environ.get("FERRULE_STRESS", "1"))


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def refused(path):
    """Open with that journal; return the warning's text. The cache must work."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cache = ToolCache(journal=path)
    cache.set("tool", 1, "v")
    assert cache.get("tool", 1) == "v"
    assert len(caught) == 1 and caught[0].category is RuntimeWarning
    return str(caught[0].message)


class Journal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "cache.journal"

    def open(self, **options):
        return ToolCache(1000, 60, journal=self.path, **options)

    def test_entries_come_back(self):
        cache = self.open()
        expected = {}
        for number, value in enumerate(["", b"", "snow \u2603", b"\xff\x00", "x" * 100_000]):
            cache.set("tool", {"n": number}, value)
            expected["tool", f'{{"n":{number}}}'] = value
        cache.set("tool", {"n": 0}, "newer")
        expected["tool", '{"n":0}'] = "newer"
        del cache
        self.assertEqual(dict(self.open().items()), expected)

    def test_what_was_forgotten_stays_forgotten(self):
        cache = self.open()
        cache.set("a", 1, "v")
        cache.clear()
        cache.set("a", 2, "v")
        cache.delete("a", 2)
        cache.set("b", 1, "v")
        cache.invalidate(tool="b")
        cache.set("c", 1, "v", tags=["x"])
        cache.set("c", 2, "v", tags=["y"])
        cache.invalidate(tag="x")
        del cache
        cache = self.open()
        self.assertEqual(cache.items(), [(("c", "2"), "v")])
        cache.invalidate(tag="y")
        self.assertEqual(cache.items(), [])

    def test_time_goes_on(self):
        cache = self.open()
        cache.set("tool", 1, "short", ttl=0.05)
        cache.set("tool", 2, "long")
        cache.set("tool", 3, "endless", ttl=float("inf"))
        del cache
        time.sleep(0.06)
        self.assertEqual(len(self.open()), 2)

    def test_forked_processes_write_too(self):
        cache = self.open()
        pid = os.fork()
        if pid == 0:
            cache.set("tool", 1, "child's")
            os._exit(0)
        os.waitpid(pid, 0)
        del cache
        self.assertEqual(self.open().get("tool", 1), "child's")

    def test_only_one_run_writes(self):
        cache = self.open()
        self.assertIn("another run", refused(self.path))
        cache.set("tool", 1, "mine")
        del cache
        self.assertEqual(self.open().get("tool", 1), "mine")

    def test_a_file_that_cannot_be_used(self):
        self.assertIn("directory", refused(self.folder))
        self.assertIn("No such file", refused(self.folder / "none" / "x"))
        other = self.folder / "other"
        other.write_bytes(b"somebody's letters, not a journal")
        self.assertIn("not a journal", refused(other))
        self.assertEqual(other.read_bytes(), b"somebody's letters, not a journal")
        del other
        self.open().set("tool", 1, "v")
        data = bytearray(self.path.read_bytes())
        data[8] = 9
        self.path.write_bytes(data)
        self.assertIn("newer version", refused(self.path))

    def test_a_full_disk_ends_the_journal_and_not_the_cache(self):
        import resource

        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
            cache = self.open()
            for number in range(100):
                cache.set("tool", number, "x" * 200)
            ok = len(cache) == 100 and cache.stats()["journal_ended"] == 1
            os._exit(0 if ok else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        cache = self.open()
        self.assertGreater(len(cache), 10)
        for (_, args), value in cache.items():
            self.assertEqual(value, "x" * 200, args)

    def test_flipped_bits_lose_their_record_only(self):
        cache = self.open()
        for number in range(100):
            cache.set("tool", number, f"value {number} " * 10)
        del cache
        whole = self.path.read_bytes()
        chance = random.Random(5)
        for _ in range(100):
            data = bytearray(whole)
            for _ in range(3):
                data[chance.randrange(16, len(data))] ^= 1 << chance.randrange(8)
            self.path.write_bytes(data)
            cache = self.open()
            self.assertGreaterEqual(len(cache), 97)
            for (_, args), value in cache.items():
                self.assertEqual(value, f"value {args} " * 10)
            del cache

    def test_any_end_of_the_file_is_a_good_one(self):
        cache = self.open()
        for number in range(20):
            cache.set("tool", number, "v" * number)
        del cache
        whole = self.path.read_bytes()
        last = -1
        for size in range(16, len(whole) + 1, 7):
            self.path.write_bytes(whole[:size])
            count = len(self.open())
            self.assertGreaterEqual(count, last)
            last = count
        self.assertGreaterEqual(last, 19)

    def test_killed_writers_lose_nothing_that_was_set(self):
        for seed in range(25 * FACTOR):
            self.path.unlink(missing_ok=True)
            ours, theirs = os.pipe()
            pid = os.fork()
            if pid == 0:
                cache = self.open()
                number = 0
                while True:
                    cache.set("tool", number % 300, f"{number} " * (number % 40 + 1))
                    os.write(theirs, b"%d\n" % number)
                    number += 1
            os.close(theirs)
            time.sleep(0.004 + seed % 25 * 0.0007)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            with open(ours, "rb") as pipe:
                done = int((pipe.read().split() or [b"-1"])[-1])
            cache = self.open()
            for key in range(max(done - 299, 0), done + 1):
                value = cache.get("tool", key % 300)
                self.assertIsNotNone(value, (seed, key, done))
                self.assertGreaterEqual(int(value.split()[0]), key)
            del cache

    def test_is_written_anew_when_most_of_it_is_old(self):
        cache = self.open()
        for number in range(20_000):
            cache.set("tool", number % 10, "x" * 200)
        del cache
        self.assertEqual(len(self.open()), 10)
        self.assertLess(self.path.stat().st_size, 20_000 * 200 / 100)
        self.assertEqual(len(self.open()), 10)
        self.assertEqual([p.name for p in self.folder.iterdir()], [self.path.name])

    def test_closing_waits_for_who_writes_it_anew(self):
        fresh = self.folder / "cache.journal.new"
        for _ in range(5):
            cache = self.open()
            number = 0
            while not fresh.exists():  # the keeper's doing
                cache.set("tool", number % 100, "x" * 20_000)
                number += 1
            del cache
            self.assertEqual([p.name for p in self.folder.iterdir()], [self.path.name])
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                cache = self.open()
            self.assertEqual(len(cache), 100)
            del cache

    def test_is_written_anew_while_all_go_on(self):
        """By one process; the others find the new file and write to it."""
        cache = self.open()
        go, ready = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            cache.set("child", 0, "before")
            os.read(go, 1)  # the parent's end is closed
            cache.set("child", 1, "after")
            cache.delete("tool", 1)
            os._exit(0)
        os.close(go)
        for round_number in range(3):
            for number in range(8000):
                cache.set("tool", number % 10, f"{round_number} {number} " + "x" * 200)
            until(lambda: self.path.stat().st_size < 100_000)
        os.close(ready)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        cache.set("tool", 2, "last")
        expected = dict(cache.items())
        self.assertEqual(expected["child", "1"], "after")
        del cache
        cache = self.open()
        self.assertEqual(dict(cache.items()), expected)
        self.assertNotIn(("tool", 1), cache)
        self.assertEqual(cache.stats()["journal_ended"], 0)

    def test_killed_while_it_is_written_anew(self):
        for seed in range(6 * FACTOR):
            self.path.unlink(missing_ok=True)
            ours, theirs = os.pipe()
            pid = os.fork()
            if pid == 0:
                cache = self.open()
                number = 0
                while True:
                    cache.set("tool", number % 50, f"{number} " + "x" * 20_000)
                    os.write(theirs, b"%d\n" % number)
                    number += 1
            os.close(theirs)
            time.sleep(0.2 + seed % 6 * 0.05)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            with open(ours, "rb") as pipe:
                done = int((pipe.read().split() or [b"-1"])[-1])
            cache = self.open()
            for key in range(max(done - 49, 0), done + 1):
                value = cache.get("tool", key % 50)
                self.assertIsNotNone(value, (seed, key, done))
                self.assertGreaterEqual(int(value.split()[0]), key)
            del cache


class Reading(unittest.TestCase):
    """A journal that takes longer to be read than the constructor waits."""

    COUNT = 60_000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.whole = Path(cls.folder.name) / "whole"
        cache = ToolCache(cls.COUNT * 2, 600, journal=cls.whole)
        for number in range(cls.COUNT):
            cache.set(f"tool{number % 3}", number, f"old {number}", tags=["t"] * (number % 2))
        for number in range(0, cls.COUNT, 3):
            cache.set(f"tool{number % 3}", number, f"newer {number}")
        cache.delete("tool1", 1)

    def open(self):
        path = Path(tempfile.mkdtemp(dir=self.folder.name)) / "copy"
        shutil.copy(self.whole, path)
        return ToolCache(self.COUNT * 2, 600, journal=path), path

    def check(self, cache, number):
        expected = f"{'old' if number % 3 else 'newer'} {number}"
        self.assertEqual(cache.get(f"tool{number % 3}", number), expected)

    def test_every_key_is_there_from_the_start(self):
        cache, _ = self.open()
        chance = random.Random(3)
        for _ in range(300):
            self.check(cache, chance.randrange(2, self.COUNT))
        self.assertIsNone(cache.get("tool1", 1))
        self.assertEqual(len(cache), self.COUNT - 1)
        for number in range(2, self.COUNT):
            self.check(cache, number)

    def test_what_is_done_meanwhile_is_newer(self):
        for again in range(3):
            cache, path = self.open()
            cache.set("tool0", 0, "mine")
            cache.set("tool1", 4, "gone soon", ttl=0.001)
            cache.delete("tool1", 7)
            cache.invalidate(tool="tool2")
            cache.invalidate(tag="t")
            while not cache._wait_loaded(0):
                cache.set("tool0", 3, "mine, too")
            time.sleep(0.005)
            cache.set("tool0", 3, "mine, too")
            for _ in range(2):  # as it is, and as it is read back
                self.assertEqual(cache.get("tool0", 0), "mine")
                self.assertEqual(cache.get("tool0", 3), "mine, too")
                self.assertIsNone(cache.get("tool1", 4))
                self.assertIsNone(cache.get("tool1", 7))
                self.assertIsNone(cache.get("tool2", 2))
                self.assertIsNone(cache.get("tool1", 13))  # tagged
                self.check(cache, 10)
                if again:
                    break
                del cache
                cache = ToolCache(self.COUNT * 2, 600, journal=path)

    def test_a_clear_forgets_what_is_yet_to_come(self):
        cache, path = self.open()
        cache.clear()
        cache.set("tool0", 0, "mine")
        self.assertEqual(len(cache), 1)
        del cache
        self.assertEqual(len(ToolCache(10, 600, journal=path)), 1)

    def test_a_fork_has_all_of_it(self):
        cache, _ = self.open()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if len(cache) == self.COUNT - 1 else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_a_cache_may_go_before_it_is_read(self):
        for _ in range(5):
            cache, path = self.open()
            del cache
        self.assertEqual(len(ToolCache(self.COUNT * 2, 600, journal=path)), self.COUNT - 1)

    def test_the_newest_fill_a_smaller_cache(self):
        _, path = self.open()
        del _
        cache = ToolCache(100, 600, journal=path)
        self.assertEqual(len(cache), 100)
        self.check(cache, self.COUNT // 3 * 3 - 3)

    def test_tasks_wait_without_blocking_their_loop(self):
        import asyncio
        import threading

        has_beaten = threading.Event()

        class Slow(ToolCache):
            def _wait_loaded(self, seconds):
                if seconds == 0:
                    return False
                has_beaten.wait(30)  # only a loop that goes on meanwhile ends this
                return super()._wait_loaded(seconds)

        async def beat():
            for _ in range(100):
                await asyncio.sleep(0)
            has_beaten.set()

        async def main():
            cache = Slow(self.COUNT * 2, 600, journal=shutil.copy(self.whole, path))
            heart = asyncio.create_task(beat())
            value = await cache.aget_or_call("tool0", 0, lambda: "loaded again")
            was_beating = has_beaten.is_set()
            await heart
            return value, was_beating

        path = Path(tempfile.mkdtemp(dir=self.folder.name)) / "copy"
        self.assertEqual(asyncio.run(main()), ("newer 0", True))


if __name__ == "__main__":
    unittest.main()
