# SPDX-License-Identifier: MIT
"""agent_native_core.RequestSchemaGuard against its twin."""

import unittest

from parity.profile import examples  # first: skips this file without Hypothesis
from hypothesis import given
from hypothesis import strategies as st

from agent_native_core import RequestSchemaGuard
from parity import payloads
from parity.reference_request_guard import ReferenceRequestGuard

# Patterns on which Python's `re` and ECMA-262 agree, applied to the whole text.
PATTERNS = st.lists(
    st.sampled_from(
        ["a", '"id"', r'"to"\s*:', "^[{]", "[}]$", "[0-9]{2}", "zz", r"\[\]"]
    ),
    max_size=3,
)
REQUIRED = st.lists(payloads.NAMES, max_size=3, unique=True)


def outcome(guard, payload):
    try:
        return guard.validate(payload)
    except TypeError:
        return TypeError


class RequestGuard(unittest.TestCase):
    @examples(300)
    @given(PATTERNS, REQUIRED, payloads.objects().flatmap(payloads.spellings))
    def test_objects(self, patterns, required, text):
        self.check(patterns, required, text)

    @examples(200)
    @given(PATTERNS, REQUIRED, payloads.values(3).flatmap(payloads.spellings))
    def test_any_value(self, patterns, required, text):
        self.check(patterns, required, text)

    @examples(200)
    @given(
        PATTERNS, REQUIRED, st.sampled_from(["", "{", "{]", "nul", '{"id" 1}', "[1 2]"])
    )
    def test_text_that_is_not_json(self, patterns, required, text):
        self.check(patterns, required, text)

    def check(self, patterns, required, text):
        found = outcome(RequestSchemaGuard(patterns, required), text)
        self.assertEqual(
            found, outcome(ReferenceRequestGuard(patterns, required), text)
        )

    def test_the_end_is_the_end(self):
        """A newline behind the last brace is a part of the text that `$` stands behind."""
        for text, wanted in (("{}", []), ("{}\n", ["Payload violates schema constraints"])):
            self.check(["[}]$"], [], text)
            self.assertEqual(RequestSchemaGuard(["[}]$"], []).validate(text), wanted)

    def test_bad_pattern(self):
        with self.assertRaises(ValueError):
            RequestSchemaGuard(["("], [])


if __name__ == "__main__":
    unittest.main()
