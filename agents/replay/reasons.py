# SPDX-License-Identifier: MIT
"""Words the guard's errors for a person, so that equal mistakes read equally.

The guard's own message names the value it found, which differs from call to call.
Here a mistake is told by tool and argument alone: two calls with the same mistake give
the same text and can be counted.
"""

import difflib
import json

KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
FORMATS = {
    "date": "a date like 2026-03-31",
    "time": "a time like 10:00:00Z",
    "date-time": "a date and time like 2026-03-31T10:00:00Z",
    "email": "an e-mail address",
    "uri": "a whole address like https://example.org/page",
    "uuid": "a UUID",
}
ENUM_SHOWN = 6  # more allowed values than a line holds are cut short


def reasons(tool, guard, payload):
    """Returns the distinct mistakes of one invalid call, in the order of the guard."""
    try:
        instance = json.loads(payload)
    except (ValueError, RecursionError):
        return (f"{tool.name}: the arguments are not JSON",)
    words = []
    for error in guard.errors(payload):
        words += [f"{tool.name}: {text}" for text in _worded(tool, instance, error)]
    return tuple(dict.fromkeys(words)) or (f"{tool.name}: refused",)


def _worded(tool, instance, error):
    value = _at(instance, error.instance_path)
    rule = _at(tool.schema, error.schema_path)
    name = _name(error.instance_path)
    describe = WORDING.get(error.keyword)
    if describe is None or rule is MISSING or value is MISSING:
        return [f"{name} {error.message}" if error.instance_path else error.message]
    owner = _at(tool.schema, error.schema_path.rpartition("/")[0])
    return describe(name, value, rule, owner)


# --- JSON Pointer ---------------------------------------------------------------

MISSING = object()


def _at(value, pointer):
    for part in pointer.removeprefix("#").split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(part) if isinstance(value, list) else part]
        except (LookupError, TypeError, ValueError):
            return MISSING
    return value


def _name(pointer):
    """`/filters/0/field` reads better to a person as "filters[].field"."""
    if not pointer:
        return "the arguments"
    parts = pointer.replace("~1", "/").replace("~0", "~").split("/")[1:]
    words = "".join("[]" if part.isdigit() else f".{part}" for part in parts)
    return f'"{words.removeprefix(".")}"'


# --- one function a keyword ------------------------------------------------------


def _required(name, value, rule, owner):
    place = "" if name == "the arguments" else f" in {name}"
    if not isinstance(rule, list) or not isinstance(value, dict):
        return [f"a required argument is missing{place}"]
    return [f'"{key}" is missing{place}' for key in rule if key not in value]


def _additional(name, value, rule, owner):
    known = list(owner.get("properties", ())) if isinstance(owner, dict) else []
    keys = value if isinstance(value, dict) else ()
    return [_unknown(key, known) for key in keys if key not in known]


def _unknown(key, known):
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f'unknown argument "{key}"' + (
        f' (did you mean "{near[0]}"?)' if near else ""
    )


def _type(name, value, rule, owner):
    wanted = rule if isinstance(rule, list) else [rule]
    kinds = " or ".join(KINDS.get(kind, str(kind)) for kind in wanted)
    return [f"{name} must be {kinds}, not {_kind(value)}"]


def _kind(value):
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, float):
        return "a fraction" if value % 1 else "a number"
    names = {str: "text", int: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def _enum(name, value, rule, owner):
    shown = ", ".join(
        json.dumps(item, ensure_ascii=False) for item in rule[:ENUM_SHOWN]
    )
    more = f", ... ({len(rule)} in all)" if len(rule) > ENUM_SHOWN else ""
    return [f"{name} must be one of {shown}{more}"]


def _format(name, value, rule, owner):
    return [f"{name} must be {FORMATS.get(rule, f'of the format {rule}')}"]


def _rule(words):
    """Most keywords say it all with their name and their value."""

    def describe(name, value, rule, owner):
        return [f"{name} {words.format(rule)}"]

    return describe


WORDING = {
    "required": _required,
    "additionalProperties": _additional,
    "type": _type,
    "enum": _enum,
    "const": _rule("must be {!r}"),
    "pattern": _rule("must match {}"),
    "format": _format,
    "minimum": _rule("must be at least {}"),
    "maximum": _rule("must be at most {}"),
    "exclusiveMinimum": _rule("must be more than {}"),
    "exclusiveMaximum": _rule("must be less than {}"),
    "multipleOf": _rule("must be a multiple of {}"),
    "minLength": _rule("must be at least {} characters long"),
    "maxLength": _rule("must be at most {} characters long"),
    "minItems": _rule("needs at least {} items"),
    "maxItems": _rule("may have at most {} items"),
    "uniqueItems": _rule("must not hold the same item twice"),
}
