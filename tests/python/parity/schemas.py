# SPDX-License-Identifier: MIT
"""Hypothesis strategies: schemas of the core keywords, and values that nearly fit."""

from hypothesis import strategies as st

from parity.payloads import NAMES, NUMBERS, WORDS, values

SMALL = st.integers(0, 4)
BOUNDS = st.sampled_from([-1, 0, 1, 2, 7, 10, 0.5, 1.5, 2**53])
PATTERNS = st.sampled_from(
    [
        "a",
        "^a",
        "b$",
        "^ab*c$",
        "^[a-z]{2,3}$",
        "^[0-9]+$",
        "^(ab|12)",
        "[^a]",
        "^$",
        "^.{2}$",
    ]
)
TYPES = ["null", "boolean", "string", "number", "integer", "array", "object"]
MEMBER_TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null"])


def _some(**keywords):
    """A subset of the keywords."""
    return st.fixed_dictionaries({}, optional=keywords)


def strings():
    return _some(minLength=SMALL, maxLength=SMALL, pattern=PATTERNS).map(
        lambda rules: {"type": "string", **rules}
    )


def numbers(kind):
    return _some(
        minimum=BOUNDS,
        maximum=BOUNDS,
        exclusiveMinimum=BOUNDS,
        exclusiveMaximum=BOUNDS,
        multipleOf=st.sampled_from([1, 2, 3, 0.5]),
    ).map(lambda rules: {"type": kind, **rules})


def enums():
    return st.one_of(
        st.lists(
            st.one_of(WORDS, NUMBERS, st.none(), st.booleans()), min_size=1, max_size=5
        ).map(lambda allowed: {"enum": allowed}),
        values(3).map(lambda only: {"const": only}),
    )


def leaves():
    return st.one_of(
        strings(),
        numbers("integer"),
        numbers("number"),
        enums(),
        st.sampled_from(TYPES).map(lambda name: {"type": name}),
        st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True).map(
            lambda names: {"type": names}
        ),
        st.just({}),
        st.booleans(),
    )


def lists(inner):
    return _some(
        items=inner,
        prefixItems=st.lists(inner, min_size=1, max_size=2),
        minItems=SMALL,
        maxItems=SMALL,
        uniqueItems=st.booleans(),
    ).map(lambda rules: {"type": "array", **rules})


def records(inner):
    """The shape of tool calls: a flat object with few short keys."""
    return _some(
        properties=st.dictionaries(NAMES, inner, max_size=5),
        required=st.lists(NAMES, max_size=3, unique=True),
        additionalProperties=st.one_of(st.booleans(), inner),
        minProperties=st.sampled_from([0, 1, 2]),
        maxProperties=st.sampled_from([2, 4, 6]),
    ).map(lambda rules: {"type": "object", **rules})


def flat():
    """No combinators: each failing keyword is one error at one place."""
    return records(st.one_of(leaves(), lists(leaves()), records(leaves())))


def combined():
    choices = st.lists(st.one_of(leaves(), records(leaves())), min_size=1, max_size=3)
    either = st.one_of(
        choices.map(lambda c: {"anyOf": c}),
        choices.map(lambda c: {"oneOf": c}),
        choices.map(lambda c: {"allOf": c}),
        leaves().map(lambda s: {"not": s}),
    )
    return st.one_of(either, records(either), lists(either))


# --- values that nearly fit ---------------------------------------------------------


def fitting(schema):
    """Mostly fits, and is wrong often enough; the reference has the verdict."""
    if not isinstance(schema, dict):
        return values(3)
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return st.one_of([fitting(inner) for inner in schema[keyword]])
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), values(2))
    if "const" in schema:
        return st.one_of(st.just(schema["const"]), values(2))
    names = schema.get("type", TYPES)
    name = names if isinstance(names, str) else names[0]
    return st.one_of([_of_type(name, schema)] * 9 + [values(3)])


def _of_type(name, schema):
    if name == "object":
        return _record(schema)
    if name == "array":
        items = st.one_of(fitting(schema.get("items", True)), st.sampled_from([0, 1]))
        return st.lists(items, max_size=5)
    return {
        "string": WORDS,
        "number": st.one_of(BOUNDS, NUMBERS),
        "integer": st.integers(-3, 12),
        "boolean": st.booleans(),
        "null": st.none(),
    }[name]


def _record(schema):
    known = {n: fitting(inner) for n, inner in schema.get("properties", {}).items()}
    needed = {n: known.get(n, values(2)) for n in schema.get("required", ())}
    rest = {n: inner for n, inner in known.items() if n not in needed}
    record = st.fixed_dictionaries(needed, optional=rest)
    extra = st.dictionaries(NAMES, values(2), min_size=1, max_size=2)
    return st.one_of(record, record, st.builds(lambda r, e: {**e, **r}, record, extra))
