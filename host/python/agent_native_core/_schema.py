# SPDX-License-Identifier: MIT
"""RequestSchemaGuard, as agents know it from the module of that name."""

import _ferrule_guard


class RequestSchemaGuard:
    """Patterns of which one has to match the payload's text, and required fields."""

    __slots__ = ("_guard", "_patterns", "_required")

    def __init__(self, patterns, required):
        self._patterns = [_ferrule_guard.Pattern(pattern) for pattern in patterns]
        self._required = list(required)
        # One pass tells both whether the text is JSON and which names are there.
        self._guard = _ferrule_guard.Guard(
            _object_schema(self._required), None, False, (), 1024, 1 << 30, False
        )

    def validate(self, payload):
        """Return what is wrong with the payload (str of JSON), [] when nothing is."""
        errors = [] if self._guard.is_valid(payload) else self._errors(payload)
        if self._patterns and not any(p.search(payload) for p in self._patterns):
            errors.append("Payload violates schema constraints")
        return errors

    def _errors(self, payload):
        missing = set()
        for issue in self._guard.errors(payload):
            if issue.code == "wrong-type":
                return ["Payload must be a JSON object"]
            if issue.code != "missing-property":
                where = f"line {issue.line}, column {issue.column}"
                raise TypeError(f"{issue.message} ({where})")
            missing.add(issue.expected)
        return [f"Missing required field: {n}" for n in self._required if n in missing]


def _object_schema(required):
    import json

    return json.dumps({"type": "object", "required": required}).encode()
