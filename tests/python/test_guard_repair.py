# SPDX-License-Identifier: MIT
"""Repair: what is put right, that each change is listed, and what is left alone."""

import json
import unittest

from ferrule import InvalidPayload, SchemaGuard
from ferrule.guard import Change, Repaired

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1},
        "exact": {"type": "boolean"},
        "note": {"type": ["null", "integer"]},
        "where": {"type": "object", "properties": {"lat": {"type": "number"}},
                  "additionalProperties": False},
        "tags": {"type": "array", "items": {"type": "string"}},
        "unit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "level": {"enum": [1, 2, 3]},
        "version": {"const": 2},
    },
    "required": ["city"],
    "additionalProperties": False,
}


class Repair(unittest.TestCase):
    def setUp(self):
        self.guard = SchemaGuard(SCHEMA)

    def check(self, payload, value, *kinds):
        found = self.guard.loads(payload, repair=True)
        self.assertIsInstance(found, Repaired)
        self.assertEqual(found.value, value)
        self.assertEqual(json.loads(found.text), value)
        self.assertEqual([change.kind for change in found.changes], list(kinds))
        self.assertEqual(self.guard.repair(payload), found)
        return found.changes

    def test_a_valid_payload_is_left_alone(self):
        self.check('{"city": "3", "days": 3}', {"city": "3", "days": 3})
        self.check(b'{"city": "[1,]"}', {"city": "[1,]"})

    def test_numbers_booleans_and_null_in_quotes(self):
        changes = self.check(
            '{"city": "7", "days": "3", "exact": "true", "note": "null", "level": "2",'
            ' "version": "2"}',
            {"city": "7", "days": 3, "exact": True, "note": None, "level": 2,
             "version": 2},
            *["quoted-value"] * 5,
        )
        self.assertEqual(changes[0], Change("quoted-value", "/days", 22, '"3"', "3"))
        self.assertEqual(str(changes[0]), '/days: quoted-value: "3" -> 3')

    def test_double_encoded(self):
        inner = json.dumps({"lat": "1.5"})
        changes = self.check(
            json.dumps({"city": "Riga", "where": inner, "tags": '["a"]'}),
            {"city": "Riga", "where": {"lat": 1.5}, "tags": ["a"]},
            "double-encoded", "quoted-value", "double-encoded",
        )
        self.assertEqual([c.instance_path for c in changes],
                         ["/where", "/where/lat", "/tags"])
        self.check(json.dumps('{"city": "Riga"}'), {"city": "Riga"}, "double-encoded")

    def test_branches(self):
        self.check('{"city": "x", "unit": "4"}', {"city": "x", "unit": 4}, "quoted-value")

    def test_code_fences_and_trailing_commas(self):
        for text in ('```json\n{"city": "x"}\n```', '```\n{"city": "x"}```',
                     'Here it is:\n```JSON\n{"city": "x"}\n```\nBye'):
            self.check(text, {"city": "x"}, "code-fence")
        changes = self.check('{"city": ",}", "tags": ["a", ],\n}',
                             {"city": ",}", "tags": ["a"]},
                             "trailing-comma", "trailing-comma")
        self.assertEqual([c.offset for c in changes], [27, 30])
        self.check('\ufeff{"city": "\u00e9",}', {"city": "\u00e9"}, "byte-order-mark",
                   "trailing-comma")

    def test_what_cannot_be_repaired_is_refused_as_it_came(self):
        for payload in ('{"city": 7}', '{"days": "x"}', '{"city": "x", "days": "0"}', "{",
                        '{"city" "x"}', b"\xff", "", '{"city": "x", "days": "1 2"}',
                        '{"city": "x", "where": "{lat: 1}"}', '{"city": "x",, }'):
            with self.subTest(payload=payload):
                with self.assertRaises(InvalidPayload) as caught:
                    self.guard.loads(payload, repair=True)
                self.assertEqual(caught.exception.errors, self.guard.errors(payload))

    def test_never_without_being_asked(self):
        with self.assertRaises(InvalidPayload):
            self.guard.loads('{"city": "x", "days": "3"}')
        with self.assertRaises(InvalidPayload):
            self.guard.validate('{"city": "x", "days": "3"}', repair=False)
        self.assertEqual(self.guard.validate('{"city": "x",}', repair=True).value,
                         {"city": "x"})

    def test_arguments(self):
        for call in (lambda: self.guard.loads(), lambda: self.guard.loads("1", True),
                     lambda: self.guard.loads("1", fix=True),
                     lambda: self.guard.validate("1", repair=True, fix=1),
                     lambda: self.guard.repair(3)):
            with self.assertRaises(TypeError):
                call()


