# SPDX-License-Identifier: MIT
"""Hits of ToolCache.get by way of kept objects: the right value, whatever was met before."""

import random
import unittest

from ferrule import ToolCache

TOOL = "lookup"
MISSING = object()
# CACHEHOT_JUDGED misses without a find, and some, so that the table of objects rests.
MANY = 20_000


def anew(text):
    """The same text in another object, as if off the wire."""
    return text.encode().decode()


def texts_of(size):
    """JSON strings of `size` bytes that differ from the first in one byte each."""
    plain = "a" * (size - 2)
    return [f'"{plain}"'] + [f'"{plain[:at]}b{plain[at + 1 :]}"' for at in range(size - 2)]


class Hits(unittest.TestCase):
    def assert_all(self, cache, values, rounds=5):
        """Often enough that objects are kept, then asked for by them."""
        for number in range(rounds):
            for args, value in values.items():
                self.assertEqual(cache.get(TOOL, anew(args), MISSING), value, (number, args))

    def test_one_byte_makes_another_key(self):
        for size in (*range(3, 100), 300):
            cache = ToolCache(1000, 60)
            values = {args: f"of {args}" for args in texts_of(size)}
            for args, value in values.items():
                cache.set(TOOL, args, value)
            self.assert_all(cache, values)

    def test_the_shortest_keys(self):
        cache = ToolCache(1000, 60)
        values = {str(number): f"of {number}" for number in (*range(10), 42, 420, 4200)}
        for args, value in values.items():
            cache.set(TOOL, args, value)
        self.assert_all(cache, values)

    def test_the_same_arguments_of_two_tools(self):
        cache = ToolCache(1000, 60)
        tools = [f"tool-{number}" for number in range(20)]
        for tool in tools:
            cache.set(tool, '{"city":"Bern"}', tool.upper())
        for _ in range(5):
            for tool in tools:
                self.assertEqual(cache.get(tool, anew('{"city":"Bern"}')), tool.upper())

    def test_what_is_set_anew_or_deleted_is_not_answered_from_kept_objects(self):
        cache = ToolCache(1000, 60)
        for number in range(50):
            cache.set(TOOL, '{"n":1}', str(number))
            self.assert_all(cache, {'{"n":1}': str(number)})
        cache.delete(TOOL, '{"n":1}')
        self.assertIs(cache.get(TOOL, anew('{"n":1}'), MISSING), MISSING)

    def test_hits_are_right_while_and_after_the_table_rests(self):
        cache = ToolCache(2 * MANY, 60)
        values = {f'{{"number":{number}}}': f"v{number}" for number in range(MANY)}
        for args, value in values.items():
            cache.set(TOOL, args, value)
        self.assert_all(cache, values, rounds=3)
        few = dict(random.Random(1).sample(sorted(values.items()), 100))
        self.assert_all(cache, few)
        for args in few:
            cache.set(TOOL, args, "new")
        self.assert_all(cache, dict.fromkeys(few, "new"), rounds=3_000)
        for args in few:
            cache.delete(TOOL, args)
        self.assert_all(cache, dict.fromkeys(few, MISSING), rounds=2)


if __name__ == "__main__":
    unittest.main()
