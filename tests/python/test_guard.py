# SPDX-License-Identifier: MIT
"""ferrule.SchemaGuard as an agent uses it: the API, exceptions, limits, bad input."""

import json
import os
import threading
import unittest

from ferrule import InvalidPayload, InvalidSchema, SchemaGuard
from ferrule.guard import check

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1},
        "unit": {"enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city"],
    "additionalProperties": False,
}
GOOD = '{"city": "Riga", "days": 3}'
BAD = '{"city": 7,\n "dys": 3}'


class Verdicts(unittest.TestCase):
    def test_schema_as_text_bytes_and_object(self):
        for schema in (SCHEMA, json.dumps(SCHEMA), json.dumps(SCHEMA).encode()):
            guard = SchemaGuard(schema)
            self.assertIs(guard.is_valid(GOOD), True)
            self.assertIs(guard.is_valid(GOOD.encode()), True)
            self.assertIs(guard.is_valid(BAD), False)

    def test_validate_raises_what_errors_lists(self):
        guard = SchemaGuard(SCHEMA)
        self.assertIsNone(guard.validate(GOOD))
        with self.assertRaises(InvalidPayload) as caught:
            guard.validate(BAD)
        self.assertIsInstance(caught.exception, ValueError)
        self.assertEqual(caught.exception.errors, guard.errors(BAD))
        self.assertEqual(str(caught.exception), guard.explain(BAD))

    def test_an_error_says_where_and_what(self):
        wrong_type, unknown = SchemaGuard(SCHEMA).errors(BAD)
        self.assertEqual(wrong_type.code, "wrong-type")
        self.assertEqual(wrong_type.keyword, "type")
        self.assertEqual(wrong_type.instance_path, "/city")
        self.assertEqual(wrong_type.schema_path, "/properties/city/type")
        self.assertEqual((wrong_type.expected, wrong_type.got), ("string", "7"))
        self.assertEqual((unknown.line, unknown.column), (2, 2))
        self.assertEqual(BAD[unknown.offset :][:5], '"dys"')
        self.assertEqual(unknown.nearest, "days")

    def test_explain_is_empty_when_valid(self):
        self.assertEqual(SchemaGuard(SCHEMA).explain(GOOD), "")
        self.assertIn('did you mean "days"?', SchemaGuard(SCHEMA).explain(BAD))

    def test_wrong_types_of_payload(self):
        guard = SchemaGuard(SCHEMA)
        for payload in (None, 1, {"city": "Riga"}, ["x"]):
            with self.assertRaises(TypeError):
                guard.is_valid(payload)

    def test_text_that_is_no_text(self):
        guard = SchemaGuard({})
        for payload in ('"\ud800"', b'"\xff"', b"\x00", "", b'"\xed\xa0\x80"'):
            self.assertIs(guard.is_valid(payload), False, payload)
            self.assertEqual(guard.errors(payload)[0].code, "syntax")
        self.assertIs(guard.is_valid(GOOD), True)

    def test_large_payload_with_other_threads(self):
        guard = SchemaGuard({"items": SCHEMA})
        payload = "[" + ",".join([GOOD] * 20_000) + "]"
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(guard.is_valid(payload)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [True] * 4)


class Objects(unittest.TestCase):
    def test_loads_builds_what_json_builds(self):
        text = (
            '{"a": [1, -2.5e3, 1E400, true, null, "\\u00e9\\ud83d\\ude00\\n", {}], '
            '"a\\"": 123456789012345678901234567890, "é": 0.1, "b": [], "c": -0}'
        )
        built = SchemaGuard({}).loads(text)
        self.assertEqual(repr(built), repr(json.loads(text)))
        self.assertEqual(repr(SchemaGuard({}).loads('"\\ud800"')), repr("\ud800"))

    def test_loads_refuses(self):
        with self.assertRaises(InvalidPayload):
            SchemaGuard(SCHEMA).loads(BAD)

    def test_parsed_objects(self):
        guard = SchemaGuard(SCHEMA)
        self.assertIs(guard.is_valid_object({"city": "Riga\n\ud800é"}), True)
        self.assertIs(guard.is_valid_object({"city": 1}), False)
        self.assertIs(SchemaGuard({"type": "integer"}).is_valid_object(1.0), True)
        self.assertIs(SchemaGuard({"type": "integer"}).is_valid_object(True), False)
        self.assertIs(SchemaGuard({}).is_valid_object(float("nan")), False)
        with self.assertRaises(TypeError):
            guard.is_valid_object({"city": object()})
        with self.assertRaises(TypeError):
            guard.is_valid_object({1: 2})

    def test_an_object_that_contains_itself(self):
        loop = []
        loop.append(loop)
        self.assertIs(SchemaGuard({}).is_valid_object(loop), False)


class Streams(unittest.TestCase):
    def test_three_verdicts(self):
        stream = SchemaGuard(SCHEMA).stream()
        states = [stream.feed(piece) for piece in ('{"ci', b'ty": "R', 'iga"', "}")]
        self.assertEqual(states, ["valid-so-far"] * 3 + ["complete"])
        self.assertEqual(stream.finish(), "complete")
        self.assertEqual(stream.errors(), [])

    def test_invalid_as_soon_as_it_can_be_known(self):
        stream = SchemaGuard(SCHEMA).stream()
        self.assertEqual(stream.feed('{"city": '), "valid-so-far")
        self.assertEqual(stream.feed("7"), "invalid")
        self.assertEqual(stream.errors()[0].instance_path, "/city")
        self.assertEqual(stream.feed('"days": 1}'), "invalid")


