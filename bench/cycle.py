# SPDX-License-Identifier: MIT
"""Growth of the process with each start-run-finish of the interpreter in it.

Stands for hosts and tests that start the interpreter again and again; a program of the
developer build does it 110 times and compares the memory after 10 with that at the end.
"""

import json
import subprocess
import sys

import measure

LIFE = measure.ROOT / "build/tests/embed/life"
CYCLES = 110
CODE = "import asyncio, json, ssl, logging, re, dataclasses, subprocess, threading"


def main():
    if not LIFE.exists():
        sys.exit("bench: its program is missing: ./dev bench cycle builds it")
    for code in ("pass", CODE):
        command = [LIFE, "repeat", str(CYCLES), code]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        growth = json.loads(done.stdout)["growth"] / (CYCLES - 10) / 1024
        measure.verdict(f"growth a cycle ({code[:24]})", growth, 2, 0, " KB")


if __name__ == "__main__":
    sys.exit(main())
