# SPDX-License-Identifier: MIT
"""Partitions: what one tenant set no other one finds, counts or forgets."""

import os
import random
import tempfile
import unittest

from ferrule import ToolCache

# What could be taken for the mark, the size or the end of another one's name.
PARTS = ["a", "b", "ab", "1", "1:", ":a", "\x01", "\x011:a", "\x00", "0:", "\u2603"]


class Partitions(unittest.TestCase):
    def setUp(self):
        self.cache = ToolCache(1000, 60)
        self.alice = self.cache.partition("alice")
        self.bob = self.cache.partition("bob")

    def test_keep_their_own(self):
        for number in range(3):  # the third time from what is kept of objects
            for store in (self.cache, self.alice, self.bob):
                store.set("tool", {"a": 1}, f"{store._name} {number}")
            for store in (self.cache, self.alice, self.bob):
                for args in ({"a": 1}, '{"a":1}', '{ "a": 1.0 }') * 3:
                    found = store.get("tool", args)
                    self.assertEqual(found, f"{store._name} {number}")
        self.assertEqual(len(self.cache), 3)
        self.assertEqual([len(self.alice), len(self.bob)], [1, 1])
        self.assertEqual(self.alice.items(), [(("tool", '{"a":1}'), "alice 2")])
        self.assertTrue(self.alice.delete("tool", {"a": 1}))
        self.assertNotIn(("tool", {"a": 1}), self.alice)
        self.assertIn(("tool", {"a": 1}), self.bob)

    def test_many_tools_in_turn(self):
        """More names than are remembered; equal ones, and new ones where old ones lay."""
        random.seed(20261124)
        for store in (self.cache, self.alice, self.bob):
            for number in range(40):
                store.set(f"tool {number}", "[1]", f"{store._name} {number}")
        names = [f"tool {number}" for number in range(40)] * 2
        for _ in range(4000):
            number = random.randrange(80)
            store = random.choice((self.cache, self.alice, self.bob))
            found = store.get(names[number], "[1]")
            self.assertEqual(found, f"{store._name} {number % 40}")
            if random.random() < 0.1:
                names[number] = f"tool {number % 40}"
            if random.random() < 0.01:
                store.invalidate(tool=names[number])
                self.assertIsNone(store.get(names[number], "[1]"))
                store.set(names[number], "[1]", found)

    def test_forget_their_own(self):
        stores = (self.cache, self.alice, self.bob)

        def fill():
            for store in stores:
                store.set("tool", 1, "v", tags=["x"])

        def left():
            return [("tool", 1) in store for store in stores]

        for forget in (
            lambda: self.alice.invalidate(tool="tool"),
            lambda: self.alice.invalidate(tag="x"),
            lambda: self.alice.clear(),
        ):
            fill()
            forget()
            self.assertEqual(left(), [True, False, True])
        fill()
        self.cache.invalidate(tool="tool")
        self.assertEqual(left(), [False, True, True])
        self.cache.clear()
        self.assertEqual(left(), [False, False, False])

    def test_load_their_own(self):
        loads = []
        for store in (self.cache, self.alice, self.bob) * 2:
            store.get_or_call("tool", 1, lambda: loads.append(1) or "v")
        self.assertEqual(len(loads), 3)

    def test_count_their_own(self):
        self.alice.set("tool", 1, "v")
        self.alice.get("tool", 1)
        self.bob.set("tool", 1, "v")
        self.bob.get("tool", 2)
        self.cache.set("plain", 1, "v")
        self.cache.get("plain", 2)
        stats = self.cache.stats()
        self.assertEqual(list(stats["tools"]), ["plain"])
        self.assertEqual(set(stats["partitions"]), {"alice", "bob"})
        self.assertEqual(stats["partitions"]["alice"]["hits"], 1)
        self.assertEqual(stats["partitions"]["bob"]["tools"]["tool"]["misses"], 1)
        self.assertEqual((stats["hits"], stats["misses"]), (1, 2))
        own = self.alice.stats()
        self.assertEqual((own["entries"], own["hits"], own["misses"]), (1, 1, 0))
        self.assertEqual(list(own["tools"]), ["tool"])
        text = self.cache.prometheus()
        self.assertIn('_hits_total{tool="tool",partition="alice"} 1', text)
        self.assertNotIn("bob", self.alice.prometheus())

    def test_come_back_from_the_journal(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "journal")
            cache = ToolCache(10, 60, journal=path)
            for name in ("alice", "bob", "carol"):
                cache.partition(name).set("tool", 1, name, tags=[name])
            cache.partition("bob").clear()
            cache.partition("carol").invalidate(tag="alice")
            del cache
            cache = ToolCache(10, 60, journal=path)
            found = [cache.partition(n).get("tool", 1) for n in ("alice", "bob", "carol")]
            self.assertEqual(found, ["alice", None, "carol"])
            self.assertEqual(cache.items(), [])

    def test_are_shared_by_forked_processes(self):
        pid = os.fork()
        if pid == 0:
            self.cache.partition("alice").set("tool", 1, "child's")
            os._exit(0)
        os.waitpid(pid, 0)
        self.assertEqual(self.alice.get("tool", 1), "child's")

    def test_names_that_cannot_be(self):
        for wrong in ("", "x" * 129, "\ud800"):
            with self.assertRaises(ValueError):
                self.cache.partition(wrong)
        with self.assertRaises(TypeError):
            self.cache.partition(7)
        with self.assertRaisesRegex(ValueError, "already"):
            self.alice.partition("bob")

    def test_no_two_scopes_meet(self):
        chance = random.Random(1)
        for _ in range(2000):
            names = ["".join(chance.choices(PARTS, k=chance.randrange(1, 4)))
                     for _ in range(4)]  # fmt: skip
            scopes = {(p, t) for p in [None, *names[:2]] for t in names[2:]}
            cache = ToolCache(100, None)
            stores = {s: cache if s[0] is None else cache.partition(s[0]) for s in scopes}
            for number, (scope, store) in enumerate(stores.items()):
                self.assertIsNone(store.get(scope[1], 1), scopes)
                store.set(scope[1], 1, f"{number}")
            for number, (scope, store) in enumerate(stores.items()):
                self.assertEqual(store.get(scope[1], 1), f"{number}", scopes)
                self.assertIn(((scope[1], "1"), f"{number}"), store.items())


if __name__ == "__main__":
    unittest.main()
