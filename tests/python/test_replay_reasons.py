# SPDX-License-Identifier: MIT
"""agents/replay words the guard's errors so that a person reads them at once."""

import json
import unittest

from support import replay  # first: makes the agent's modules importable

from ferrule import SchemaGuard
from reasons import reasons
from records import Tool


def words(properties, arguments):
    schema = replay.tool(properties=properties)["parameters"]
    payload = arguments if isinstance(arguments, str) else json.dumps(arguments)
    tool = Tool("t", schema, True, 1)
    return reasons(tool, SchemaGuard(schema), payload.encode())


class Wording(unittest.TestCase):
    def test_one_mistake_one_sentence(self):
        text, whole = {"type": "string"}, {"type": "integer"}
        for properties, arguments, wanted in [
            ({"city": text}, {}, '"city" is missing'),
            (
                {"city": text},
                {"city": "x", "cty": 1},
                'unknown argument "cty" (did you mean "city"?)',
            ),
            ({"city": text}, {"city": "x", "zzz": 1}, 'unknown argument "zzz"'),
            ({"days": whole}, {"days": "3"}, '"days" must be a whole number, not text'),
            (
                {"days": whole},
                {"days": 1.5},
                '"days" must be a whole number, not a fraction',
            ),
            (
                {"days": whole},
                {"days": None},
                '"days" must be a whole number, not null',
            ),
            (
                {"days": {"type": ["integer", "null"]}},
                {"days": "3"},
                '"days" must be a whole number or null, not text',
            ),
            (
                {"unit": {"enum": ["c", "f"]}},
                {"unit": "k"},
                '"unit" must be one of "c", "f"',
            ),
            ({"n": {"maximum": 10}}, {"n": 11}, '"n" must be at most 10'),
            ({"n": {"minimum": 1}}, {"n": 0}, '"n" must be at least 1'),
            (
                {"s": {"maxLength": 2}},
                {"s": "abc"},
                '"s" must be at most 2 characters long',
            ),
            (
                {"to": {"format": "email"}},
                {"to": "Priya"},
                '"to" must be an e-mail address',
            ),
            (
                {"ip": {"format": "ipv4"}},
                {"ip": "x"},
                '"ip" must be of the format ipv4',
            ),
            ({"s": {"pattern": "^[A-Z]{3}$"}}, {"s": "b"}, '"s" must match ^[A-Z]{3}$'),
            ({"s": {"pattern": "^a"}}, {"s": "b"}, '"s" must match ^a'),
            (
                {"to": {"type": "array", "items": text}},
                {"to": ["a", 1]},
                '"to[]" must be text, not a number',
            ),
            (
                {"f": {"properties": {"x": whole}}},
                {"f": {"x": True}},
                '"f.x" must be a whole number, not true or false',
            ),
        ]:
            with self.subTest(arguments=arguments):
                self.assertEqual(words(properties, arguments), (f"t: {wanted}",))

    def test_many_allowed_values_are_cut_short(self):
        [text] = words({"n": {"enum": [*range(40)]}}, {"n": -1})
        self.assertTrue(text.endswith("4, 5, ... (40 in all)"), text)

    def test_all_mistakes_of_a_call(self):
        properties = {"city": {"type": "string"}, "days": {"type": "integer"}}
        self.assertEqual(
            sorted(words(properties, {"days": "3", "day": 3})),
            [
                't: "city" is missing',
                't: "days" must be a whole number, not text',
                't: unknown argument "day" (did you mean "days"?)',
            ],
        )

    def test_text_that_is_not_json(self):
        self.assertEqual(words({"a": {}}, '{"a": '), ("t: the arguments are not JSON",))

    def test_a_keyword_without_own_words_is_told_in_the_guards(self):
        [text] = words({"a": {"not": {"type": "string"}}}, {"a": "x"})
        self.assertTrue(text.startswith('t: "a" '), text)


if __name__ == "__main__":
    unittest.main()
