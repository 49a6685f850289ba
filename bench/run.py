#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run benches: `./dev bench [NAME...]`, all of them without a name; --list names them.
Options go to the one bench named before them: `./dev bench table --quick`.

Every bench is a script of this folder, or a folder of it with __main__.py, that prints its table and ends with 0; what a
number means, and which task it stands for, is in the script's first lines. Results are
ratios of one run: the machine is shared, absolute times are not comparable.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Driver and parts that benches share, no benches.
PARTS = {"cache_others", "instances", "measure", "peers", "redis_server", "run", "stock"}


def benches():
    """{name: (path, first line of its docstring)}"""
    found = {}
    for path in sorted([*HERE.glob("*.py"), *HERE.glob("*/__main__.py")]):
        name = path.parent.name if path.stem == "__main__" else path.stem
        if name not in PARTS:
            doc = ast.get_docstring(ast.parse(path.read_text())) or ""
            found[name] = (path, doc.partition("\n")[0])
    return found


def main(words):
    known = benches()
    first = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    names, options = words[:first], words[first:]
    if not names and options == ["--list"]:
        names, options = options, []
    if names == ["--list"]:
        for name, (_, summary) in known.items():
            print(f"{name:14} {summary}")
        return 0
    if options and len(names) != 1:
        print(f"ferrule: {options[0]} needs one bench before it", file=sys.stderr)
        return 2
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"ferrule: no bench {unknown[0]}; there are: {', '.join(known)}",
              file=sys.stderr)  # fmt: skip
        return 2
    failed = []
    environment = {**os.environ, "FERRULE": str(HERE.parent / "build/release/ferrule")}
    for name in names or known:
        print(f"\n== {name}: {known[name][1]}", flush=True)
        command = [sys.executable, known[name][0], *options]
        if subprocess.run(command, env=environment).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
