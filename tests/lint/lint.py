#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lint - the habits of HACKING.md, checked.

Example: tests/lint/lint.py [--cpython DIR] [--only CHECK] [--list] [ROOT]
Guarantees: reads tracked files only and changes nothing. Each complaint is one line
    `path:line: message`; the last line counts checks, one per check and area.
Errors: exit code 1 when a check failed.
Opt-out: a comment with `nocheck:RULE` on the line, or alone on the line before,
    for layer, length, nesting, prefix and static.
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import rules_layers
import rules_sizes
import rules_text
import rules_tools
from rules_tools import Missing
from tree import Tree

CHECKS = {
    "format": rules_tools.check_format,
    "whitespace": rules_text.check_whitespace,
    "spdx": rules_text.check_spdx,
    "words": rules_text.check_words,
    "docs": rules_text.check_docs,
    "includes": rules_layers.check_includes,
    "meson": rules_layers.check_meson,
    "main": rules_layers.check_main,
    "file-length": rules_sizes.check_file_length,
    "function-length": rules_sizes.check_function_length,
    "nesting": rules_sizes.check_nesting,
    "prefix": rules_sizes.check_prefix,
    "static": rules_sizes.check_static,
    "headers": rules_tools.check_headers,
    "python-headers": rules_tools.check_python_headers,
}
AREAS = ("native-modules/base", "native-modules/toolcache",
         "native-modules/schemaguard", "native-modules", "host", "agents", "tests",
         "bench", "installer")


def area_of(path):
    """The part of the repository a file is counted under."""
    return next((a for a in AREAS if path.startswith(a + "/")), "top")


def run_check(check, tree):
    """(findings, reason the check was skipped or None)."""
    try:
        return list(check(tree)), None
    except Missing as reason:
        return [], str(reason)


def run(tree, names, out=print):
    """Counts of passed, failed and skipped (check, area) pairs."""
    areas = {area_of(path) for path in tree.sources}
    counts = Counter(passed=0, failed=0, skipped=0)
    for name in names:
        findings, reason = run_check(CHECKS[name], tree)
        for finding in findings:
            out(f"{finding.path}:{finding.line}: {finding.message} [{name}]")
        if reason:
            out(f"skipped: {name}: {reason}")
            counts["skipped"] += len(areas)
            continue
        failed = {area_of(finding.path) for finding in findings}
        counts["failed"] += len(failed)
        counts["passed"] += len(areas - failed)
    return counts


def built_cpython():
    """The newest interpreter in the build cache, for its headers; None without one."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ferrule"
    found = sorted(cache.glob("cpython-*/include/Python.h"),
                   key=lambda path: path.stat().st_mtime)
    return found[-1].parents[1] if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("root", nargs="?", type=Path,
                        default=Path(__file__).resolve().parents[2])
    parser.add_argument("--cpython", type=Path, default=built_cpython(),
                        help="folder with CPython's include/")
    parser.add_argument("--only", action="append", choices=CHECKS, metavar="CHECK")
    parser.add_argument("--list", action="store_true", help="list the checks")
    options = parser.parse_args()
    if options.list:
        for name, check in CHECKS.items():
            print(f"{name:16} {' '.join(check.__doc__.split())}")
        return 0
    tree = Tree.read(options.root, options.cpython)
    counts = run(tree, options.only or CHECKS)
    print(rules_sizes.function_report(tree))
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
