# SPDX-License-Identifier: MIT
"""ToolCache: what each call takes, returns and refuses."""

import asyncio
import functools
import doctest
import gc
import time
import unittest
import warnings

import ferrule.cache
from ferrule import ToolCache
from ferrule.cache import LoadError, canonical

VALUES = ["", "ascii", "lat\xefn", "snow \u2603", "\U0001f600", "\ud800", b"", b"\x00\xff"]


class Values(unittest.TestCase):
    def test_come_back_as_they_were(self):
        cache = ToolCache()
        for number, value in enumerate(VALUES + ["x" * 1_000_000, b"y" * 1_000_000]):
            cache.set("tool", number, value)
            found = cache.get("tool", number)
            self.assertIs(type(found), type(value))
            self.assertEqual(found, value)

    def test_that_are_neither_str_nor_bytes_are_refused_by_name(self):
        cache = ToolCache()
        for value in (None, 1, 1.5, [], {}, bytearray(b"x"), object()):
            with self.assertRaisesRegex(TypeError, type(value).__name__):
                cache.set("tool", 1, value)
            with self.assertRaisesRegex(TypeError, type(value).__name__):
                cache.get_or_call("tool", 1, lambda value=value: value)
        self.assertEqual(len(cache), 0)

    def test_larger_than_the_bound_are_refused(self):
        cache = ToolCache(10, None, max_bytes=1 << 20)
        self.assertTrue(cache.set("tool", 1, "x"))
        self.assertFalse(cache.set("tool", 1, "x" * (1 << 21)))
        self.assertIsNone(cache.get("tool", 1))
        self.assertEqual(cache.stats()["refused"], 1)
        big = "y" * (1 << 21)
        self.assertEqual(cache.get_or_call("tool", 1, lambda: big), big)


class Keys(unittest.TestCase):
    def test_of_objects_and_of_text_are_the_same(self):
        cache = ToolCache()
        cache.set("tool", {"b": [1, True, None, "\u00e9"], "a": 1.0}, "v")
        for args in (
            '{"a":1,"b":[1,true,null,"\u00e9"]}',
            b' {"b": [1e0, true, null, "\\u00e9"], "a": 1 }',
            {"a": 1, "b": (1, True, None, "\u00e9")},
        ):
            self.assertEqual(cache.get("tool", args), "v")
            self.assertIn(("tool", args), cache)
        self.assertNotIn(("tool", {"a": 1}), cache)

    def test_that_are_no_json_raise_value_error(self):
        cache = ToolCache()
        for args in (
            *("", "{", "NaN", "[1,]", '{"a":1,"a":2}', b"\xff", '"\ud800"'),
            *('"\\ud800"', '{"\\udc00":1}', {"a": "\ud800"}),
        ):
            for call in (
                lambda a: cache.get("tool", a),
                lambda a: cache.set("tool", a, "v"),
                lambda a: cache.delete("tool", a),
                lambda a: ("tool", a) in cache,
                lambda a: cache.get_or_call("tool", a, lambda: "v"),
            ):
                with self.assertRaises(ValueError):
                    call(args)

    def test_that_json_does_not_know_raise(self):
        cache = ToolCache()
        endless = []
        endless.append(endless)
        for args, error in (
            ({1, 2}, TypeError),
            (object(), TypeError),
            (float("nan"), ValueError),
            (endless, ValueError),
        ):
            with self.assertRaises(error):
                cache.get("tool", args)

    def test_of_any_size(self):
        cache = ToolCache()
        args = '"' + "k" * 4_000_000 + '"'
        cache.set("tool", args, "v")
        self.assertEqual(cache.get("tool", args), "v")
        with self.assertRaisesRegex(ValueError, "bytes"):
            cache.get("tool", '"' + "k" * 100_000_000 + '"')

    def test_tool_must_be_str(self):
        for tool in (None, b"tool", 1):
            with self.assertRaisesRegex(TypeError, "tool must be str"):
                ToolCache().get(tool, 1)
        cache = ToolCache()
        cache.set("a\x00b", 1, "v")
        self.assertIsNone(cache.get("a", 1))
        self.assertEqual(cache.items(), [(("a\x00b", "1"), "v")])

    def test_canonical(self):
        self.assertEqual(canonical(' {"b":1.0,"a":"\\u0041"} '), '{"a":"A","b":1}')


