#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the fuzzers: `./dev fuzz [TARGET...] [SECONDS]`, each for SECONDS (60).

Builds build/fuzz with clang, AddressSanitizer and UBSan. What a target finds is written
to tests/fuzz/corpus/TARGET/ as crash-*: mend the code, keep the file, it is a test now.
New inputs that reach new code stay in build/fuzz/corpus/ and seed the next run.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "fuzz"
INPUT_MAX = 4096  # bytes


def build():
    if not (BUILD / "build.ninja").exists():
        environment = {**os.environ, "CC": "clang", "CXX": "clang++"}
        subprocess.run(
            ["meson", "setup", BUILD, ROOT, "-Dfuzzing=true", "-Dtests=false",
             "-Db_sanitize=address,undefined", "-Db_lundef=false"],
            env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    subprocess.run(["ninja", "-C", BUILD, "--quiet"], check=True)


def fuzz(target, seconds):
    grown = BUILD / "corpus" / target
    grown.mkdir(parents=True, exist_ok=True)
    seeds = HERE / "corpus" / target
    command = [BUILD / "tests" / "fuzz" / f"fuzz-{target}", grown, seeds,
               f"-max_total_time={seconds}", f"-max_len={INPUT_MAX}", "-timeout=10",
               f"-artifact_prefix={seeds}/", "-print_final_stats=1"]  # fmt: skip
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1"}
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("stat::")]
    runs = next((line.split()[-1] for line in lines if "executed" in line), "?")
    print(f"{target:12} {runs:>12} inputs  {'clean' if done.returncode == 0 else 'FOUND'}")
    if done.returncode:
        print(done.stderr[-4000:])
    return done.returncode


def main(words):
    known = sorted(path.name for path in (HERE / "corpus").iterdir())
    seconds = int(words.pop()) if words and words[-1].isdigit() else 60
    unknown = [word for word in words if word not in known]
    if unknown:
        print(f"ferrule: no target {unknown[0]}; there are: {', '.join(known)}",
              file=sys.stderr)  # fmt: skip
        return 2
    build()
    return max(fuzz(target, seconds) != 0 for target in words or known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
