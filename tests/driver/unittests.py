# SPDX-License-Identifier: MIT
"""unittests - files of unittest tests, each in a process of its own.

The process writes a line of JSON for each test to a file, so that a crash or a
time-out is blamed on the test that was running and the others still count.
"""

import json
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from driver import process
from driver.results import Result

REPORTER = Path(__file__).resolve().parents[1] / "support" / "unittest_report.py"
TIMEOUT = 600  # a file may say TIMEOUT = seconds at the start of a line


def run(files, interpreter, report, suite, environment, pattern="", jobs=1, paths=()):
    """Run files by `interpreter`; `pattern` is part of FILE.Class.test."""
    stem = pattern.split(".")[0]
    named = [f for f in files if f.stem == stem]
    with ThreadPoolExecutor(jobs) as pool:
        for results in pool.map(
            lambda f: list(_run_file(f, interpreter, environment, pattern, paths)),
            named or files,
        ):
            for result in results:
                report.add(suite, result)


def _run_file(file, interpreter, environment, pattern, paths):
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        command = [interpreter, REPORTER, events, file]
        command += ["-k", pattern] if pattern else []
        command += [word for path in paths for word in ("--path", path)]
        code, said = process.call(command, environment, _limit(file))
        lines = events.read_text().splitlines() if events.exists() else []
    yield from _results(file.stem, [json.loads(x) for x in lines], code, said)


def _limit(file):
    said = re.search(r"^TIMEOUT = (\d+)", file.read_text(), re.M)
    return int(said[1]) if said else TIMEOUT


def _results(stem, events, code, said):
    running, ended = None, False
    for event in events:
        if event["event"] == "start":
            running = event["name"]
        elif event["event"] == "end":
            running = None
            yield Result(event["name"], event["outcome"], event["detail"])
        else:
            ended = True
    if not ended or code not in (0, 1):
        how = "timed out" if code is None else f"exit code {code}"
        yield Result(running or f"{stem}.start", "failed", f"{how}\n{said[-8000:]}")
