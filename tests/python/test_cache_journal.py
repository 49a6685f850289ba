# SPDX-License-Identifier: MIT
"""ToolCache(journal=PATH): entries outlive the run, whatever happens to it."""

import os
import random
import signal
import tempfile
import time
import unittest
import warnings
from pathlib import Path

from ferrule import ToolCache


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
        for seed in range(25):
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
            time.sleep(0.004 + seed * 0.0007)
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
        large = self.path.stat().st_size
        self.assertEqual(len(self.open()), 10)
        self.assertLess(self.path.stat().st_size, large / 100)
        self.assertEqual(len(self.open()), 10)
        self.assertEqual([p.name for p in self.folder.iterdir()], [self.path.name])


if __name__ == "__main__":
    unittest.main()
