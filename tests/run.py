#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run - every test, suite by suite; `./dev test` calls it after building.

Example: tests/run.py [SUITE | SUITE/NAME ...]
Guarantees: each failure is shown with the command that runs it again, each skip with
    its reason; the last line is `N passed, N failed, N skipped`.
Errors: exit code 1 when a test failed or none ran, 2 for an unknown suite.
"""

import argparse
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import process
from driver.context import Context, Unavailable
from driver.results import Report, Result
from driver.suites import SUITES


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wanted", nargs="*", metavar="SUITE[/NAME]")
    parser.add_argument("--list", action="store_true", help="list the suites")
    parser.add_argument("--build", type=Path, default=Context.build, metavar="DIR")
    parser.add_argument("--ferrule", type=Path, metavar="FILE", help="the executable")
    parser.add_argument("--cpython-source", type=Path, metavar="LIB",
                        help="CPython's Lib folder")
    parser.add_argument("--jobs", type=int, default=Context.jobs)
    return parser.parse_args()


def choose(wanted):
    """[(suite, pattern)] in the order of the table."""
    if not wanted:
        return [(suite, "") for suite in SUITES if suite.default]
    known = {suite.name: suite for suite in SUITES}
    chosen = []
    for word in wanted:
        name, _, pattern = word.partition("/")
        if name not in known:
            sys.exit(f"no suite {name}; there are: {', '.join(known)}")
        chosen.append((known[name], pattern))
    return chosen


def run_suite(suite, context, report, pattern):
    try:
        suite.run(context, report, pattern)
    except Unavailable as reason:
        report.add(suite.name, Result("start", "failed", str(reason)))


def interrupted(number, frame):
    """Kill what runs, so that no worker is waited for; then unwind."""
    process.stop_all()
    raise KeyboardInterrupt


def main():
    options = parse()
    if options.list:
        for suite in SUITES:
            rest = "" if suite.default else " (only when asked for)"
            print(f"{suite.name:14} {suite.summary}{rest}")
        return 0
    try:
        chosen = choose(options.wanted)
    except SystemExit as error:
        print(error, file=sys.stderr)
        return 2
    # Also because a shell's background job ignores SIGINT, and so would every test.
    signal.signal(signal.SIGINT, interrupted)
    context = Context(options.build.resolve(), options.ferrule, options.jobs,
                      options.cpython_source)
    report = Report()
    _, lacking = context.test_data
    if lacking:
        report.note(f"test data: {lacking}")
    for suite, pattern in chosen:
        report.start(suite.name)
        try:
            run_suite(suite, context, report, pattern)
        except KeyboardInterrupt:
            report.add(suite.name, Result("interrupted", "failed", "by the keyboard"))
            break
        finally:
            report.finish(suite.name)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