class Bounds(unittest.TestCase):
    def test_that_cannot_be_raise(self):
        for bad in (0, -1, 2**62, float("nan"), float("inf"), 1.5):
            with self.assertRaises(ValueError):
                ToolCache(bad)
            with self.assertRaises(ValueError):
                ToolCache(max_bytes=bad)
        for bad in ("10", None, True, []):
            with self.assertRaises(TypeError):
                ToolCache(bad)
        for bad in (0, -1.0, float("nan"), 0.0):
            with self.assertRaises(ValueError):
                ToolCache(ttl=bad)
            with self.assertRaises(ValueError):
                ToolCache().set("tool", 1, "v", ttl=bad)

    def test_any_life_that_can_be(self):
        for ttl in (None, float("inf"), 1e300, 1e-9, 10**9):
            ToolCache(ttl=ttl).set("tool", 1, "v")
        cache = ToolCache(ttl=None)
        cache.set("tool", 1, "v", ttl=1e12)
        self.assertEqual(cache.get("tool", 1), "v")

    def test_hold_for_entries(self):
        cache = ToolCache(100)
        for number in range(100):
            cache.set("tool", number, "v")
        self.assertEqual(len(cache), 100)
        for number in range(1000):
            cache.set("tool", number, "v")
            self.assertLessEqual(len(cache), 100)

    def test_entries_expire(self):
        cache = ToolCache(100, 0.05)
        cache.set("tool", 1, "v")
        cache.set("tool", 2, "v", ttl=60)
        time.sleep(0.06)
        self.assertEqual(cache.get("tool", 2), "v")
        self.assertIsNone(cache.get("tool", 1))
        self.assertNotIn(("tool", 1), cache)
        self.assertEqual(len(cache), 1)
        self.assertEqual(cache.stats()["misses_expired"], 1)


class Forgetting(unittest.TestCase):
    def test_one(self):
        cache = ToolCache()
        cache.set("tool", 1, "v")
        self.assertTrue(cache.delete("tool", "1.0"))
        self.assertFalse(cache.delete("tool", 1))

    def test_by_tool_and_by_tag(self):
        cache = ToolCache()
        cache.set("a", 1, "v", tags=["x"])
        cache.set("a", 2, "v", tags=("x", "y"))
        cache.set("b", 1, "v", tags=["y"])
        cache.invalidate(tag="x")
        self.assertEqual(cache.items(), [(("b", "1"), "v")])
        cache.set("a", 1, "v", tags=["x"])
        cache.invalidate(tool="a")
        self.assertIsNone(cache.get("a", 1))
        self.assertEqual(cache.get("b", 1), "v")
        self.assertEqual(cache.stats()["misses_invalidated"], 1)
        self.assertEqual(len(cache), 1)

    def test_needs_to_be_told_what(self):
        cache = ToolCache()
        for wrong in ({}, {"tool": "a", "tag": "b"}, {"tool": 1}, {"tag": b"x"}):
            with self.assertRaises(TypeError):
                cache.invalidate(**wrong)
        most = [f"tag{n}" for n in range(16)]
        for tag in most:
            cache.set("a", 1, "v", tags=most)
            cache.invalidate(tag=tag)
            self.assertIsNone(cache.get("a", 1))
        for tags in ("x", {"x"}, [1]):
            with self.assertRaises(TypeError):
                cache.set("a", 1, "v", tags=tags)
        with self.assertRaises(ValueError):
            cache.set("a", 1, "v", tags=[str(n) for n in range(17)])

    def test_everything(self):
        cache = ToolCache()
        for number in range(100):
            cache.set("tool", number, "v")
        cache.clear()
        self.assertEqual((len(cache), cache.items()), (0, []))


