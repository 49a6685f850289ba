# SPDX-License-Identifier: MIT
"""SchemaGuard against the reference validator: verdicts, errors, loads()."""

import json
import math
import re
import unittest

from parity.profile import examples  # first: skips this file without Hypothesis
from hypothesis import given
from hypothesis import strategies as st

from ferrule import InvalidPayload, SchemaGuard
from parity import payloads, schemas, tables
from parity import reference_guard as reference
from parity.reference_json import parse, same


def with_value(strategy):
    """(schema, a value for it, JSON text of the value)."""
    return strategy.flatmap(
        lambda schema: schemas.fitting(schema).flatmap(
            lambda value: payloads.spellings(value).map(
                lambda text: (schema, value, text)
            )
        )
    )


def places(errors):
    return sorted((error.keyword, error.instance_path) for error in errors)


def follow(value, pointer):
    """The value at a JSON pointer; KeyError or IndexError where there is none."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value[int(part) if isinstance(value, list) else part]
    return value


class Verdicts(unittest.TestCase):
    def check(self, schema, text):
        guard = SchemaGuard(schema)
        wanted = reference.is_valid(schema, parse(text))
        self.assertIs(guard.is_valid(text), wanted, "is_valid(str)")
        self.assertIs(guard.is_valid(text.encode()), wanted, "is_valid(bytes)")
        self.assertIs(guard.is_valid_object(parse(text)), wanted, "is_valid_object")
        self.assertIs(not guard.errors(text), wanted, "errors")
        self.assertIs(guard.explain(text) == "", wanted, "explain")
        return guard, wanted

    @examples(200)
    @given(with_value(schemas.flat()))
    def test_flat_records(self, given_case):
        schema, _, text = given_case
        self.check(schema, text)

    @examples(150)
    @given(with_value(schemas.combined()))
    def test_combinators(self, given_case):
        schema, _, text = given_case
        self.check(schema, text)

    @examples(200)
    @given(with_value(schemas.lists(schemas.leaves())))
    def test_lists(self, given_case):
        schema, _, text = given_case
        self.check(schema, text)

    @examples(200)
    @given(with_value(schemas.leaves()))
    def test_leaves(self, given_case):
        schema, _, text = given_case
        self.check(schema, text)

    @examples(200)
    @given(with_value(schemas.flat()))
    def test_schema_as_text_and_as_object_are_one(self, given_case):
        schema, _, text = given_case
        said = json.dumps(schema)
        wanted = reference.is_valid(schema, parse(text))
        self.assertIs(SchemaGuard(said).is_valid(text), wanted)
        self.assertIs(SchemaGuard(said.encode()).is_valid(text), wanted)

    @examples(200)
    @given(with_value(schemas.flat()))
    def test_validate_raises_the_errors(self, given_case):
        schema, _, text = given_case
        guard, valid = self.check(schema, text)
        if valid:
            self.assertIsNone(guard.validate(text))
            return
        with self.assertRaises(InvalidPayload) as caught:
            guard.validate(text)
        self.assertEqual(places(caught.exception.errors), places(guard.errors(text)))


class Patterns(unittest.TestCase):
    """Every pattern on every word: random tries hit too few of the pairs."""

    SOURCES = (
        "a ^a b$ ^ab*c$ ^[0-9]+$ ^(ab|12) [^a] ^$ ^.{2}$ ^[a-z]{2,3}$ ^[A-Z]{3}$ "
        "^[a-z]{2}(-[A-Z]{2})?$ ^a{0}b$ ^a{2,}$ ^(a|b){1,2}$ ^a{10}$ ^a{1,12}$ "
        "^[a-c]*?b$ "
        r"^(/|~/) ^\d{4}-\d\d$ ^\w+@\w+\.\w+$ ^[^@]+@[^@]+$ (?=a)a a|b$ ^(?!a) "
        r"^[\w.-]+$ \bab\b ^(?:ab)+$ ^(.)\1$ ^\S+\s\S+$ \t \/ ^[\]\[]$ ^\x61\u0062"
    ).split()
    WORDS = (
        "|a|b|ab|aa|aaa|abc|abbbc|ac|abd|xab|12|123|EUR|eur|EU|EURO|no|pt-PT|pt-pt|bb|ba"
        "|aaaaaaaaaa|aaaaaaaaaaaaa|/etc|~/x|~x|2024-06|a@b.cc|a b|a.b-c|]|[|a/b|\t"
    ).split("|")

    def test_every_pattern_on_every_word(self):
        for source in self.SOURCES:
            guard = SchemaGuard({"pattern": source})
            for word in self.WORDS:
                with self.subTest(source=source, word=word):
                    wanted = re.search(source, word, re.ASCII) is not None
                    self.assertIs(guard.is_valid(json.dumps(word)), wanted)


class Pairs(unittest.TestCase):
    """Every schema of the table on every payload of the table."""

    def test_verdicts_errors_and_objects(self):
        pool = [(text, parse(text)) for text in tables.TEXTS]
        for schema in tables.FLAT:
            guard = SchemaGuard(schema)
            for text, value in pool:
                wanted = sorted(reference.errors(schema, value))
                found = places(guard.errors(text))
                self.assertEqual(found, wanted, (schema, text))
                self.assertIs(guard.is_valid(text), not wanted, (schema, text))
                self.assertIs(guard.is_valid_object(value), not wanted, (schema, text))

    def test_verdicts_of_combinators(self):
        pool = [(text, parse(text)) for text in tables.TEXTS]
        for schema in tables.COMBINED:
            guard = SchemaGuard(schema)
            for text, value in pool:
                wanted = reference.is_valid(schema, value)
                self.assertIs(guard.is_valid(text), wanted, (schema, text))
                self.assertIs(not guard.errors(text), wanted, (schema, text))
                self.assertIs(guard.is_valid_object(value), wanted, (schema, text))

    def test_both_paths_lead_somewhere(self):
        for schema in tables.FLAT:
            guard = SchemaGuard(schema)
            for text in tables.TEXTS:
                for error in guard.errors(text):
                    self.check_paths(schema, parse(text), error)

    def check_paths(self, schema, value, error):
        follow(value, error.instance_path)
        try:
            rule = follow(schema, error.schema_path)
        except (LookupError, TypeError):
            self.fail(f"{error.schema_path} is not in {schema}")
        if error.keyword == "false":
            self.assertIs(rule, False, error)
        else:
            self.assertTrue(error.schema_path.endswith(f"/{error.keyword}"), error)

    def test_loads(self):
        guard = SchemaGuard({})
        for text in tables.TEXTS:
            self.assertTrue(same(guard.loads(text), json.loads(text)), text)


class Errors(unittest.TestCase):
    @examples(200)
    @given(with_value(schemas.flat()))
    def test_each_failing_keyword_is_reported_at_its_place(self, given_case):
        schema, _, text = given_case
        found = places(SchemaGuard(schema).errors(text))
        wanted = sorted(reference.errors(schema, parse(text)))
        self.assertEqual(found, wanted)

    @examples(200)
    @given(with_value(schemas.flat()))
    def test_offset_line_and_column_point_into_the_text(self, given_case):
        schema, _, text = given_case
        raw = text.encode()
        for error in SchemaGuard(schema).errors(raw):
            self.assertLessEqual(0, error.offset)
            self.assertLessEqual(error.offset, len(raw))
            before = raw[: error.offset]
            self.assertEqual(error.line, before.count(b"\n") + 1)
            self.assertTrue(error.message)


class Loads(unittest.TestCase):
    @examples(200)
    @given(payloads.values().flatmap(payloads.spellings))
    def test_builds_what_json_loads_builds(self, text):
        built = SchemaGuard({}).loads(text)
        self.assertTrue(same(built, json.loads(text)), f"{built!r} from {text!r}")
        self.assertTrue(same(SchemaGuard({}).loads(text.encode()), json.loads(text)))

    @examples(200)
    @given(with_value(schemas.flat()))
    def test_refuses_what_the_schema_refuses(self, given_case):
        schema, _, text = given_case
        guard = SchemaGuard(schema)
        if reference.is_valid(schema, parse(text)):
            self.assertTrue(same(guard.loads(text), json.loads(text)))
        else:
            with self.assertRaises(InvalidPayload):
                guard.loads(text)


def outside_the_twins(value):
    """What JSON allows and I-JSON does not: both twins may go their own way."""
    if isinstance(value, float):
        return math.isinf(value)
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(map(outside_the_twins, [*value, *value.values()]))
    return isinstance(value, list) and any(map(outside_the_twins, value))


class Grammar(unittest.TestCase):
    """Damaged text: JSON for one is JSON for the other."""

    @examples(500)
    @given(payloads.values(6).flatmap(payloads.spellings).flatmap(payloads.damaged))
    def test_damaged_text(self, text):
        guard = SchemaGuard({})
        try:
            value = parse(text)
        except ValueError:
            self.assertFalse(guard.is_valid(text), text)
            self.assertTrue(guard.errors(text))
            with self.assertRaises(InvalidPayload):
                guard.loads(text)
            return
        if not outside_the_twins(value):
            self.assertTrue(guard.is_valid(text), text)
            self.assertTrue(same(guard.loads(text), value))

    @examples(200)
    @given(st.binary(max_size=12).map(lambda raw: b'"' + raw + b'"'))
    def test_bytes_that_may_not_be_utf8(self, raw):
        try:
            parse(raw)
            wanted = True
        except ValueError:
            wanted = False
        self.assertIs(SchemaGuard({}).is_valid(raw), wanted, raw)


if __name__ == "__main__":
    unittest.main()
