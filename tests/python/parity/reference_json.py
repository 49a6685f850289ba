# SPDX-License-Identifier: MIT
"""When are two JSON values equal? The shortest answer that is obviously right."""

import json
from fractions import Fraction


def parse(payload):
    """Strict RFC 8259, unlike json.loads: no NaN, no duplicate names, no odd bytes."""
    if isinstance(payload, (bytes, bytearray)):
        payload = bytes(payload).decode("utf-8")
    payload.encode("utf-8")  # a lone surrogate is no text
    value = json.loads(
        payload, object_pairs_hook=_object, parse_constant=_refuse_constant
    )
    return value


def _object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate name")
    return members


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def key(value):
    """A hashable thing; two JSON values are equal where their keys are.

    RFC 8785: order of members and spelling of numbers do not matter. Whole numbers
    keep every digit, also above 2**53.
    """
    if value is None or isinstance(value, (bool, str)):
        return type(value).__name__, value
    if isinstance(value, (int, float)):
        return "number", Fraction(value)
    if isinstance(value, list):
        return "list", tuple(map(key, value))
    return "object", frozenset((name, key(item)) for name, item in value.items())


def same(left, right):
    """Equal as Python builds them: type by type, so 1 is not 1.0 and not True."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(
            map(same, left.values(), right.values())
        )
    return repr(left) == repr(right)
