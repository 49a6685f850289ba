# SPDX-License-Identifier: MIT
"""The table of the field: agents in parallel, cost of a request, footprint.

    ./dev bench table [--quick | --full] [--row a]... [--output DIR]

Three rows, each with its controls, every variant in turn, round after round; figures are
medians of the rounds. Requests come in an open loop and their latency counts from the
moment they were due. A run that was interrupted goes on where it was. Prints the table
and the bounds, writes report.json and a picture a row into DIR. What could not be
measured is listed at the end with its reason, and makes the command end with 1.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import measure
import peers
import prepare
import row_a
import row_b
import row_c
import text
from kept import Kept

DRAWING = ("matplotlib==3.11.2", "contourpy==1.3.3", "cycler==0.12.1",
           "fonttools==4.68.0", "kiwisolver==1.5.1", "numpy==2.4.6", "packaging==26.3",
           "pillow==13.0.0", "pyparsing==3.3.3", "python_dateutil==4.0.0",
           "tzdata==2026.6")  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    rounds: int
    levels: dict  # row a: {neighbours: seconds at 100 requests a second}
    request_seconds: float  # row b, at 500 a second
    starts: int  # row c
    about: str

    def seconds(self, wanted):
        return sum(SECONDS[name](self) for name in wanted)


SIZES = {
    "quick": Sizes(1, {0: 1, 1: 1, 2: 1, 4: 2, 8: 1}, 2, 5, "one round, little precision"),
    "default": Sizes(3, {0: 1, 1: 1, 2: 1, 4: 3.5, 8: 1.5}, 3, 20, "three rounds"),
    "full": Sizes(5, {0: 20, 1: 20, 2: 20, 4: 200, 8: 40}, 40, 50,
                  "five rounds, 100,000 requests beside 4 neighbours and in row b"),
}  # fmt: skip


SECONDS = {"a": row_a.seconds, "b": row_b.seconds, "c": row_c.seconds}


def say(what):
    print(f"\r\x1b[K{what}" if sys.stderr.isatty() else what, file=sys.stderr,
          end="" if sys.stderr.isatty() else "\n", flush=True)  # fmt: skip


def draw(report, folder):
    """Why there are no pictures, or ""."""
    try:
        packages = peers.fetch(DRAWING)
    except subprocess.SubprocessError as error:
        return f"matplotlib is not to be had: {error}"
    done = subprocess.run(
        [sys.executable, HERE / "plot.py", report, folder], capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": str(packages)},
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def measure_rows(wanted, sizes, kept):
    """({row: rows}, [(what, why it is missing)])."""
    prepared = prepare.Prepared()
    report, missing = {"a": [], "b": [], "c": []}, []

    def tell(what):
        say(f"{kept.progress()} {what}")

    runs = {"a": lambda: row_a.run(sizes, prepared, kept, tell),
            "b": lambda: row_b.run(sizes, prepared, kept, tell),
            "c": lambda: row_c.run(sizes, kept, tell)}  # fmt: skip
    for name in wanted:
        report[name], lacking = runs[name]()
        missing += [(f"row {name}, {what}", why) for what, why in lacking]
    return report, missing


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench table",
                                     description=__doc__.split("\n")[0])  # fmt: skip
    size = parser.add_mutually_exclusive_group()
    for name in ("quick", "full"):
        size.add_argument(f"--{name}", dest="size", action="store_const", const=name,
                          default="default", help=SIZES[name].about)  # fmt: skip
    parser.add_argument("--row", action="append", choices="abc", metavar="ROW")
    parser.add_argument("--output", type=Path, metavar="DIR",
                        default=measure.ROOT / "build" / "table")  # fmt: skip
    return parser.parse_args()


def main():
    options = parse()
    if not os.access(measure.FERRULE, os.X_OK):
        sys.exit(f"bench: no {measure.FERRULE}: ./dev build --release")
    sizes, wanted = SIZES[options.size], sorted(set(options.row or "abc"))
    options.output.mkdir(parents=True, exist_ok=True)
    began, load = time.monotonic(), os.getloadavg()[0]
    seconds = sizes.seconds(wanted)
    kept = Kept(options.output, options.size, measure.FERRULE, seconds)
    print(f"{measure.machine()}; load before {load:.1f}")
    print(f"{options.size} form: {sizes.about}; rows {', '.join(wanted)} take about "
          f"{seconds / 60:.0f} minutes on a quiet machine", flush=True)  # fmt: skip
    if kept.count:
        print(f"{kept.count} measurements are of the run that was interrupted, begun at "
              f"{kept.since}", flush=True)  # fmt: skip
    report, missing = measure_rows(wanted, sizes, kept)
    report["machine"] = f"{measure.machine()}, load before {load:.1f}"
    report["size"], report["missing"] = options.size, missing
    report["seconds"] = time.monotonic() - began
    path = options.output / "report.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    say("")
    for name, lines in (("a", text.row_a), ("b", text.row_b), ("c", text.row_c)):
        if report[name]:
            print("", *lines(report[name]), sep="\n")
    print("", *text.bounds(report), sep="\n")
    why = draw(path, options.output)
    if why:
        missing.append(("pictures", why))
    kept.remove()
    print(f"\nwritten to {options.output} in {report['seconds'] / 60:.0f} minutes")
    for what, reason in missing:
        print(f"NOT MEASURED: {what}: {reason}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
