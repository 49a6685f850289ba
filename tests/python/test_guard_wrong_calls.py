# SPDX-License-Identifier: MIT
"""Wrong tool calls and what has to be said about each: wrong_calls.json.

In a call the byte that is to blame follows the mark `¦`, which is no part of it. `count`
is the number of errors, 1 unless said; `allowed` are the values or names that have to be
listed, `branch` the number of the right branch of oneOf. The expectations were written
down from the schemas, not from answers of the guard.
"""

import json
import unittest
from pathlib import Path

from ferrule import SchemaGuard

MARK = "\u00a6"
CORPUS = json.loads(Path(__file__).with_name("wrong_calls.json").read_text("utf-8"))
CALLS_MIN = 200


class WrongCalls(unittest.TestCase):
    def setUp(self):
        self.guards = {name: SchemaGuard(s) for name, s in CORPUS["tools"].items()}

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(CORPUS["calls"]), CALLS_MIN)

    def test_each_call(self):
        for row in CORPUS["calls"]:
            before, _, after = row["call"].partition(MARK)
            with self.subTest(tool=row["tool"], call=row["call"]):
                guard = self.guards[row["tool"]]
                self.assertFalse(guard.is_valid(before + after))
                errors = guard.errors(before + after)
                self.assertEqual(len(errors), row.get("count", 1), errors)
                self.check(errors[-1], row, before)
                said = guard.explain(before + after)
                self.assertIn(errors[-1].message, said)

    def check(self, error, row, before):
        self.assertEqual((error.code, error.instance_path), (row["code"], row["pointer"]))
        self.assertEqual(error.offset, len(before.encode()))
        self.assertEqual(error.line, before.count("\n") + 1)
        self.assertEqual(error.column, len(before.rpartition("\n")[2]) + 1)
        for value in row.get("allowed", ()):
            self.assertIn(value, error.expected)
            self.assertIn(value, error.message)
        for field in ("expected", "got", "nearest"):
            if field in row:
                self.assertEqual(getattr(error, field), row[field], field)
        if "branch" in row:
            self.assertEqual(error.branch.split()[0], str(row["branch"]))


if __name__ == "__main__":
    unittest.main()
