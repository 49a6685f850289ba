# SPDX-License-Identifier: MIT
"""agent_native_core.RequestSchemaGuard, with Python's own `json` and `re`."""

import re

from parity.reference_json import parse


class ReferenceRequestGuard:
    def __init__(self, patterns, required):
        # Python's $ also matches before a last newline; ECMA-262's does not.
        self.patterns = [re.compile(source.replace("$", r"\Z")) for source in patterns]
        self.required = required

    def validate(self, payload):
        try:
            value = parse(payload)
        except ValueError as error:
            raise TypeError(str(error)) from None
        errors = []
        if isinstance(value, dict):
            errors += [
                f"Missing required field: {name}"
                for name in self.required
                if name not in value
            ]
        else:
            errors.append("Payload must be a JSON object")
        if self.patterns and not any(p.search(payload) for p in self.patterns):
            errors.append("Payload violates schema constraints")
        return errors
