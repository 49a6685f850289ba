# SPDX-License-Identifier: MIT
"""unittest_report - run one file of unittest tests and write each result as JSON.

Example: ferrule tests/support/unittest_report.py /dev/stdout tests/python/test_x.py
Each line of the first argument's file is {"event": "start" | "end" | "done", "name",
"outcome": "passed" | "failed" | "skipped", "detail"}. Needs the standard library only,
and works in any Python from 3.11 on.
"""

import argparse
import importlib.util
import json
import os
import sys
import traceback
import unittest


class Reporter(unittest.TestResult):
    def __init__(self, stream, stem):
        super().__init__()
        self.stream = stream
        self.stem = stem
        self.verdict = None

    def write(self, event, name="", outcome="", detail=""):
        line = {"event": event, "name": name, "outcome": outcome, "detail": detail}
        print(json.dumps(line), file=self.stream, flush=True)

    def name_of(self, test):
        parts = test.id().split(".")
        return ".".join([self.stem] + parts[-2:])

    def startTest(self, test):
        super().startTest(test)
        self.verdict = ("passed", "")
        self.write("start", self.name_of(test))

    def stopTest(self, test):
        super().stopTest(test)
        if self.verdict is None:  # 3.12.1 skips a method without starting it
            return
        self.write("end", self.name_of(test), *self.verdict)
        self.verdict = None

    def _fail(self, test, error, head=""):
        text = head + "".join(traceback.format_exception(*error))
        if self.verdict is None:  # in setUpClass or setUpModule
            self.write("end", f"{self.stem}.{test}", "failed", text)
        elif self.verdict[0] == "failed":
            self.verdict = ("failed", self.verdict[1] + "\n" + text)
        else:
            self.verdict = ("failed", text)

    def addError(self, test, error):
        self._fail(test, error)

    def addFailure(self, test, error):
        self._fail(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._fail(test, error, f"{subtest}\n")

    def addSkip(self, test, reason):
        if self.verdict is None:
            self.write("end", f"{self.stem}.{test}", "skipped", reason)
        elif self.verdict[0] != "failed":
            self.verdict = ("skipped", reason)

    def addUnexpectedSuccess(self, test):
        self.verdict = ("failed", "unexpected success")


def tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_of(item)
        else:
            yield item


def chosen(suite, pattern, result):
    """The tests named so; without one, those whose name contains it."""
    tests = list(tests_of(suite))
    exact = [t for t in tests if result.name_of(t) == pattern]
    return exact or [t for t in tests if pattern in result.name_of(t)]


def load(path):
    """The module of a test file, importable by workers under its own name."""
    stem = os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location(stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[stem] = module
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("events")
    parser.add_argument("file", type=os.path.abspath)
    parser.add_argument("-k", dest="pattern", default="")
    parser.add_argument("--path", action="append", default=[])
    options = parser.parse_args()
    sys.path += options.path
    sys.argv[1:] = []
    stem = os.path.splitext(os.path.basename(options.file))[0]
    with open(options.events, "a") as stream:
        result = Reporter(stream, stem)
        try:
            module = load(options.file)
        except unittest.SkipTest as reason:
            result.write("end", f"{stem}.module", "skipped", str(reason))
            result.write("done")
            return 0
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        unittest.TestSuite(chosen(suite, options.pattern, result)).run(result)
        result.write("done")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
