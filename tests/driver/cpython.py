# SPDX-License-Identifier: MIT
"""cpython - CPython's own regression tests, run by our executable.

The executable ignores PYTHON* and carries no `test` package, but imports from the
folder modules/ beside it. So it is linked into a folder whose modules/ also holds a
link to CPython's Lib/test. A result is a file of tests, as CPython counts them.
What is expected to fail is in tests/cpython/expected.toml, test by test.
"""

import fnmatch
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from driver import cpython_modules, process
from driver.context import ROOT, Unavailable
from driver.results import Result

FOLDER = ROOT / "tests" / "cpython"
TRIM = ROOT / "host" / "cpython" / "trim.toml"
TIMEOUT = 600  # seconds for one file
MEMORY_MAX = 6 << 30  # bytes of address space: a test that runs away dies alone
SPLIT = ("test_asyncio", "test_concurrent_futures", "test_ctypes", "test_future_stmt",
         "test_gdb", "test_inspect", "test_multiprocessing_fork",
         "test_multiprocessing_forkserver", "test_multiprocessing_spawn")


def run_near(context, report, pattern):
    """The files near what this project changed."""
    config = load_config()
    names = [n for n in config["near"]["files"] if pattern in n]
    _run(context, report, "cpython-near", names, config)


def run_all(context, report, pattern):
    """Every file of tests for modules that are kept."""
    config = load_config()
    names = [n for n in test_names(context.cpython) if pattern in n]
    for name in [n for n in names if left_out(n, config)]:
        report.add("cpython", Result(name, "skipped", left_out(name, config)))
    kept = [n for n in names if not left_out(n, config)]
    _run(context, report, "cpython", kept, config)
    results = [r for r in report.results["cpython"] if r.outcome != "skipped"]
    if not pattern:
        whole = [r for r in results if r.outcome == "passed" and not r.detail]
        listed = [r for r in results if r.outcome == "passed" and r.detail]
        report.note(f"test files of kept modules: {len(results)}; {len(whole)} pass "
                    f"whole, {len(listed)} but for the tests in expected.toml")


def load_config():
    """expected.toml, its short reasons spelled out."""
    config = tomllib.loads((FOLDER / "expected.toml").read_text())
    for rows in config["expected"].values():
        for test, reason in rows.items():
            rows[test] = config["reasons"].get(reason, reason)
    return config


def left_out(name, config):
    """Why a file is not run, or None."""
    return next((reason for glob, reason in config["left_out"].items()
                 if fnmatch.fnmatchcase(name, glob)), None)


def test_names(lib):
    """All files of tests, as regrtest names them."""
    names = []
    for entry in sorted((lib / "test").iterdir()):
        if not entry.name.startswith("test_"):
            continue
        if entry.name in SPLIT:
            inner = sorted(entry.glob("test_*"))
            names += [f"test.{entry.name}.{p.stem}" for p in inner
                      if p.suffix == ".py" or p.is_dir()]
        elif entry.suffix == ".py" or (entry / "__init__.py").is_file():
            names.append(entry.stem)
    return names


def left_out_modules(lib):
    """Names in Lib/ of top-level modules that the executable leaves out."""
    for name in tomllib.loads(TRIM.read_text()):
        for entry in (name, f"{name}.py"):
            if (lib / entry).exists():
                yield entry


def prepare(executable, lib, folder, extensions):
    """The executable in a folder whose modules/ lets it import CPython's tests, the
    extension modules they are written in, and the left-out modules they play with."""
    shutil.rmtree(folder, ignore_errors=True)
    modules = folder / "modules"
    modules.mkdir(parents=True)
    loadable = [*(executable.parent / "modules").glob("*"), *extensions.glob("*")]
    for extension in sorted(loadable):  # copies: a build may replace the originals
        shutil.copy2(extension, modules)
    for name in left_out_modules(lib):  # `test` is one of them
        (modules / name).symlink_to(lib / name)
    copy = folder / executable.name
    try:
        os.link(executable, copy)
    except OSError:  # another file system
        shutil.copy2(executable, copy)
    return copy


