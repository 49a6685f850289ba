# SPDX-License-Identifier: MIT
"""SchemaGuard beside two other validators, on schemas and payloads nobody wrote.

`jsonschema` is the reference in Python, `jsonschema-rs` an independent one in Rust. A
difference fails the test unless `explained` names its reason.
"""

import json
import unittest

from parity.profile import examples  # first: skips this file without Hypothesis
from hypothesis import given
from hypothesis import strategies as st

try:
    import jsonschema
    import jsonschema_rs
except ImportError as error:
    raise unittest.SkipTest(f"no peers ({error}): no network and a cold cache?") from None

from ferrule import SchemaGuard
from parity import payloads, schemas

NAMES = st.sampled_from(["id", "to", "limit", "a/b", "é"])
SMALL = st.integers(0, 3)


def _some(**keywords):
    return st.fixed_dictionaries({}, optional=keywords)


def applicators(inner):
    """Every keyword that applies schemas, beside some that assert."""
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    return _some(
        type=st.sampled_from([*schemas.TYPES, ["object", "array"], ["string", "null"]]),
        properties=named,
        required=st.lists(NAMES, max_size=2, unique=True),
        additionalProperties=inner,
        patternProperties=st.dictionaries(
            st.sampled_from(["^i", "t", "é", "^[a-l]+$"]), inner, max_size=2),
        propertyNames=inner,
        minProperties=SMALL,
        maxProperties=SMALL,
        dependentRequired=st.dictionaries(
            NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
        dependentSchemas=named,
        items=inner,
        prefixItems=several,
        contains=inner,
        minContains=SMALL,
        maxContains=SMALL,
        uniqueItems=st.booleans(),
        maxItems=SMALL,
        allOf=several,
        anyOf=several,
        oneOf=several,
        **{"not": inner, "if": inner, "then": inner, "else": inner},
        unevaluatedProperties=st.one_of(st.just(False), inner),
        unevaluatedItems=st.one_of(st.just(False), inner),
    )


def referring(inner):
    """A schema whose parts refer to each other, also in a circle."""
    reference = st.sampled_from(["#/$defs/one", "#/$defs/two", "#"])
    below = st.builds(
        lambda schema, name, target: {**schema, "properties": {name: {"$ref": target}}},
        inner, NAMES, reference)
    return st.builds(
        lambda root, one, two: {**root, "$defs": {"one": one, "two": two}},
        below, below, below)


SCHEMAS = st.recursive(schemas.leaves(), applicators, max_leaves=8)
OBJECTS = applicators(SCHEMAS)


def explained(schema, value):
    """Why the reference may judge differently, or None."""
    said = json.dumps(value)
    if '"pattern' in json.dumps(schema) and "\\n" in said:
        return "Python's $ also matches before a last newline"
    return None


class Differential(unittest.TestCase):
    def check(self, schema, value, text):
        guard = SchemaGuard(schema)
        found = guard.is_valid(text)
        self.assertIs(guard.is_valid_object(value), found, "is_valid_object")
        self.assertIs(not guard.errors(text), found, "errors")
        self.assertIs(jsonschema_rs.validator_for(schema).is_valid(value), found,
                      f"jsonschema-rs: {schema} on {text}")
        wanted = jsonschema.Draft202012Validator(schema).is_valid(value)
        if wanted is not found and not explained(schema, value):
            self.fail(f"jsonschema says {wanted}: {schema} on {text}")

    def run_case(self, case):
        schema, value = case
        self.check(schema, value, json.dumps(value))

    @examples(150)
    @given(st.tuples(OBJECTS, payloads.values(8)))
    def test_applicators(self, case):
        self.run_case(case)

    @examples(80)
    @given(st.tuples(referring(OBJECTS), payloads.values(8)))
    def test_references(self, case):
        self.run_case(case)

    @examples(100)
    @given(schemas.flat().flatmap(
        lambda schema: st.tuples(st.just(schema), schemas.fitting(schema))))
    def test_values_that_nearly_fit(self, case):
        self.run_case(case)

    @examples(80)
    @given(st.tuples(schemas.leaves(), payloads.SCALARS))
    def test_scalars(self, case):
        self.run_case(case)


if __name__ == "__main__":
    unittest.main()
