# SPDX-License-Identifier: MIT
"""schemas - what schemas are put together from: the Shape of a hint, objects, defaults,
references."""

import sys

__all__ = ["DEFAULT_ABSENT", "MISSING", "Shape", "object_schema", "plain", "rename",
           "with_default"]  # fmt: skip

MISSING = object()  # there is no default: the value is required
DEFAULT_ABSENT = object()  # there is one, but it has no JSON form


class Shape:
    """schema: JSON Schema of the values. build: from a valid JSON value to the Python
    one; None when they are the same."""

    __slots__ = ("schema", "build")

    def __init__(self, schema, build=None):
        self.schema = schema
        self.build = build


def object_schema(fields):
    """The schema of an object. fields: (name, schema, is_required)."""
    schema = {"type": "object", "properties": {name: part for name, part, _ in fields}}
    required = [name for name, _, is_required in fields if is_required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    return schema


def with_default(schema, default, text=""):
    """The schema with what is said about it; default: a Python value or MISSING."""
    extra = {"description": text} if text else {}
    value = DEFAULT_ABSENT if default is MISSING else plain(default)
    if value is not DEFAULT_ABSENT:
        extra["default"] = value
    return {**schema, **extra} if extra else schema


def plain(value):
    """The JSON form of a default; DEFAULT_ABSENT when it has none."""
    if value is None or isinstance(value, (str, int, float, bool)):
        inner = getattr(value, "value", value)  # a member of StrEnum and its kin
        return inner if type(inner) in (str, int, float, bool) else value
    if isinstance(value, (list, tuple)):
        inner = [plain(item) for item in value]
        return DEFAULT_ABSENT if DEFAULT_ABSENT in inner else inner
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        made = {key: plain(item) for key, item in value.items()}
        return DEFAULT_ABSENT if DEFAULT_ABSENT in made.values() else made
    enum = sys.modules.get("enum")
    if enum and isinstance(value, enum.Enum):
        return plain(value.value)
    return DEFAULT_ABSENT


def rename(schema, names):
    """Let "$ref"s in a schema follow definitions that moved: {old $ref: new name}."""
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if part.get("$ref") in names:
                part["$ref"] = f"#/$defs/{names[part['$ref']]}"
            todo += part.values()
        elif isinstance(part, list):
            todo += part
