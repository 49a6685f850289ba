# SPDX-License-Identifier: MIT
"""Speed of Python code against CPython built with its own default configure.

Seven programs of the `pyperformance` suite that stand for what agents do between tool
calls: json, regular expressions, pickle, arithmetic, loops, objects, coroutines. Each
runs in a fresh process, control and ours in turn; a row is the median over rounds.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import measure
import peers
import stock

PACKAGES = ["pyperformance==1.14.0", "pyperf==2.10.0"]
PROGRAMS = {
    "json_loads": [], "json_dumps": [], "regex_v8": [], "pickle": ["pickle"],
    "nbody": [], "fannkuch": [], "richards": [], "async_tree": ["none"],
}  # fmt: skip
ROUNDS = 3


def program(suite, name, work):
    """A folder with the program and, beside it, what it imports."""
    origin = suite / "pyperformance/data-files/benchmarks" / f"bm_{name}"
    target = Path(work) / name
    shutil.copytree(origin, target)
    (target / "vendor").symlink_to(suite)
    return target / "run_benchmark.py"


def seconds(interpreter, script, arguments):
    """Median time of the program's loop in one process."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out.json"
        command = [interpreter, script, *arguments, "--worker", "-n3", "-w1", "-l1",
                   "-o", out]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(script.parent / "vendor")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"bench: {script} failed in {interpreter}:\n{done.stderr[-2000:]}")
        runs = json.loads(Path(out).read_text())["benchmarks"][0]["runs"]
    return statistics.median(value for run in runs for value in run["values"])


def main():
    print(measure.machine())
    control = stock.interpreter()
    suite = peers.fetch(PACKAGES)
    speeds = []
    with tempfile.TemporaryDirectory() as work:
        for name, arguments in PROGRAMS.items():
            script = program(suite, name, work)
            rounds = [(seconds(control, script, arguments),
                       seconds(measure.FERRULE, script, arguments))
                      for _ in range(ROUNDS)]  # fmt: skip
            control_time, ours = map(statistics.median, zip(*rounds))
            speeds.append(control_time / ours)
            print(f"{name:12} {control_time * 1e3:9.2f} ms  {ours * 1e3:9.2f} ms  "
                  f"{control_time / ours:5.2f}x")  # fmt: skip
    mean = statistics.geometric_mean(speeds)
    word = "reached" if mean >= 1.2 else "met" if mean >= 1.0 else "MISSED"
    print(f"speed, geometric mean: {mean:.2f}x (must >= 1.0x, reach 1.2x): {word}")


if __name__ == "__main__":
    sys.exit(main())