def rules(schema, profile):
    """{(code, pointer)} of the profile's findings."""
    found = SchemaGuard(schema).lint(profile)
    return {(p.code.removeprefix("lint."), p.pointer) for p in found
            if p.code.startswith("lint.")}


class Lint(unittest.TestCase):
    STRICT = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }

    def test_without_a_profile_it_finds_misspellings(self):
        [problem] = SchemaGuard('{\n "propertes": {}}').lint()
        self.assertEqual((problem.line, problem.column), (2, 2))
        self.assertFalse(problem.is_error)

    def test_the_draft_of_the_guard_counts(self):
        self.assertEqual(SchemaGuard({"id": "urn:x"}, draft="draft-04").lint(), [])
        self.assertTrue(SchemaGuard({"id": "urn:x"}).lint())

    def test_strict_schemas_pass(self):
        for profile in ("openai-strict", "mcp"):
            self.assertEqual(SchemaGuard(self.STRICT).lint(profile), [])

    def test_openai_strict(self):
        self.assertEqual(rules({
            "type": "object",
            "properties": {
                "a": {"type": "object", "properties": {"b/c": {"type": "string"}}},
                "d": {"oneOf": [{"type": "null"}, {"type": "array", "uniqueItems": True}]},
                "e": {"type": "string", "format": "uri"},
                "f": True,
            },
            "required": ["a", "d", "e"],
            "additionalProperties": {"type": "string"},
        }, "openai-strict"), {
            ("optional", "/properties/f"),
            ("optional", "/properties/a/properties/b~1c"),
            ("open-object", "/properties/a"),
            ("open-object", "/additionalProperties"),
            ("keyword", "/properties/d/oneOf"),
            ("keyword", "/properties/d/oneOf/1/uniqueItems"),
            ("format", "/properties/e/format"),
            ("boolean-schema", "/properties/f"),
        })
        self.assertEqual(rules({"anyOf": [{"type": "null"}]}, "openai-strict"),
                         {("root", ""), ("root", "/anyOf")})

    def test_places(self):
        text = '{"type": "object", "required": [],\n  "properties": {"a": {}},\n' \
               '  "additionalProperties": true}'
        found = {p.code: (p.line, p.column)
                 for p in SchemaGuard(text).lint("openai-strict")}
        self.assertEqual(found["lint.optional"], (2, 23))
        self.assertEqual(found["lint.open-object"], (3, 27))

    def test_mcp(self):
        self.assertEqual(rules({"type": "string"}, "mcp"),
                         {("root", ""), ("open-object", "")})
        guard = SchemaGuard(
            {"type": "object", "additionalProperties": False,
             "properties": {"a": {"$ref": "https://example.com/a"}}},
            resources={"https://example.com/a": {}})
        [problem] = guard.lint("mcp")
        self.assertEqual(problem.pointer, "/properties/a/$ref")

    def test_deep_schemas_and_boolean_ones(self):
        deep = {}
        for _ in range(100):
            deep = {"type": "array", "items": deep}
        self.assertIn("lint.depth", {p.code for p in SchemaGuard(deep).lint("openai-strict")})
        self.assertTrue(SchemaGuard(True).lint("mcp"))

    def test_unknown_profile(self):
        with self.assertRaisesRegex(ValueError, '"openai-strict"'):
            SchemaGuard({}).lint("gemini")


if __name__ == "__main__":
    unittest.main()
