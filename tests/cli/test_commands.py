# SPDX-License-Identifier: MIT
"""ferrule's own commands: help, info, check."""

import json
import os
import re
import unittest

from host import FERRULE, HostCase, run

COMMANDS = ("run", "info", "check", "profile", "pack", "status", "top", "verify", "self")


class Help(HostCase):
    def test_usage_without_arguments(self):
        done = self.expect(run(), code=2, out="")
        self.assertIn("ferrule run", done.stderr)

    def test_help(self):
        for option in ("--help", "-h"):
            with self.subTest(option=option):
                self.assertIn("ferrule run", self.expect(run(option), err="").stdout)

    def test_help_names_what_works_and_nothing_else(self):
        text = self.expect(run("--help")).stdout
        named = [c for c in COMMANDS if re.search(rf"^\s*(ferrule )?{c}\b", text, re.M)]
        self.assertIn("run", named)
        for command in named:
            with self.subTest(command=command):
                self.expect(run(command, "--help"), err="")

    def test_exit_codes_are_documented(self):
        text = self.expect(run("--help")).stdout
        for code in ("0", "1", "2", "3", "4", "70"):
            self.assertRegex(text, rf"\b{code}\b")


class Info(HostCase):
    def test_json(self):
        done = self.expect(run("info", "--json"), err="")
        info = json.loads(done.stdout)
        text = json.dumps(info)
        for word in ("_ferrule_cache", "_ferrule_guard", "_json", "3.13", "landlock"):
            self.assertIn(word, text.lower() if word == "landlock" else text)
        self.assertIn(os.path.getsize(FERRULE), list(numbers(info)))

    def test_text(self):
        self.assertIn("_ferrule_cache", self.expect(run("info"), err="").stdout)

    def test_unknown_option(self):
        self.expect(run("info", "--nonsense"), code=2, out="")


def numbers(value):
    """All numbers in nested JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int):
        yield value


if __name__ == "__main__":
    unittest.main()
