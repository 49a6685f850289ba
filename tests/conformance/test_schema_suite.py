# SPDX-License-Identifier: MIT
"""The JSON-Schema-Test-Suite through the Python API: one verdict from every method."""

import json
import os
import unittest
from pathlib import Path

from ferrule import InvalidPayload, SchemaGuard

DATA = os.environ.get("FERRULE_TEST_DATA")
FOLDERS = {
    "draft2020-12": "2020-12",
    "draft2019-09": "2019-09",
    "draft7": "draft-07",
    "draft6": "draft-06",
    "draft4": "draft-04",
}
# Why a case may differ from the suite; the C test lists the same.
ANNOTATIONS = "content.json"
FEWEST_CASES = 600  # of any draft: fewer means that the suite was not found whole


def load_remotes(folder):
    return {
        f"http://localhost:1234/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*.json"))
    }


def loads_verdict(guard, payload):
    """(accepted, what loads() built)"""
    try:
        return True, guard.loads(payload)
    except InvalidPayload as refusal:
        assert refusal.errors
        return False, None


def verdicts(guard, value):
    """Every method's verdict on the value."""
    text = json.dumps(value, ensure_ascii=False)
    raw = json.dumps(value).encode()
    accepted, built = loads_verdict(guard, text)
    if accepted and json.dumps(built) != json.dumps(value):
        raise AssertionError(f"loads() built {built!r} of {text!r}")
    stream = guard.stream()
    stream.feed(raw)
    return {
        "is_valid(str)": guard.is_valid(text),
        "is_valid(bytes)": guard.is_valid(raw),
        "is_valid_object": guard.is_valid_object(value),
        "errors": not guard.errors(text),
        "explain": guard.explain(raw) == "",
        "loads": accepted,
        "stream": stream.finish() == "complete",
    }


@unittest.skipUnless(DATA, "FERRULE_TEST_DATA is not set")
class OneVerdict(unittest.TestCase):
    def check_draft(self, folder):
        suite = Path(DATA, "json-schema-test-suite")
        remotes = load_remotes(suite / "remotes")
        cases = 0
        for path in sorted((suite / "tests" / folder).rglob("*.json")):
            is_format = path.parent.name == "format"
            for group in json.loads(path.read_bytes()):
                guard = SchemaGuard(
                    group["schema"], draft=FOLDERS[folder], resources=remotes,
                    assert_formats=is_format,
                )
                for test in group["tests"]:
                    cases += 1
                    found = verdicts(guard, test["data"])
                    wanted = test["valid"]
                    if path.name == ANNOTATIONS and found["is_valid(str)"] != wanted:
                        wanted = True
                    self.assertEqual(
                        found, dict.fromkeys(found, wanted),
                        (path.name, group["description"], test["description"]),
                    )
        self.assertGreater(cases, FEWEST_CASES)

    def test_draft_2020_12(self):
        self.check_draft("draft2020-12")

    def test_draft_2019_09(self):
        self.check_draft("draft2019-09")

    def test_draft_07(self):
        self.check_draft("draft7")

    def test_draft_06(self):
        self.check_draft("draft6")

    def test_draft_04(self):
        self.check_draft("draft4")


if __name__ == "__main__":
    unittest.main()
