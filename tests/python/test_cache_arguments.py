# SPDX-License-Identifier: MIT
"""ToolCache: arguments by position and by name, and how wrong ones are named."""

import unittest

from ferrule import ToolCache


class Arguments(unittest.TestCase):
    def test_wrong_ones_are_named(self):
        cache = ToolCache()
        for call in (
            lambda: cache.get("tool"),
            lambda: cache.get("tool", 1, 2, 3),
            lambda: cache.get("tool", 1, otherwise=2),
            lambda: cache.set("tool", 1),
            lambda: cache.set("tool", 1, "v", 60),
            lambda: cache.set("tool", 1, "v", life=60),
            lambda: cache.delete("tool"),
            lambda: "tool" in cache,
            lambda: ("tool", 1, 2) in cache,
        ):
            with self.assertRaises(TypeError):
                call()
        self.assertEqual(cache.get("tool", 1, default=5), 5)
        self.assertEqual(cache.get("tool", 1, 6), 6)


    def test_may_be_given_by_name(self):
        cache = ToolCache()
        self.assertTrue(cache.set(value="v", tool="t", args="[1]"))
        self.assertEqual(cache.get("t", args=[1]), "v")
        self.assertEqual(cache.get(default=5, args=[2], tool="t"), 5)
        self.assertTrue(cache.delete(tool="t", args=[1]))
        for call, named, words in (
            (cache.get, {"tool": "t"}, "'args'"),
            (cache.set, {"tool": "t", "args": 1}, "'value'"),
            (cache.get, {"tool": "t", "args": 1, "arg": 1}, "unexpected.*'arg'"),
        ):
            with self.assertRaisesRegex(TypeError, words):
                call(**named)
        with self.assertRaisesRegex(TypeError, "multiple values.*'tool'"):
            cache.get("t", 1, tool="t")

    def test_times_that_are_no_numbers_are_named(self):
        cache = ToolCache()
        for name in ("ttl", "stale"):
            with self.assertRaisesRegex(TypeError, f"{name}.*str"):
                cache.set("t", 1, "v", **{name: "3"})
        with self.assertRaisesRegex(TypeError, "ttl.*str"):
            ToolCache(10, "3")


if __name__ == "__main__":
    unittest.main()
