# SPDX-License-Identifier: MIT
"""The command line of the replay."""

import argparse
import math
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "sample"

ABOUT = """\
What would a cache and a guard do for recorded tool calls?

Checks every call of a log against the schema of its tool (the guard), answers repeats
from a cache with several clients at once, and reports what that would have saved.
With no options it replays the sample in its own folder.
"""

INPUT = """\
input:
  tools.json    a JSON list of {"name", "description", "parameters": JSON Schema};
                a tool with "annotations": {"readOnlyHint": false} changes the world:
                its calls are checked, but always run
  calls.jsonl   one JSON object a line: {"tool", "arguments", "latency_ms"} and, if you
                have them, "result" or "error", and "at": the time of the call, by
                which results then age, "id": the same for a call that is a
                repeat of another (default: by content); the rest is ignored

A line that cannot be used is reported with its number and left out; the rest is
replayed. Exit code: 0 all replayed, 1 something was left out, 2 nothing to replay.
"""


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="ferrule run agents/replay",
        description=ABOUT,
        epilog=INPUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_input(parser.add_argument_group("what to replay"))
    _add_cache(parser.add_argument_group("how"))
    _add_output(parser.add_argument_group("what to show"))
    options = parser.parse_args(argv)
    options.tools = options.tools or options.data / "tools.json"
    options.calls = options.calls or options.data / "calls.jsonl"
    return options


def _add_input(group):
    group.add_argument(
        "--data",
        type=Path,
        default=SAMPLE,
        metavar="FOLDER",
        help="folder with tools.json and calls.jsonl (default: the sample)",
    )
    group.add_argument("--tools", type=Path, metavar="FILE", help="the tool schemas")
    group.add_argument("--calls", type=Path, metavar="FILE", help="the log of calls")


def _add_cache(group):
    group.add_argument(
        "--clients",
        type=_count,
        default=8,
        metavar="N",
        help="clients that send calls at the same time (default 8)",
    )
    group.add_argument(
        "--speed",
        type=_positive,
        default=100.0,
        metavar="X",
        help="a recorded second takes 1/X seconds (default 100; 1 is real time)",
    )
    group.add_argument(
        "--ttl",
        type=_positive,
        default=300.0,
        metavar="SECONDS",
        help="how long a result stays good, in recorded time (default 300)",
    )
    group.add_argument(
        "--max-entries",
        type=_count,
        default=10_000,
        metavar="N",
        help="how many results the cache holds (default 10000)",
    )


def _add_output(group):
    group.add_argument("--json", action="store_true", help="one JSON object on stdout")
    group.add_argument(
        "--trace",
        type=Path,
        metavar="OUT.svg",
        help="draw where the answers came from over time",
    )


CLIENTS_OR_ENTRIES_MAX = 10_000_000


def _count(text):
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < number <= CLIENTS_OR_ENTRIES_MAX:
        raise argparse.ArgumentTypeError(
            f"expected a whole number above 0, got {text!r}"
        )
    return number


def _positive(text):
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number
