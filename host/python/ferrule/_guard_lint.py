# SPDX-License-Identifier: MIT
"""Rules that schemas of tools have to keep beyond JSON Schema itself."""

import json
from collections import namedtuple

PROFILES = ("openai-strict", "mcp")
FINDINGS_MAX = 100

# What strict function calling leaves out of JSON Schema.
_NOT_STRICT = {
    "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired",
    "dependentSchemas", "dependencies", "patternProperties", "propertyNames",
    "minProperties", "maxProperties", "unevaluatedProperties", "unevaluatedItems",
    "contains", "minContains", "maxContains", "uniqueItems", "prefixItems",
    "additionalItems",
}
_STRICT_FORMATS = {
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
}
_STRICT_DEPTH = 10
_STRICT_PROPERTIES = 5000
_STRICT_CHOICES = 1000
_MCP_DIALECTS = {
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema",
}

_SCHEMA = {"additionalProperties", "additionalItems", "not", "if", "then", "else",
           "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems",
           "contentSchema"}
_SCHEMAS = {"allOf", "anyOf", "oneOf", "prefixItems"}
_SCHEMA_MAPS = {"properties", "patternProperties", "$defs", "definitions",
                "dependentSchemas"}


# Something a profile does not allow, at the path of a value in the schema.
Finding = namedtuple("Finding", "code message path is_error")


class _Walk:
    def __init__(self, schema):
        self.schema, self.findings = schema, []

    def add(self, code, path, message, is_error=True):
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(f"lint.{code}", message, path, is_error))

    def subschemas(self):
        """(path, schema, levels of objects and arrays above) of all, without recursion."""
        todo = [((), self.schema, 0)]
        while todo:
            path, schema, depth = todo.pop()
            yield path, schema, depth
            if isinstance(schema, dict):
                todo += reversed(list(_children(path, schema, depth)))


def _children(path, schema, depth):
    for key, value in schema.items():
        here = (*path, key)
        below = depth + (key in ("properties", "items", "prefixItems"))
        if key in _SCHEMA or (key == "items" and not isinstance(value, list)):
            yield here, value, below
        elif (key in _SCHEMAS or key == "items") and isinstance(value, list):
            for i, item in enumerate(value):
                yield (*here, i), item, below
        elif key in _SCHEMA_MAPS and isinstance(value, dict):
            for name, item in value.items():
                yield (*here, name), item, below


def lint(text, profile):
    """The Findings of the schema, given as JSON text."""
    if profile not in PROFILES:
        known = ", ".join(f'"{name}"' for name in PROFILES)
        raise ValueError(f"unknown profile {profile!r}: known are {known}")
    walk = _Walk(json.loads(text))
    {"openai-strict": _openai_strict, "mcp": _mcp}[profile](walk)
    return walk.findings


def pointer(path):
    return "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)


def _is_object_schema(schema):
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or (
        kind is None and "properties" in schema)


# ---- strict function calling ---------------------------------------------------------


def _openai_strict(walk):
    root = walk.schema
    if not isinstance(root, dict) or root.get("type") != "object":
        walk.add("root", (), "the root must have \"type\": \"object\"")
    if isinstance(root, dict) and "anyOf" in root:
        walk.add("root", ("anyOf",), "the root must not be an anyOf")
    properties = 0
    for path, schema, depth in walk.subschemas():
        if not isinstance(schema, dict):
            if path[-1:] != ("additionalProperties",):
                walk.add("boolean-schema", path, "a schema must be an object here")
            continue
        properties += len(schema.get("properties", ()))
        _strict_keywords(walk, path, schema)
        if _is_object_schema(schema):
            _strict_object(walk, path, schema)
        if depth > _STRICT_DEPTH:
            walk.add("depth", path, f"nested more than {_STRICT_DEPTH} levels")
    if properties > _STRICT_PROPERTIES:
        walk.add("properties", (), f"{properties} properties, at most {_STRICT_PROPERTIES}")


def _strict_keywords(walk, path, schema):
    for key in schema:
        if key in _NOT_STRICT:
            instead = "; use anyOf" if key == "oneOf" else ""
            walk.add("keyword", (*path, key), f"{key} is not supported{instead}")
    format = schema.get("format")
    if isinstance(format, str) and format not in _STRICT_FORMATS:
        walk.add("format", (*path, "format"), f"format {format!r} is not supported; "
                 f"supported are {', '.join(sorted(_STRICT_FORMATS))}")
    choices = schema.get("enum")
    if isinstance(choices, list) and len(choices) > _STRICT_CHOICES:
        walk.add("enum", (*path, "enum"),
                 f"{len(choices)} values, at most {_STRICT_CHOICES}")


def _strict_object(walk, path, schema):
    extra = schema.get("additionalProperties")
    if extra is not False:
        at = (*path, "additionalProperties") if "additionalProperties" in schema else path
        walk.add("open-object", at, 'an object needs "additionalProperties": false')
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    for name in schema.get("properties") or ():
        if name not in required:
            walk.add("optional", (*path, "properties", name),
                     f'"{name}" must be in required; let its type include "null" if it '
                     "may be left out")


# ---- tools of the Model Context Protocol --------------------------------------------


def _mcp(walk):
    root = walk.schema
    if not isinstance(root, dict) or root.get("type") != "object":
        walk.add("root", (), 'the schema of a tool\'s input must have "type": "object"')
    if isinstance(root, dict) and isinstance(root.get("$schema"), str):
        if root["$schema"].rstrip("#") not in _MCP_DIALECTS:
            walk.add("dialect", ("$schema",), f"{root['$schema']!r}: clients have to know "
                     "2020-12 only, and most know draft-07", is_error=False)
    for path, schema, _ in walk.subschemas():
        if not isinstance(schema, dict):
            continue
        for key in ("$ref", "$dynamicRef"):
            target = schema.get(key)
            if isinstance(target, str) and target.partition("#")[0]:
                walk.add("external-ref", (*path, key), f"{key} to {target!r}: clients must "
                         "not fetch it; put it into $defs")
    if isinstance(root, dict) and "additionalProperties" not in root:
        walk.add("open-object", (), 'without "additionalProperties": false a misspelt '
                 "argument is silently dropped", is_error=False)
