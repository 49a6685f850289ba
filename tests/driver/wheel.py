# SPDX-License-Identifier: MIT
"""wheel - the wheel in a clean virtual environment of every stock CPython found.

Built, audited and installed; then the tests of cache and guard that the executable
passes, the same files; the type stubs; and an agent that prints the same in both.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from driver import packages, process, unittests
from driver.context import ROOT, cache_folder
from driver.results import Result

sys.path.insert(0, str(ROOT / "installer" / "wheel"))

import build
import interpreters

HERE = ROOT / "tests" / "wheel"
SAMPLE = HERE / "sample_agent.py"
# Tests of the host's suite that need nothing but the package.
SHARED = ("python/test_cache_*.py", "python/test_guard*.py", "python/test_parity_*.py",
          "kit/test_*.py")
# Of these, the ones that start the executable's commands or load its vendor folders.
HOST_ONLY = {"test_desk.py", "test_sdk.py"}
TIMEOUT = 300


class _Named:
    """A report that says for which CPython a result is."""

    def __init__(self, report, tag):
        self.report, self.tag = report, tag

    def add(self, suite, result):
        self.report.add(suite, replace(result, name=f"{self.tag}:{result.name}"))


def run(context, report, pattern):
    """`pattern` is part of a test's name, or cp312:PART."""
    tag, colon, part = pattern.partition(":")
    found, lacking = interpreters.find()
    for version, reason in lacking.items():
        report.add("wheel", Result(f"cp{version.replace('.', '')}", "skipped", reason))
    for interpreter in found:
        if colon and interpreter.tag != tag:
            continue
        with tempfile.TemporaryDirectory(prefix="ferrule-wheel-") as folder:
            _run_one(interpreter, Path(folder), context, _Named(report, interpreter.tag),
                     part if colon else pattern)


def _run_one(interpreter, folder, context, report, pattern):
    try:
        wheel = build.build(interpreter, folder)
        report.add("wheel", Result("build", "passed"))
    except build.ToolsMissing as reason:
        report.add("wheel", Result("build", "skipped", str(reason).splitlines()[-1]))
        return
    except build.BuildError as error:
        report.add("wheel", Result("build", "failed", str(error)))
        return
    report.add("wheel", _audit(interpreter, wheel))
    python = build.venv(interpreter.path, folder / "venv")
    build.pip(python, "install", "--no-index", wheel)
    report.add("wheel", _same_output(python, context))
    report.add("wheel", _types(interpreter, python))
    shared = [f for glob in SHARED for f in sorted((ROOT / "tests").glob(glob))
              if f.name not in HOST_ONLY]  # fmt: skip
    paths, reason = packages.find(ROOT / "tests/support/packages.txt", cache_folder(),
                                  interpreter.version)
    if reason:
        report.add("wheel", Result("packages", "skipped", reason))
    unittests.run([*sorted(HERE.glob("test_*.py")), *shared], python, report, "wheel",
                  context.environment, pattern, context.jobs, [paths] if paths else [])


def _audit(interpreter, wheel):
    """A manylinux wheel that needs no library but those of glibc."""
    said = build.run([build.tools(interpreter) / "auditwheel", "show", wheel])
    libraries = set(re.findall(r"\b(lib[\w+-]+\.so[.\d]*)\b", said))
    good = re.search(r'platform tag:\s+"manylinux_\d+_\d+_', " ".join(said.split()))
    outcome = "passed" if good and libraries <= {"libc.so.6", "libm.so.6"} else "failed"
    return Result("auditwheel", outcome, said)


def _same_output(python, context):
    """The sample agent in this CPython and in the executable."""
    said = [process.call([program, SAMPLE], context.environment, TIMEOUT)
            for program in (python, context.ferrule)]
    same = said[0] == said[1] and said[0][0] == 0 and said[0][1]
    shown = "\n".join(f"exit code {code}\n{text}" for code, text in said)
    return Result("sample_agent", "passed" if same else "failed", "" if same else shown)


def _types(interpreter, python):
    """mypy --strict: silent on the sample, and right about every wrong line."""
    folder, reason = packages.find(HERE / "mypy.txt", cache_folder(), interpreter.version)
    if reason:
        return Result("mypy", "skipped", reason)
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [python, "-m", "mypy", "--strict", "--cache-dir", cache, SAMPLE,
             HERE / "wrong_agent.py"],
            capture_output=True, text=True, env={"PYTHONPATH": str(folder)},
        )
    said = re.findall(r"^.*?(\w+\.py):(\d+): error", done.stdout, re.M)
    lines = (HERE / "wrong_agent.py").read_text().splitlines()
    wanted = {("wrong_agent.py", str(number)) for number, line in enumerate(lines, 1)
              if line.endswith("# wrong")}
    if set(said) == wanted:
        return Result("mypy", "passed")
    return Result("mypy", "failed", f"{done.stdout}{done.stderr}\nwrong: {sorted(wanted)}")
