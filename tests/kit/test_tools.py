# SPDX-License-Identifier: MIT
"""@tool: schemas of hints, guards, what becomes of arguments and results."""

import asyncio
import dataclasses
import datetime
import decimal
import doctest
import enum
import inspect
import json
import pathlib
import pickle
import re
import sys
import unittest
import uuid
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypedDict,
)

import ferrule.kit.shapes
import ferrule.kit.tools
from ferrule import SchemaGuard, tool
from ferrule.kit import arguments, docs
from ferrule.kit.results import as_text

Meters = NewType("Meters", float)
# The statement is newer than what the linter reads Python with.
if sys.version_info >= (3, 12):
    exec("type Tree = dict[str, Tree] | int")


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Place(TypedDict):
    city: str
    country: NotRequired[str]


@dataclasses.dataclass
class Node:
    name: str
    children: list["Node"] = dataclasses.field(default_factory=list)


@tool
def module_level(city: str) -> str:
    """Say it."""
    return city.upper()


def schema_of(hint):
    """The schema of a hint, and how a value of it is built."""

    def function(value):
        pass

    function.__annotations__["value"] = hint
    made = tool(function)
    return made.schema["properties"]["value"], made


def built(hint, value):
    made = schema_of(hint)[1]
    made.guard.validate(json.dumps({"value": value}))
    first, named = made.bind({"value": value})
    return named["value"]


