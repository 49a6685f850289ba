# SPDX-License-Identifier: MIT
"""Start-up: `-c pass`, a usual import list, files opened, resident memory.

Stands for the time between a user's double click and the agent's first line. Controls:
the distribution's own python3, and the same executable importing the same modules from
.pyc files instead of from itself.
"""

import re
import shutil
import subprocess
import sys
import tempfile

import measure

ROUNDS = 60
IMPORTS = (
    "import asyncio, json, ssl, http.client, logging, concurrent.futures, subprocess, "
    "pathlib, dataclasses, typing, re, urllib.request, argparse"
)
# Opened at start for reasons of the C library: its parts and the locale.
EXPECTED = re.compile(
    r"/(ld\.so\.cache|lib(c|m|ssl|crypto|z)\.so[.0-9]*|gconv-modules\.cache|[^/]*locale.*)$"
    r"|/locale/"
)


def pass_time():
    flags = ["-I", "-S", "-c", "pass"]
    commands = {"ferrule": [measure.FERRULE, *flags],
                "python3": ["/usr/bin/python3", *flags]}  # fmt: skip
    samples = measure.interleave(commands, ROUNDS)
    measure.print_times(samples, "python3")
    return measure.ratio(samples, "ferrule", "python3")


def import_time(library):
    """`library` holds the standard library as .pyc files, compiled by ourselves."""
    from_files = f"import sys; sys.path.insert(0, {str(library)!r}); {IMPORTS}"
    commands = {
        "imports, built in": [measure.FERRULE, "-I", "-S", "-c", IMPORTS],
        "imports, from .pyc files": [measure.FERRULE, "-I", "-S", "-c", from_files],
    }
    samples = measure.interleave(commands, ROUNDS // 2)
    measure.print_times(samples, "imports, from .pyc files")
    return measure.ratio(samples, "imports, built in", "imports, from .pyc files")


def pyc_library(folder):
    source = measure.cpython("release") / "src" / "Lib"
    target = f"{folder}/lib"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("test", "idlelib"))
    compile_all = [measure.FERRULE, "-m", "compileall", "-q", target]
    subprocess.run(compile_all, check=False, stdout=subprocess.DEVNULL)
    return target


def opened_files():
    trace = ["strace", "-f", "-e", "trace=open,openat", measure.FERRULE, "-I", "-S",
             "-c", "pass"]  # fmt: skip
    text = subprocess.run(trace, stderr=subprocess.PIPE, text=True, check=True).stderr
    paths = re.findall(r'open(?:at)?\([^"]*"([^"]+)".*\) = \d', text)
    return [path for path in paths if not EXPECTED.search(path)]


def resident_megabytes():
    """VmRSS at the end of an empty program, as the program itself sees it."""
    code = "print(open('/proc/self/status').read())"
    done = subprocess.run([measure.FERRULE, "-I", "-S", "-c", code],
                          stdout=subprocess.PIPE, text=True, check=True)  # fmt: skip
    return int(re.search(r"VmRSS:\s+(\d+)", done.stdout).group(1)) * 1024 / 1e6


def main():
    print(measure.machine())
    measure.verdict("-c pass against python3", pass_time(), 1.05, 0.95, "x")
    with tempfile.TemporaryDirectory() as folder:
        library = pyc_library(folder)
        measure.verdict("imports against .pyc", import_time(library), 0.90, 0.80, "x")
    measure.verdict("files opened", len(opened_files()), 0, 0)
    measure.verdict("resident memory", resident_megabytes(), 9.5, 8.0, " MB")


if __name__ == "__main__":
    sys.exit(main())
