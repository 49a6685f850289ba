# SPDX-License-Identifier: MIT
"""What errors say: fields, masks, the output formats of JSON Schema."""

import copy
import pickle
import unittest

from ferrule import InvalidPayload, SchemaGuard

SCHEMA = {
    "$id": "https://example.com/tree",
    "properties": {
        "name": {"$ref": "#/$defs/name"},
        "children": {"items": {"$ref": "#"}},
        "size": {"type": "integer", "minimum": 1, "multipleOf": 2},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"name": {"$ref": "#/$defs/text"}, "text": {"type": "string"}},
}
BAD = '{"name": 7, "children": [{"size": -1}], "secret": "s3cr3t"}'


class Paths(unittest.TestCase):
    def test_both_ways_to_the_keyword(self):
        ways = {e.evaluation_path: e.schema_path for e in SchemaGuard(SCHEMA).errors(BAD)}
        self.assertEqual(ways, {
            "/properties/name/$ref/$ref/type": "/$defs/text/type",
            "/properties/children/items/$ref/required": "/required",
            "/properties/children/items/$ref/properties/size/minimum":
                "/properties/size/minimum",
            "/properties/children/items/$ref/properties/size/multipleOf":
                "/properties/size/multipleOf",
            "/additionalProperties": "/additionalProperties",
        })

    def test_branches_and_dynamic_references(self):
        guard = SchemaGuard({
            "$dynamicAnchor": "node",
            "allOf": [{"if": True, "then": {"properties": {"a": {"type": "null"}}}}],
            "properties": {"b": {"$dynamicRef": "#node"}},
        })
        found = [e.evaluation_path for e in guard.errors('{"b": {"a": 1}}')]
        self.assertEqual(
            found, ["/properties/b/$dynamicRef/allOf/0/then/properties/a/type"])


class Formats(unittest.TestCase):
    def test_flag(self):
        guard = SchemaGuard(SCHEMA)
        self.assertEqual(guard.output(BAD, "flag"), {"valid": False})
        for format in ("flag", "basic", "list", "compact"):
            self.assertEqual(guard.output('{"name": "x"}', format), {"valid": True})

    def test_basic(self):
        first = SchemaGuard(SCHEMA).output(BAD)["errors"][0]
        self.assertEqual(first, {
            "keywordLocation": "/properties/name/$ref/$ref/type",
            "absoluteKeywordLocation": "#/$defs/text/type",
            "instanceLocation": "/name",
            "error": "expected string, got number 7",
        })

    def test_list_groups_by_schema_and_value(self):
        details = SchemaGuard(SCHEMA).output(BAD, "list")["details"]
        size = [d for d in details if d["instanceLocation"] == "/children/0/size"]
        self.assertEqual(len(size), 1)
        self.assertEqual(set(size[0]["errors"]), {"minimum", "multipleOf"})
        self.assertEqual(size[0]["schemaLocation"], "#/properties/size")
        self.assertEqual(size[0]["evaluationPath"],
                         "/properties/children/items/$ref/properties/size")
        self.assertFalse(size[0]["valid"])

    def test_list_of_text_that_is_no_json(self):
        [detail] = SchemaGuard({}).output("{", "list")["details"]
        self.assertIn("not JSON", detail["errors"]["syntax"])

    def test_compact(self):
        said = SchemaGuard(SCHEMA).output(BAD, "compact")["errors"]
        self.assertEqual(said["/name"], ["expected string, got number 7"])
        self.assertEqual(len(said["/children/0/size"]), 2)

    def test_unknown_format(self):
        with self.assertRaisesRegex(ValueError, '"basic"'):
            SchemaGuard({}).output("1", "yaml")


class Masks(unittest.TestCase):
    SCHEMA = {
        "properties": {
            "a": {"enum": ["s3cret"]},
            "b": {"type": "null"},
            "c": {"pattern": "^x"},
            "d": {"maximum": 2},
            "e": {"uniqueItems": True},
            "f": {"not": {"type": "string"}},
            "g": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
            "h": {"format": "uuid"},
            "i": {"maxLength": 2},
        }
    }
    BAD = (
        '{"a": "s3cre7", "b": "s3cre7", "c": "s3cre7", "d": 53738378, "f": "s3cre7",'
        ' "e": ["s3cre7", "s3cre7"], "g": "s3cre7", "h": "s3cre7", "i": "s3cre7"}'
    )

    def test_no_value_of_the_payload_is_shown(self):
        guard = SchemaGuard(self.SCHEMA, mask="[hidden]")
        errors = guard.errors(self.BAD)
        self.assertEqual({e.instance_path for e in errors}, {f"/{c}" for c in "abcdefghi"})
        for text in (guard.explain(self.BAD), repr(errors),
                     str(guard.output(self.BAD)), str(guard.output(self.BAD, "list"))):
            self.assertNotIn("s3cre7", text)
            self.assertNotIn("53738378", text)
            self.assertIn("[hidden]", text)
        with self.assertRaises(InvalidPayload) as caught:
            guard.loads(self.BAD)
        self.assertNotIn("s3cre7", str(caught.exception))
        stream = guard.stream()
        stream.feed(self.BAD)
        self.assertNotIn("s3cre7", stream.explain())

    def test_without_a_mask_they_are(self):
        self.assertIn("s3cre7", SchemaGuard(self.SCHEMA).explain(self.BAD))

    def test_masks_that_are_no_text(self):
        with self.assertRaises(TypeError):
            SchemaGuard({}, mask=7)


class Fields(unittest.TestCase):
    def test_errors_outlive_guard_and_payload(self):
        errors = SchemaGuard(SCHEMA).errors(bytes(BAD.encode()))
        self.assertEqual(errors[0].got, "7")
        self.assertEqual(errors[0].as_dict()["instance_path"], "/name")

    def test_copies_and_pickles(self):
        guard = SchemaGuard(SCHEMA)
        errors = guard.errors(BAD)
        self.assertEqual(pickle.loads(pickle.dumps(errors)), errors)
        self.assertEqual(copy.deepcopy(errors), errors)
        with self.assertRaises(InvalidPayload) as caught:
            guard.validate(BAD)
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((str(again), again.errors), (str(caught.exception), errors))

    def test_they_cannot_be_changed(self):
        [error] = SchemaGuard({"type": "null"}).errors("1")
        with self.assertRaises(AttributeError):
            error.code = "other"
        with self.assertRaises(TypeError):
            error.__init__(*range(13))


if __name__ == "__main__":
    unittest.main()
