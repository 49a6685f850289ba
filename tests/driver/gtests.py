# SPDX-License-Identifier: MIT
"""gtests - programs of Meson's test table: GTest ones test by test, others whole."""

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from driver import process
from driver.results import Result


def run(rows, report, suite, environment, pattern="", jobs=1):
    """Run the rows of a suite; `pattern` is PROGRAM, PROGRAM:FILTER or part of either."""
    program, _, wanted = pattern.partition(":")
    chosen = [r for r in rows if not wanted or r["name"] == program]
    if pattern and not wanted:
        named = [r for r in rows if r["name"] == pattern]
        chosen, wanted = (named, "") if named else (rows, f"*{pattern}*")
    with ThreadPoolExecutor(jobs) as pool:
        for results in pool.map(
            lambda row: list(_run_program(row, environment, wanted)), chosen
        ):
            for result in results:
                report.add(suite, result)


def _run_program(row, environment, wanted):
    env = {**environment, **row["env"]}
    gtest = row["protocol"] == "gtest"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.xml"
        command = list(row["cmd"])
        if gtest:
            command += [f"--gtest_output=xml:{output}"]
            command += [f"--gtest_filter={wanted}"] if wanted else []
        elif wanted:
            return
        code, said = process.call(command, env, row["timeout"], row.get("workdir"))
        if gtest and output.exists():
            yield from _from_xml(row["name"], ElementTree.parse(output), said, code)
        elif gtest:
            yield from _from_text(row["name"], said, code)
        else:
            yield _whole(row["name"], said, code)


def _from_xml(program, tree, said, code):
    failed = False
    for case in tree.iter("testcase"):
        if case.get("status") != "run":
            continue
        name = f"{program}:{case.get('classname')}.{case.get('name')}"
        failures = [f.get("message", "") for f in case.findall("failure")]
        skip = case.find("skipped")
        if failures:
            failed = True
            yield Result(name, "failed", "\n".join(failures))
        elif skip is not None:
            reason = skip.get("message", "").strip().split("\n")
            yield Result(name, "skipped", reason[-1])
        else:
            yield Result(name, "passed")
    if code != 0 and not failed:  # a sanitizer at exit, or a crash in tear-down
        yield Result(f"{program}:exit", "failed", f"exit code {code}\n{said[-8000:]}",
                     again=f"./dev test '{program}'")


def _from_text(program, said, code):
    """The program died before it wrote its results: read what it printed."""
    running = None
    for line in said.splitlines():
        mark = re.match(r"\[ +(RUN|OK|FAILED|SKIPPED) +\] (\S+?),?(?: \(.*)?$", line)
        if mark and mark[1] == "RUN":
            running = mark[2]
        elif mark and mark[2] == running:
            outcome = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[mark[1]]
            yield Result(f"{program}:{running}", outcome, "see the output below")
            running = None
    how = "timed out" if code is None else f"died with {code}"
    yield Result(f"{program}:{running or 'start'}", "failed", f"{how}\n{said[-8000:]}")


def _whole(program, said, code):
    if code == 77:  # the convention of automake, which Meson keeps
        return Result(program, "skipped", said.strip().split("\n")[-1])
    if code == 0:
        return Result(program, "passed")
    how = "timed out" if code is None else f"exit code {code}"
    return Result(program, "failed", f"{how}\n{said[-8000:]}")
