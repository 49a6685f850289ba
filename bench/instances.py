# SPDX-License-Identifier: MIT
"""Instances of JSON Schemas, made from a seed: what real documents look like, roughly."""

import random

DEPTH_FULL = 3  # levels on which optional members appear
DEPTH_MAX = 12
VALUES_MAX = 600 # of one instance; larger ones are given up
TEXTS = ("main", "build", "1.2.3", "https://example.com/a", "2026-01-31", "node:20", "a/b",
         "python -m pytest -q", "linux", "$VALUE", "10m", "user@example.com",
         "2026-01-31T10:00:00Z", "0123456789abcdef0123456789abcdef01234567")  # fmt: skip


class Instances:
    """Values that the schema probably takes; whoever uses them checks."""

    def __init__(self, schema, seed):
        self.root = schema
        self.random = random.Random(seed)
        self.count = 0

    def resolve(self, schema, hops=8):
        while isinstance(schema, dict) and "$ref" in schema and hops:
            value, hops = self.root, hops - 1
            for token in schema["$ref"].lstrip("#").split("/")[1:]:
                token = token.replace("~1", "/").replace("~0", "~")
                value = value[int(token)] if isinstance(value, list) else value[token]
            schema = value
        return schema

    def make(self, schema=None, depth=0):
        self.count += 1
        if self.count > VALUES_MAX:
            raise ValueError("too large")
        schema = self.resolve(self.root if schema is None else schema)
        if not isinstance(schema, dict) or depth > DEPTH_MAX:
            return "any"
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        parts = [self.make(part, depth) for part in schema.get("allOf", ())
                 if self.says_much(part)]  # fmt: skip
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                parts.append(self.make(self.random.choice(schema[keyword]), depth))
        own = self.typed(schema, depth)
        for part in parts:
            if isinstance(own, dict) and isinstance(part, dict):
                own = {**own, **part}
            elif own is None or "type" not in schema:
                own = part
        return own

    def says_much(self, part):
        part = self.resolve(part)
        return isinstance(part, dict) and "if" not in part and "not" not in part

    def typed(self, schema, depth):
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = self.random.choice([k for k in kind if k != "null"] or kind)
        if kind == "object" or (kind is None and "properties" in schema):
            return self.members(schema, depth)
        if kind == "array":
            return self.items(schema, depth)
        if kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
            low = low if isinstance(low, (int, float)) else 0
            high = schema.get("maximum", low + 100)
            number = min(low + self.random.randint(1, 90), high)
            return int(number) if kind == "integer" else number
        if kind == "boolean":
            return self.random.random() < 0.5
        return None if kind in (None, "null") else self.text(schema)

    def text(self, schema):
        text = self.random.choice(schema.get("examples") or TEXTS)
        text = text if isinstance(text, str) else "text"
        while len(text) < schema.get("minLength", 0):
            text += "x"
        return text[: schema.get("maxLength")]

    def members(self, schema, depth):
        required = schema.get("required", ())
        required = required if isinstance(required, list) else ()
        share = 0.6 if depth < DEPTH_FULL else 0.0
        made = {
            name: self.make(inner, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or self.random.random() < share
        }
        for name in required:
            made.setdefault(name, "any")
        rest = schema.get("additionalProperties")
        if isinstance(rest, dict) and (rest or not made) and depth < DEPTH_FULL:
            for number in range(self.random.randint(1, 4)):
                made[f"name-{number}"] = self.make(rest, depth + 1)
        return made

    def items(self, schema, depth):
        inner = schema.get("items", {})
        inner = inner if isinstance(inner, dict) else {}
        count = self.random.randint(1, 4)
        count = min(max(count, schema.get("minItems", 0)), schema.get("maxItems", count))
        return [self.make(inner, depth + 1) for _ in range(count)]


def valid(schema, is_valid, dumps, wanted=4, tries=200):
    """Up to `wanted` texts that is_valid() takes, the longest of `tries` seeds."""
    found = set()
    for seed in range(tries):
        try:
            text = dumps(Instances(schema, seed).make()).encode()
        except (KeyError, ValueError, IndexError, TypeError):
            continue
        if len(text) > 2 and text not in found and is_valid(text):
            found.add(text)
    return sorted(found, key=lambda text: (len(text), text))[-wanted:]
