# SPDX-License-Identifier: MIT
"""A JSON Schema validator one can check by reading: the core keywords of 2020-12.

`errors(schema, value)` yields (keyword, instance pointer) for each keyword that fails.
Keywords it does not know are ignored, as the specification has it. Patterns are those
on which Python's `re` and ECMA-262 agree.
"""

import re
from fractions import Fraction

from parity.reference_json import key


def is_valid(schema, value):
    return not any(True for _ in errors(schema, value))


def errors(schema, value, at=""):
    if schema is True:
        return
    if schema is False:
        yield "false", at  # the schema itself, no keyword
        return
    for keyword, rule in schema.items():
        yield from KEYWORDS.get(keyword, _ignored)(schema, rule, value, at)


def _ignored(schema, rule, value, at):
    return ()


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _check(keyword, applies, holds):
    """Most keywords are one condition on one kind of value."""

    def check(schema, rule, value, at):
        if applies(value) and not holds(rule, value):
            yield keyword, at

    return check


def _type(schema, rule, value, at):
    if not any(
        TYPES[name](value) for name in ([rule] if isinstance(rule, str) else rule)
    ):
        yield "type", at


def _required(schema, rule, value, at):
    if isinstance(value, dict):
        for name in rule:
            if name not in value:
                yield "required", at


def _properties(schema, rule, value, at):
    if isinstance(value, dict):
        for name, inner in rule.items():
            if name in value:
                yield from errors(inner, value[name], f"{at}/{_escape(name)}")


def _escape(name):
    return name.replace("~", "~0").replace("/", "~1")


def _additional(schema, rule, value, at):
    if isinstance(value, dict):
        for name in value.keys() - schema.get("properties", {}).keys():
            if rule is False:
                yield "additionalProperties", at
            else:
                yield from errors(rule, value[name], f"{at}/{_escape(name)}")


def _items(schema, rule, value, at):
    if isinstance(value, list):
        for index in range(len(schema.get("prefixItems", ())), len(value)):
            yield from errors(rule, value[index], f"{at}/{index}")


def _prefix_items(schema, rule, value, at):
    if isinstance(value, list):
        for index, (inner, item) in enumerate(zip(rule, value)):
            yield from errors(inner, item, f"{at}/{index}")


def _all_of(schema, rule, value, at):
    for inner in rule:
        yield from errors(inner, value, at)


def _any(value):
    return True


def _multiple(rule, value):
    return (Fraction(value) / Fraction(rule)).denominator == 1


def _matches(rule, value):
    # Python's $ also matches before a last newline; ECMA-262's does not.
    return re.search(rule.replace("$", r"\Z"), value) is not None


is_text, is_list, is_object = TYPES["string"], TYPES["array"], TYPES["object"]

KEYWORDS = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "prefixItems": _prefix_items,
    "allOf": _all_of,
    "anyOf": _check("anyOf", _any, lambda r, v: any(is_valid(s, v) for s in r)),
    "oneOf": _check("oneOf", _any, lambda r, v: sum(is_valid(s, v) for s in r) == 1),
    "not": _check("not", _any, lambda r, v: not is_valid(r, v)),
    "enum": _check("enum", _any, lambda r, v: key(v) in map(key, r)),
    "const": _check("const", _any, lambda r, v: key(v) == key(r)),
    "minLength": _check("minLength", is_text, lambda r, v: len(v) >= r),
    "maxLength": _check("maxLength", is_text, lambda r, v: len(v) <= r),
    "pattern": _check("pattern", is_text, _matches),
    "minimum": _check("minimum", _is_number, lambda r, v: v >= r),
    "maximum": _check("maximum", _is_number, lambda r, v: v <= r),
    "exclusiveMinimum": _check("exclusiveMinimum", _is_number, lambda r, v: v > r),
    "exclusiveMaximum": _check("exclusiveMaximum", _is_number, lambda r, v: v < r),
    "multipleOf": _check("multipleOf", _is_number, _multiple),
    "minItems": _check("minItems", is_list, lambda r, v: len(v) >= r),
    "maxItems": _check("maxItems", is_list, lambda r, v: len(v) <= r),
    "uniqueItems": _check(
        "uniqueItems", is_list, lambda r, v: not r or len({*map(key, v)}) == len(v)
    ),
    "minProperties": _check("minProperties", is_object, lambda r, v: len(v) >= r),
    "maxProperties": _check("maxProperties", is_object, lambda r, v: len(v) <= r),
}