class Schemas(unittest.TestCase):
    def test_bad_schemas(self):
        for schema in ("{", 3, [], {"type": "strin"}, {"pattern": "("}, {"$ref": "#/no"},
                       {"$ref": "#"}, {"$schema": "urn:none"}, {"minimum": "1"},
                       {"x": object()}):  # fmt: skip
            with self.assertRaises(InvalidSchema, msg=schema) as caught:
                SchemaGuard(schema)
            self.assertIsInstance(caught.exception, ValueError)

    def test_resources_drafts_and_formats(self):
        guard = SchemaGuard(
            {"$ref": "http://example.com/name"},
            resources={"http://example.com/name": {"maxLength": 2}},
        )
        self.assertIs(guard.is_valid('"abc"'), False)
        old = SchemaGuard({"exclusiveMinimum": True, "minimum": 1}, draft="draft-04")
        self.assertIs(old.is_valid("1"), False)
        dated = {"format": "date"}
        self.assertIs(SchemaGuard(dated).is_valid('"2024-02-30"'), False)
        self.assertIs(
            SchemaGuard(dated, assert_formats=False).is_valid('"2024-02-30"'), True
        )
        with self.assertRaises(ValueError):
            SchemaGuard({}, draft="draft-99")

    def test_limits(self):
        self.assertIs(SchemaGuard({}, max_depth=2).is_valid("[[[]]]"), False)
        self.assertIs(SchemaGuard({}, max_bytes=3).is_valid("1234"), False)
        last = SchemaGuard({"properties": {"a": {"const": 2}}}, duplicate_keys="last")
        self.assertEqual(last.loads('{"b": 1, "b": 2}'), {"b": 2})
        self.assertIs(SchemaGuard({}).is_valid('{"b": 1, "b": 2}'), False)

    def test_options_of_another_kind_are_refused(self):
        for kind, options in (
            (ValueError, {"max_bytes": 0}),
            (ValueError, {"max_bytes": 1 << 70}),
            (ValueError, {"max_depth": 0}),
            (ValueError, {"max_depth": 1025}),
            (TypeError, {"max_depth": "a"}),
            (TypeError, {"resources": 5}),
            (TypeError, {"resources": {1: {}}}),
        ):
            with self.subTest(options=options), self.assertRaises(kind):
                SchemaGuard({}, **options)

    def test_limits_of_payloads_are_named_and_leave_the_guard_usable(self):
        guard = SchemaGuard({"pattern": r"^(a+)+\1$"}, max_depth=3, max_bytes=100_000)
        for payload, code, offset in (
            ("[" * 100_000, "limit-depth", 3),
            ("[" + "1," * 60_000, "limit-size", 0),
            (json.dumps("a" * 5000 + "!"), "limit-pattern", 0),
        ):
            self.assertIs(guard.is_valid(payload), False)
            [error] = guard.errors(payload)
            self.assertEqual((error.code, error.offset), (code, offset))
            self.assertIs(guard.is_valid('"aaa"'), True)

    def test_payloads_beyond_two_gigabytes(self):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if free < 8 << 30:
            self.skipTest(f"needs 8 GiB of free memory, there are {free >> 30}")
        guard = SchemaGuard({"properties": {"z": {"type": "integer"}}}, max_bytes=1 << 32)
        blanks = (1 << 31) + 1000
        payload = b" " * blanks + b'{"z": 7.5}'
        [error] = guard.errors(payload)
        self.assertEqual((error.code, error.offset, error.column),
                         ("wrong-type", blanks + 6, blanks + 7))
        self.assertIs(SchemaGuard({}).is_valid(payload), False)
        self.assertEqual(SchemaGuard({}).errors(payload)[0].code, "limit-size")
        self.assertIs(guard.is_valid(b'{"z": 7}'), True)

    def test_limits_of_schemas(self):
        deep = '{"not":' * 300 + "{}" + "}" * 300
        with self.assertRaisesRegex(InvalidSchema, "line 1, column"):
            SchemaGuard(deep)
        with self.assertRaisesRegex(InvalidSchema, "37 significant digits"):
            SchemaGuard('{"multipleOf": 0.12345678901234567890123456789012345678}')
        with self.assertRaisesRegex(
            InvalidSchema, "character 11: a reference to a group in a lookbehind"
        ):
            SchemaGuard({"pattern": r"(?<=(a+))b\1"})
        with self.assertRaisesRegex(InvalidSchema, "https://example.com/x"):
            SchemaGuard({"$ref": "https://example.com/x"})
        with self.assertRaises(InvalidSchema):
            SchemaGuard({"allOf": [{"$ref": "#/allOf/1"}, {"$ref": "#/allOf/0"}]})

    def test_check_gives_advice(self):
        [problem] = check('{\n "propertes": {}}')
        self.assertFalse(problem.is_error)
        self.assertEqual((problem.line, problem.column), (2, 2))
        self.assertIn('did you mean "properties"?', problem.message)

    def test_check_says_how_many_problems_it_leaves_out(self):
        for count in (100, 101, 102, 350):
            schema = "{" + ",\n".join(f'"x{i}": 1' for i in range(count)) + "}"
            problems = check(schema)
            self.assertEqual(len(problems), min(count, 101))
            *_, last = problems
            self.assertEqual(last.line, min(count, 101))
            more = f"and {count - 100} more problems" in last.message
            self.assertEqual(more, count > 101, last.message)

    def test_a_pattern_that_takes_too_long_is_an_error(self):
        guard = SchemaGuard({"not": {"pattern": r"^(a+)+\1$"}})
        [error] = guard.errors(json.dumps("a" * 5000 + "!"))
        self.assertEqual(error.code, "limit-pattern")


if __name__ == "__main__":
    unittest.main()
