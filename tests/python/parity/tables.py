# SPDX-License-Identifier: MIT
"""Schemas and payloads whose every pair is tried: random tries miss rare pairs."""

TEXTS = """
    null true false 0 -0 1 1.0 1e0 10e-1 -1 1.5 2 3 0.5 0.1 0.3 1e-7 12 100 1e2 1E+2
    1e300 9007199254740993 9007199254740992 18446744073709551616
    -9223372036854775809 123456789012345678901234567890 0.30000000000000004 1e-320
    "" "a" "ab" "abc" "12" "true" "\\u0061b" "é" "e\\u0301" "😀" "\\ud83d\\ude00"
    "日本語" "\\n" "a\\u0000b" "a\\/b"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" [] [1] [1,1.0]
    [1,true] [0,false] [[],{}] [1,2,3] ["a","a"] ["a","b"] [null] [[1],[1]]
    [{"a":1,"b":2},{"b":2,"a":1}] [1,"a"] ["a",1] [[[[]]]] {} {"a":1} {"a":"x"}
    {"a":null} {"b":1} {"a":1,"b":2} {"a":1,"b":2,"c":3} {"":1} {"a/b":1} {"m~n":1}
    {"é":1} {"\\u0061":1} {"a":{"a":{"a":1}}} {"A":1} {"aa":1} {"a\\u0020":1}
    {"type":"object"} {"length":1} {"__proto__":1} {"toString":1} {"constructor":{}}
""".split()

_ONE = [
    *({"type": name} for name in ("null", "boolean", "string", "number", "integer")),
    *({"type": name} for name in ("array", "object", ["string", "null"])),
    *({"minimum": n} for n in (0, 1, 1.5, -1, 0.1, 9007199254740993)),
    *({"maximum": n} for n in (0, 1, 1.0, 99, 0.30000000000000004)),
    *({"exclusiveMinimum": n} for n in (0, 1, 0.1, 9007199254740992)),
    *({"exclusiveMaximum": n} for n in (1, 100, 18446744073709551616)),
    *({"multipleOf": n} for n in (1, 2, 0.5, 4)),
    *({"minLength": n} for n in (0, 1, 2, 3)),
    *({"maxLength": n} for n in (0, 1, 2, 61)),
    *({"pattern": p} for p in ("a", "^a?b?$", "^.$", "^$", "^[a-z]{2}$", "^\\d+$")),
    *({"minItems": n} for n in (0, 1, 2)),
    *({"maxItems": n} for n in (0, 1, 2)),
    {"uniqueItems": True},
    {"uniqueItems": False},
    {"items": {"type": "integer"}},
    {"items": False},
    {"prefixItems": [{"type": "integer"}, {"type": "string"}]},
    {"prefixItems": [True], "items": False},
    *({"minProperties": n} for n in (0, 1, 2)),
    *({"maxProperties": n} for n in (0, 1, 2)),
    *({"required": names} for names in ([], ["a"], ["a", "b"], ["é"], [""], ["a/b"])),
    {"required": ["toString"]},
    {"properties": {"a": {"type": "integer"}}},
    {"properties": {"a": False}},
    {"properties": {"a": {"properties": {"a": {"required": ["b"]}}}}},
    {"properties": {"a/b": {"type": "null"}, "m~n": {"type": "null"}, "": False}},
    {"properties": {"a": True}, "additionalProperties": False},
    {
        "properties": {"é": True, "a ": True},
        "additionalProperties": {"type": "integer"},
    },
    {"additionalProperties": False},
    *({"enum": allowed} for allowed in ([1], ["a", "ab"], [None, True], [1.0, 100])),
    {"enum": [[1, 2, 3], {"a": 1, "b": 2}, [], {}, "é", 9007199254740993, 0]},
    *({"const": c} for c in (0, False, 1, True, "", "é", [], {}, None, [1, True])),
    {"const": {"b": 2, "a": 1}},
    True,
    False,
    {},
]
FLAT = [
    *_ONE,
    *({"type": "object", "properties": {"a": inner}} for inner in _ONE),
    *({"type": "array", "items": inner} for inner in _ONE),
    *({"properties": {"a": {"properties": {"a": inner}}}} for inner in _ONE),
]
COMBINED = [
    *({"not": inner} for inner in _ONE),
    *({"allOf": pair} for pair in zip(_ONE, _ONE[7:])),
    *({"anyOf": pair} for pair in zip(_ONE, _ONE[11:])),
    *({"oneOf": pair} for pair in zip(_ONE, _ONE[13:])),
    *({"oneOf": pair} for pair in zip(_ONE, _ONE)),
    *({"anyOf": [{"type": "string"}, {"items": inner}]} for inner in _ONE),
]