class Decorated(unittest.TestCase):
    def setUp(self):
        self.cache = ToolCache()
        self.calls = []

    def test_function_is_called_once_for_equal_arguments(self):
        @self.cache.tool(ttl=60)
        def find(city, *, unit="C"):
            """Doc."""
            self.calls.append(city)
            return f"{city} {unit}"

        for _ in range(3):
            self.assertEqual(find("Oslo"), "Oslo C")
            self.assertEqual(find(city="Oslo", unit="C"), "Oslo C")
        self.assertEqual(find("Oslo", unit="F"), "Oslo F")
        self.assertEqual(len(self.calls), 2)
        self.assertEqual((find.__name__, find.__doc__), ("find", "Doc."))

    def test_without_parentheses(self):
        @self.cache.tool
        def plain(x):
            self.calls.append(x)
            return "v"

        self.assertEqual((plain(1), plain(1.0), len(self.calls)), ("v", "v", 1))

    def test_coroutine_function(self):
        @self.cache.tool(name="other")
        async def find(city):
            self.calls.append(city)
            await asyncio.sleep(0)
            return city

        async def main():
            return await asyncio.gather(*(find("Oslo") for _ in range(20)))

        self.assertEqual(asyncio.run(main()), ["Oslo"] * 20)
        self.assertEqual(self.calls, ["Oslo"])
        self.assertIn(("other", {"city": "Oslo"}), self.cache)

    def test_an_argument_that_is_no_json_is_named(self):
        class Desk:
            @self.cache.tool
            def find(self, city):
                return city

            @self.cache.tool
            async def ask(self, city):
                return city

        said = "'self' is Desk, which is no JSON; ignore='self'"
        with self.assertRaisesRegex(TypeError, f"^find: its argument {said}"):
            Desk().find("Oslo")
        with self.assertRaisesRegex(TypeError, f"^ask: its argument {said}"):
            asyncio.run(Desk().ask("Oslo"))

    def test_a_function_without_a_name(self):
        part = functools.partial(lambda x, y: x + y, "a")
        with self.assertRaisesRegex(TypeError, "partial has no name: give name="):
            self.cache.tool(part)
        self.assertEqual(self.cache.tool(name="part")(part)("b"), "ab")

    def test_static_and_class_methods(self):
        class City:
            @self.cache.tool(ignore="cls")
            @classmethod
            def of_class(cls, name):
                return f"{cls.__name__} {name}"

            @self.cache.tool
            @staticmethod
            def plain(name):
                return name

        found = City.of_class("a"), City().plain("b"), City.plain("b")
        self.assertEqual(found, ("City a", "b", "b"))

    def test_ignored_parameters_do_not_matter(self):
        @self.cache.tool(ignore=["session"])
        def find(city, session):
            self.calls.append(session)
            return city

        self.assertEqual((find("Oslo", object()), find("Oslo", object())), ("Oslo",) * 2)
        self.assertEqual(len(self.calls), 1)
        with self.assertRaisesRegex(ValueError, "sesion"):
            self.cache.tool(ignore="sesion")(lambda session: "v")

    def test_a_writer_invalidates(self):
        @self.cache.tool
        def read(path):
            self.calls.append(path)
            return "text"

        @self.cache.tool(invalidates="read")
        def write(path, text):
            return "ok"

        read("f")
        write("f", "new")
        read("f")
        self.assertEqual(len(self.calls), 2)

    def test_results_of_other_types_need_a_codec(self):
        import json

        @self.cache.tool(encode=json.dumps, decode=json.loads)
        def listed(n):
            return list(range(n))

        self.assertEqual((listed(3), listed(3)), ([0, 1, 2],) * 2)

        @self.cache.tool
        def plain(n):
            return [n]

        with self.assertRaisesRegex(TypeError, "plain returned list"):
            plain(1)

    def test_failures_are_remembered_where_wanted(self):
        def fragile(n):
            self.calls.append(n)
            raise KeyError("gone")

        for_long = self.cache.tool(name="long", negative_ttl=60)(fragile)
        with self.assertRaises(KeyError):
            for_long(1)
        with self.assertRaisesRegex(LoadError, "KeyError: 'gone'"):
            for_long(1)
        self.assertEqual(len(self.calls), 1)
        shortly = self.cache.tool(name="short", negative_ttl=0.01)(fragile)
        for _ in range(2):
            with self.assertRaises(KeyError):
                shortly(1)
            time.sleep(0.02)
        self.assertEqual(len(self.calls), 3)


class Objects(unittest.TestCase):
    def test_eviction_runs_no_python(self):
        """Values are bytes in the store, so no finalizer can run inside it."""

        class Loud(str):
            finalized = []

            def __del__(self):
                gc.collect()
                self.finalized.append(1)

        cache = ToolCache(5)
        for number in range(200):
            cache.set("tool", number, Loud(number))
        self.assertEqual(len(Loud.finalized), 200)
        self.assertEqual(len(cache), 5)

    def test_go_without_leaving_anything(self):
        import resource

        def cycle():
            cache = ToolCache(1000)
            for number in range(100):
                cache.set("tool", number, "x" * 1000)

        for _ in range(50):
            cycle()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(500):
            cycle()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, 2000, "KB")

    def test_named_store_with_other_bounds_warns(self):
        ToolCache.open("calls-bounds", max_entries=10)
        with self.assertWarnsRegex(RuntimeWarning, "max_entries=10"):
            ToolCache.open("calls-bounds", max_entries=20)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ToolCache.open("calls-bounds")

    def test_names_that_cannot_be_raise(self):
        for name in ("", "n" * 65):
            with self.assertRaises(ValueError):
                ToolCache.open(name)
        with self.assertRaises(TypeError):
            ToolCache.open(None)
        with self.assertRaises(ValueError):
            ToolCache.open("x", scope="world")


class Reports(unittest.TestCase):
    def test_prometheus_text(self):
        cache = ToolCache(10)
        cache.set('to"ol\n', 1, "v")
        cache.get('to"ol\n', 1)
        cache.get('to"ol\n', 2)
        lines = cache.prometheus().splitlines()
        self.assertIn("ferrule_cache_entries 1", lines)
        self.assertIn('ferrule_cache_hits_total{tool="to\\"ol\\n"} 1', lines)
        name = 'ferrule_cache_misses_total{tool="to\\"ol\\n",cause="unknown"} 1'
        self.assertIn(name, lines)
        for line in lines:
            self.assertRegex(line, r"^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? \d+(\.\d+)?)$")


class Documentation(unittest.TestCase):
    def test_examples_run(self):
        self.assertEqual(doctest.testmod(ferrule.cache).failed, 0)


if __name__ == "__main__":
    unittest.main()