def _run(context, report, suite, names, config):
    executable = prepare(context.ferrule, context.cpython,
                         context.build / f"{suite}-tests",
                         cpython_modules.find(context.cpython, context.jobs))
    said = subprocess.run([executable, "-c", "import test.libregrtest"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if said.returncode != 0:
        raise Unavailable(f"cannot import CPython's tests:\n{said.stderr[-2000:]}")
    first = config["near"]["files"]  # the slowest, so that none runs on alone
    names = sorted(names, key=lambda n: first.index(n) if n in first else len(first))
    with ThreadPoolExecutor(context.jobs) as pool:
        for result in pool.map(
            lambda n: run_file(executable, n, config, context.environment), names
        ):
            report.add(suite, result)


def run_file(executable, name, config, environment):
    """Run one file of tests in a process of its own and judge it."""
    expected = config["expected"].get(name.removeprefix("test."), {})
    with tempfile.TemporaryDirectory(prefix="ferrule-test-") as folder:
        junit = Path(folder) / "junit.xml"
        command = [executable, "-m", "test", "-v", "--junit-xml", junit,
                   "--tempdir", folder, "--timeout", TIMEOUT,
                   "-u", ",".join(["subprocess", *config["use"].get(name, [])])]
        command += [name]
        code, said = process.call(command, {**environment, "HOME": folder},
                                  TIMEOUT + 60, cwd=folder, memory=MEMORY_MAX)
        failed = read_junit(junit)
        if failed is not None:
            failed = read_text(said) | failed
    again = f"./dev test cpython/{name}"
    return judge(name, code, said, failed, expected, again)


def read_junit(path):
    """{failed test: text}, or None when the file is not there or broken off."""
    try:
        tree = ElementTree.parse(path)
    except (OSError, ElementTree.ParseError):
        return None
    return {
        case.get("name", ""): found.text or ""
        for case in tree.iter("testcase")
        for found in [*case.iter("failure"), *case.iter("error")]
    }


def read_text(said):
    """The same from unittest's words: sub-tests are not in the file."""
    found = {}
    for match in re.finditer(r"^(?:FAIL|ERROR): (\w+) \((test\.[\w.]+)\)", said, re.M):
        name, place = match.groups()
        if not name.startswith("setUp"):
            place = f"{place.removesuffix('.' + name)}.{name}"
        found.setdefault(place, said[match.end() : match.end() + 3000].split("=" * 70)[0])
    return found


def _listed(test, expected):
    """The row of expected.toml that covers a test, or None. Rows are the end of a
    test's dotted name, or a pattern of it; sub-tests count as their test."""
    name = test if test.startswith("setUp") else test.split(" ")[0]
    return next((row for row in expected if name.endswith("." + row)
                 or fnmatch.fnmatchcase(name, "*" + row)), None)


def judge(name, code, said, failed, expected, again):
    """One result from what a file of tests did and what was expected of it."""
    skip = re.search(rf"{re.escape(name)} skipped(?: -- )?(.*)", said)
    if skip and not failed:
        return Result(name, "skipped", skip[1].strip())
    if failed is None:
        how = "timed out" if code is None else f"exit code {code}"
        return Result(name, "failed", f"{how}\n{said[-6000:]}", again)
    unlisted = {t: text for t, text in failed.items() if not _listed(t, expected)}
    seen = {_listed(t, expected) for t in failed}
    idle = [row for row, reason in expected.items()
            if row not in seen and not reason.startswith("may ")]
    if unlisted:
        shown = "\n".join(f"{t}\n{text[-1500:]}" for t, text in unlisted.items())
        return Result(name, "failed", shown, again)
    if idle:
        return Result(name, "failed", "passes, but is listed in expected.toml: "
                      + ", ".join(idle), again)
    if code not in (0, 2) or (code == 2 and not failed):
        return Result(name, "failed", f"exit code {code}\n{said[-6000:]}", again)
    return Result(name, "passed", ", ".join(sorted(seen)))