class Schemas(unittest.TestCase):
    maxDiff = None

    def test_of_plain_hints(self):
        for hint, expected in (
            (str, {"type": "string"}),
            (int, {"type": "integer"}),
            (float, {"type": "number"}),
            (bool, {"type": "boolean"}),
            (None, {"type": "null"}),
            (Any, {}),
            (list, {"type": "array", "items": {}}),
            (list[int], {"type": "array", "items": {"type": "integer"}}),
            (set[str], {"type": "array", "items": {"type": "string"},
                        "uniqueItems": True}),
            (dict, {"type": "object"}),
            (dict[str, float], {"type": "object",
                                "additionalProperties": {"type": "number"}}),
            (tuple[int, str], {"type": "array", "minItems": 2, "maxItems": 2,
                               "prefixItems": [{"type": "integer"}, {"type": "string"}]}),
            (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
            (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
            (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}),
            (Literal["a", 1], {"enum": ["a", 1]}),
            (Color, {"enum": ["r", "b"], "type": "string"}),
            (Size, {"enum": [1, 2], "type": "integer"}),
            (Meters, {"type": "number"}),
            (datetime.date, {"type": "string", "format": "date"}),
            (uuid.UUID, {"type": "string", "format": "uuid"}),
            (Annotated[int, {"minimum": 1}, "how many"],
             {"type": "integer", "minimum": 1, "description": "how many"}),
            (Annotated[str, re.compile("^x")], {"type": "string", "pattern": "^x"}),
        ):  # fmt: skip
            with self.subTest(hint=hint):
                self.assertEqual(schema_of(hint)[0], expected)

    def test_of_records(self):
        self.assertEqual(schema_of(Place)[0], {
            "type": "object", "required": ["city"], "additionalProperties": False,
            "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
        })  # fmt: skip
        self.assertEqual(schema_of(Point)[0]["properties"]["y"],
                         {"type": "integer", "default": 0})  # fmt: skip

    def test_of_types_inside_themselves(self):
        schema, made = schema_of(Node)
        self.assertEqual(schema, {"$ref": "#/$defs/Node"})
        self.assertTrue(made.guard.is_valid(
            '{"value": {"name": "a", "children": [{"name": "b"}]}}'))
        self.assertFalse(made.guard.is_valid('{"value": {"name": "a", "children": [1]}}'))
        node = made.bind({"value": {"name": "a", "children": [{"name": "b"}]}})[1]["value"]
        self.assertEqual(node, Node("a", [Node("b")]))

    @unittest.skipIf(sys.version_info < (3, 12), "the `type` statement came with 3.12")
    def test_of_a_type_statement_inside_itself(self):
        self.assertTrue(SchemaGuard(schema_of(globals()["Tree"])[1].schema).is_valid(
            '{"value": {"a": {"b": 1}}}'))

    def test_of_a_whole_function(self):
        @tool
        def find(text: str, folder: str = ".", *, limit: int = 10, exact: bool = False):
            """Find files.

            Looks into everything.

            Args:
                text (str): what to look for,
                    in any case
                folder: where
            """

        self.assertEqual(find.schema, {
            "type": "object",
            "properties": {
                "text": {"type": "string",
                         "description": "what to look for, in any case"},
                "folder": {"type": "string", "description": "where", "default": "."},
                "limit": {"type": "integer", "default": 10},
                "exact": {"type": "boolean", "default": False},
            },
            "required": ["text"],
            "additionalProperties": False,
        })  # fmt: skip
        self.assertEqual(find.description, "Find files.\n\nLooks into everything.")
        self.assertEqual(find.definition["function"]["parameters"], find.schema)

    def test_of_keyword_arguments(self):
        @tool
        def put(name: str, **values: int):
            return values

        self.assertEqual(put.schema["additionalProperties"], {"type": "integer"})
        self.assertEqual(put.bind({"name": "a", "b": 2})[1], {"name": "a", "b": 2})

    def test_of_hints_that_are_text_or_come_later(self):
        @tool
        def later(value: "Late"):
            return value

        self.assertEqual(later.name, "later")
        globals()["Late"] = int
        self.addCleanup(globals().pop, "Late")
        self.assertEqual(later.schema["properties"]["value"], {"type": "integer"})

    def test_know_constraints_of_other_packages_by_their_attributes(self):
        class Ge:
            ge = 3

        class Length:
            min_length, max_length = 1, 5

        self.assertEqual(schema_of(Annotated[int, Ge()])[0]["minimum"], 3)
        self.assertEqual(schema_of(Annotated[list[int], Length()])[0]["maxItems"], 5)

    def test_that_cannot_be_are_refused_with_the_place(self):
        for hint, said in ((complex, "complex"), (dict[int, str], "keys"),
                           (re.Pattern, "Pattern")):  # fmt: skip
            with self.assertRaisesRegex(TypeError, f"test_tools.py:.*value.*{said}"):
                schema_of(hint)

        with self.assertRaisesRegex(TypeError, r"\*rest"):

            @tool
            def many(*rest: int):
                pass


class Values(unittest.TestCase):
    def test_become_the_hinted_types(self):
        for hint, value, expected in (
            (float, 3, 3.0),
            (int, 3.0, 3),
            (Color, "b", Color.BLUE),
            (Literal[Color.RED], "r", Color.RED),
            (Color | None, None, None),
            (Color | int, "r", Color.RED),
            (datetime.datetime, "2026-01-02T03:04:05Z",
             datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)),
            (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
            (pathlib.Path, "a/b", pathlib.Path("a/b")),
            (bytes, "\u00e9", b"\xc3\xa9"),
            (set[int], [1, 2], {1, 2}),
            (tuple[int, Color], [1, "b"], (1, Color.BLUE)),
            (dict[str, Color], {"a": "r"}, {"a": Color.RED}),
            (Point, {"x": 1}, Point(1, 0)),
            (list[Place], [{"city": "Oslo"}], [{"city": "Oslo"}]),
        ):  # fmt: skip
            with self.subTest(hint=hint):
                found = built(hint, value)
                self.assertEqual(found, expected)
                self.assertIs(type(found), type(expected))

    def test_of_results_become_text(self):
        for value, expected in (
            ("text", "text"),
            ({"a": [1, None, "\u00e9"]}, '{"a": [1, null, "\u00e9"]}'),
            (b"bytes", "bytes"),
            (b"\xff\x00", "[2 bytes that are no text]"),
            (Node("n"), '{"name": "n", "children": []}'),
            ({"when": datetime.date(2026, 1, 2)}, '{"when": "2026-01-02"}'),
            ([Color.RED, {3}], '["r", [3]]'),
            (None, "null"),
            ("\ud800", "?"),
        ):
            self.assertEqual(as_text(value, 100), expected)

    def test_of_results_are_cut(self):
        self.assertEqual(as_text("x" * 20, 5),
                         "xxxxx\n[cut: 20 characters in all, the first 5 are above]")
        for large in ("y" * 100_000_000, b"y" * 100_000_000, ["y" * 1000] * 100_000):
            text = as_text(large, 1000)
            self.assertLess(len(text), 1100)
            self.assertIn("[cut:", text)
        self.assertIn("100,000,000 bytes", as_text(b"\xc3\xa9" * 50_000_000, 1000))

    def test_of_results_that_are_none_are_named(self):
        with self.assertRaisesRegex(TypeError, "generator"):
            as_text((x for x in "ab"), 100)


class Tools(unittest.TestCase):
    def test_stay_callable(self):
        self.assertEqual(module_level("a"), "A")
        self.assertEqual(module_level.__name__, "module_level")
        self.assertEqual(str(inspect.signature(module_level)), "(city: str) -> str")
        self.assertIs(pickle.loads(pickle.dumps(module_level)), module_level)

    def test_of_coroutines_are_awaited(self):
        @tool
        async def double(n: int):
            return 2 * n

        self.assertTrue(double.is_coroutine)
        # Before 3.12 only functions can be told to be coroutine functions.
        marked = hasattr(inspect, "markcoroutinefunction")
        self.assertEqual(inspect.iscoroutinefunction(double), marked)
        self.assertEqual(asyncio.run(double(2)), 4)

    def test_of_methods_are_bound(self):
        class Folder:
            name = "here"

            @tool
            def show(self, file: str):
                """Show it."""
                return f"{self.name}/{file}"

        bound = Folder().show
        self.assertEqual(list(bound.schema["properties"]), ["file"])
        self.assertEqual(Folder.show.schema, bound.schema)
        self.assertEqual(bound("a"), "here/a")

    def test_take_options(self):
        @tool(name="other", description="Does it.", cache=60, timeout=1, max_result=5)
        def function():
            pass

        said = function.definition["function"]
        self.assertEqual((said["name"], said["description"]), ("other", "Does it."))
        self.assertEqual((function.cache, function.timeout), (60, 1))

    def test_refuse_options_that_cannot_be(self):
        for options, said in (
            ({"cache": 60, "side_effects": True}, "side effects"),
            ({"cache": -1}, "above 0"),
            ({"timeout": 0}, "above 0"),
            ({"side_effects": "no"}, "keyed"),
            ({"name": "a b"}, "letters"),
            ({"name": "x" * 65}, "64"),
        ):
            with self.subTest(options), self.assertRaisesRegex(ValueError, said):
                tool(**{"name": "f", **options})(lambda: None)
        with self.assertRaisesRegex(ValueError, "name="):
            tool(lambda: None)

    def test_are_the_same_for_the_store_when_their_code_is(self):
        def make(number):
            @tool(cache=1, name="t")
            def function(a: int):
                return a + number

            return function

        self.assertNotEqual(make(1).cache_name, make(1).cache_name)  # closes over it
        namespaces = [{"__name__": "m"}, {"__name__": "m"}, {"__name__": "m"}]
        for namespace, more in zip(namespaces, ("1", "1", "2"), strict=True):
            exec(f"def f(a: int): return a + {more}", namespace)
        first, second, third = (tool(n["f"]).cache_name for n in namespaces)
        self.assertEqual(first, second)
        self.assertNotEqual(first, third)


class Arguments(unittest.TestCase):
    guard = SchemaGuard({
        "type": "object", "required": ["n"], "additionalProperties": False,
        "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
    })  # fmt: skip
    anything = SchemaGuard({"type": "object"})

    def test_are_read_as_they_are_meant(self):
        for raw in (
            '{"n": 1}', {"n": 1}, '{"n": 1,}', '```json\n{"n": 1}\n```', '```\n{"n": 1}```',
            json.dumps('{"n": 1}'), json.dumps(json.dumps('{"n": 1}')), '{"n": "1"}',
            json.dumps('```json\n{"n": 1}\n```'),
        ):  # fmt: skip
            text, is_valid = arguments.read(self.guard, raw)
            self.assertTrue(is_valid, raw)
            self.assertEqual(json.loads(text), {"n": 1})
        for raw in (None, "", " ", "null"):
            self.assertEqual(arguments.read(self.anything, raw), ("{}", True))

    def test_that_fit_are_not_touched(self):
        raw = '{"n": 1, "s": "```json\\n{}\\n```"}'
        self.assertEqual(arguments.read(self.guard, raw), (raw, True))
        self.assertEqual(arguments.read(self.guard, '{"n": 1, "s": "5"}')[0],
                         '{"n": 1, "s": "5"}')  # fmt: skip

    def test_that_do_not_fit_are_not_made_to(self):
        for raw in ('{"n": 1', '{"n": "x"}', "[1]", '"text"', '{"m": 1}', "[" * 100_000):
            self.assertFalse(arguments.read(self.guard, raw)[1], raw)


class Docstrings(unittest.TestCase):
    def test_of_each_style(self):
        for text in (
            "Do it.\n\nArgs:\n    a: the a\n    b (int): the b\n\nReturns:\n    a: no\n",
            "Do it.\n\nParameters\n----------\na : str\n    the a\nb\n    the b\n\n"
            "Returns\n-------\nstr\n    a: no\n",
            "Do it.\n\n:param a: the a\n:param int b: the b\n:returns: no\n",
            "Do it.\n\na: the a\nb: the b\n",
        ):
            self.assertEqual(docs.read(text, {"a", "b"}),
                             ("Do it.", {"a": "the a", "b": "the b"}))  # fmt: skip

    def test_without_any(self):
        self.assertEqual(docs.read(None, {"a"}), ("", {}))


class Examples(unittest.TestCase):
    def test_in_the_docstrings_are_right(self):
        for module in (ferrule.kit.shapes, ferrule.kit.tools):
            failed, attempted = doctest.testmod(module)
            self.assertEqual(failed, 0)
            self.assertGreater(attempted, 0)


if __name__ == "__main__":
    unittest.main()
