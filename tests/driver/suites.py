# SPDX-License-Identifier: MIT
"""suites - the table of suites, in the order they run."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

from driver import cpython, gtests, sanitizers, unittests, wheel
from driver.context import ROOT, Unavailable
from driver.results import Result

TESTS = ROOT / "tests"


@dataclass(frozen=True)
class Suite:
    name: str
    summary: str
    run: Callable  # run(context, report, pattern)
    default: bool = True  # part of a plain `./dev test`


def _mixed(suite, inside, jobs=0):
    """Meson's tests labelled so and tests/SUITE/test_*.py, run inside the executable
    or by the system's Python. jobs 0: as many as there are cores."""

    def run(context, report, pattern):
        count = jobs or context.jobs
        files = sorted((TESTS / suite).glob("test_*.py"))
        try:
            rows = context.meson_tests(suite)
        except Unavailable as reason:
            rows = []
            report.add(suite, Result("build", "failed", str(reason), "./dev build"))
        gtests.run(rows, report, suite, context.environment, pattern, count)
        if files:
            interpreter, paths = sys.executable, ()
            if inside:
                interpreter = context.ferrule
                folder, reason = context.packages
                paths = (folder,) if folder else ()
                if reason:
                    report.add(suite, Result("packages", "skipped", reason))
            unittests.run(files, interpreter, report, suite, context.environment,
                          pattern, count, paths)

    return run


def _lint(context, report, pattern):
    """Each check of the linter is a test; so are the tests of the linter."""
    command = [sys.executable, TESTS / "lint/lint.py"]
    listed = subprocess.run([*command, "--list"], capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        check, _, meaning = line.partition(" ")
        if pattern and pattern not in check:
            continue
        said = subprocess.run([*command, "--only", check], capture_output=True, text=True)
        lines = said.stdout.splitlines() or said.stderr.splitlines()
        skip = [x for x in lines if x.startswith("skipped:")]
        outcome = "failed" if said.returncode else "skipped" if skip else "passed"
        detail = skip[0].split(": ", 2)[2] if skip else "\n".join(lines[:-2])
        report.add("lint", Result(check, outcome, f"{meaning.strip()}\n{detail}"
                                  if outcome == "failed" else detail))
    unittests.run([TESTS / "lint/test_lint.py", TESTS / "driver/test_driver.py"],
                  sys.executable, report, "lint", context.environment, pattern)


SUITES = (
    Suite("lint", "formatting, layers, sizes, names; tests of linter and driver", _lint),
    Suite("unit", "GTest programs of the C parts", _mixed("unit", False)),
    Suite("conformance", "JSON-Schema-Test-Suite, JSONTestSuite",
          _mixed("conformance", True)),
    Suite("fuzz", "corpora and regressions of the fuzzers", _mixed("fuzz", False)),
    Suite("python", "modules and package inside the executable",
          _mixed("python", True)),
    Suite("wheel", "the same modules and package in stock CPythons", wheel.run),
    Suite("kit", "agents, tools and models against a scripted server",
          _mixed("kit", True)),
    Suite("model", "agents with the real local model, when it is in the cache",
          _mixed("model", False, jobs=1)),
    Suite("cli", "black-box tests of the executable", _mixed("cli", False)),
    Suite("package", "packages of agents and of the runtime, in clean roots",
          _mixed("package", False)),
    Suite("embed", "life cycles of the embedding", _mixed("embed", False, jobs=1)),
    Suite("stress", "engines under many threads and processes",
          _mixed("stress", True, jobs=1)),
    Suite("asan", "engine tests under ASan and UBSan", sanitizers.run_asan),
    Suite("tsan", "engine stress under TSan", sanitizers.run_tsan),
    Suite("cpython-near", "CPython's own tests of what we changed", cpython.run_near),
    Suite("cpython", "all of CPython's own tests for kept modules", cpython.run_all,
          default=False),
)
