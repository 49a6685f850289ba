# SPDX-License-Identifier: MIT
"""One replay from the command line to the exit code."""

import json
import sys

import options as command_line
from drawing import draw
from progress import Progress
from records import BadInput, Settings
from replaying import Replay
from summary import summarise
from table import render
from traffic import compile_guards, read_traffic

EXIT_ALL, EXIT_PARTLY, EXIT_NOTHING, EXIT_INTERRUPTED = 0, 1, 2, 130
PROBLEMS_SHOWN = 10  # the rest is counted here and listed by --json


def main(argv):
    options = command_line.parse(argv)
    try:
        trace = _open_trace(options.trace)
        traffic = read_traffic(options.tools, options.calls)
        guards = compile_guards(traffic)
    except BadInput as error:
        return _refuse(error)
    replay = Replay(traffic, guards, _settings(options))
    progress = Progress(len(traffic.calls))
    whole = replay.run(progress.update)
    progress.finish()
    summary = summarise(replay, interrupted=not whole)
    drawn = _write_trace(trace, replay, summary)
    _report(options, summary)
    if not whole:
        return EXIT_INTERRUPTED
    return EXIT_ALL if drawn and not traffic.problems else EXIT_PARTLY


def _settings(options):
    return Settings(options.clients, options.speed, options.ttl, options.max_entries)


def _refuse(error):
    print(f"replay: {error}", file=sys.stderr)
    return EXIT_NOTHING


def _report(options, summary):
    _warn(summary["problems"])
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
    else:
        print(render(summary))


def _warn(problems):
    for problem in problems[:PROBLEMS_SHOWN]:
        place = problem["file"]
        place += "" if problem["line"] is None else f":{problem['line']}"
        print(f"replay: {place}: {problem['text']}", file=sys.stderr)
    more = len(problems) - PROBLEMS_SHOWN
    if more > 0:
        print(f"replay: and {more:,} more (--json lists all)", file=sys.stderr)


def _open_trace(path):
    """Opened before the replay: a path that can't be written must not cost a run."""
    if path is None:
        return None
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(path, None, f"can't be written: {error.strerror}") from None


def _write_trace(trace, replay, summary):
    if trace is None:
        return True
    try:
        with trace:
            trace.write(draw(replay, summary))
    except OSError as error:
        print(f"replay: {trace.name}: {error.strerror}", file=sys.stderr)
        return False
    print(f"picture: {trace.name}", file=sys.stderr)
    return True
