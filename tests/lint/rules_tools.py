# SPDX-License-Identifier: MIT
"""rules_tools - checks that other programs make: clang-format and the compilers."""

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ctoken import includes
from rules_layers import LAYERS, layer_of
from tree import Finding

CLANG_FORMAT = 14  # another version formats differently
STANDARDS = (("c", "gnu17", "gcc"), ("c++", "c++17", "g++"))
JOBS = os.cpu_count() or 1


class Missing(Exception):
    """The program or the headers a check needs are not there: the check is skipped."""


def _clang_format():
    for name in (f"clang-format-{CLANG_FORMAT}", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True)
            if f"version {CLANG_FORMAT}." in said.stdout:
                return path
    raise Missing(f"clang-format {CLANG_FORMAT} is not installed (apt-get install "
                  "clang-format)")


def check_format(tree):
    """C and C++ look as .clang-format says."""
    paths = [s.path for s in tree.matching(lambda s: s.is_c)]
    if not paths:
        return
    program = _clang_format()
    said = subprocess.run(
        [program, "--dry-run", "-Werror", *paths],
        cwd=tree.root, capture_output=True, text=True,
    ).stderr
    seen = set()
    for path, line in re.findall(r"^([^\s:]+):(\d+):\d+: error:", said, re.M):
        if path not in seen:  # the first place in a file is enough to find the rest
            seen.add(path)
            yield Finding(path, int(line), "not formatted: run clang-format -i on it")


def _include_folders(tree):
    folders = {"."}
    for source in tree.matching(lambda s: s.path.endswith(".h")):
        if source.path.startswith(("native-modules/", "host/")):
            folders |= {source.folder, os.path.dirname(source.folder)}
    return sorted(f for f in folders if f)


def _package_flags(*packages):
    said = subprocess.run(
        ["pkg-config", "--cflags", *packages], capture_output=True, text=True
    )
    if said.returncode != 0:
        raise Missing(f"development packages missing: {', '.join(packages)}")
    return said.stdout.split()


def _needs_python(source, tree, seen=None):
    seen = seen if seen is not None else set()
    for _, name, _ in includes(source.tokens):
        if name == "Python.h":
            return True
        for other in tree.matching(lambda s: s.name == os.path.basename(name)):
            if other.path not in seen:
                seen.add(other.path)
                if _needs_python(other, tree, seen):
                    return True
    return False


def _compile_alone(tree, source, language, standard, flags):
    compiler = shutil.which("gcc" if language == "c" else "g++")
    if compiler is None:
        raise Missing("gcc is not installed")
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "alone"
        # Twice: a header without a guard is as bad as one that lacks an include.
        unit.write_text(f'#include "{tree.root / source.path}"\n' * 2)
        done = subprocess.run(
            [compiler, "-fsyntax-only", "-Wall", "-Werror", "-D_GNU_SOURCE",
             "-x", language, f"-std={standard}", *flags, unit],
            cwd=tree.root, capture_output=True, text=True,
        )
    if done.returncode == 0:
        return None
    wrong = re.search(r"^([^\s:]+):(\d+):.*?(?:error|fatal error): (.*)", done.stderr, re.M)
    text = wrong.group(3) if wrong else done.stderr.strip().split("\n")[0]
    return Finding(source.path, 1, f"does not compile alone as {standard}: {text}")


def _public(source):
    """Whether C++ may include it. Private headers may use _Atomic, which C++17 has
    not, and of an engine only one header is for others."""
    if source.name.endswith("-private.h"):
        return False
    layer = layer_of(source.path)
    binding = layer and next((x for x in LAYERS if x.name == f"{layer.name}/python"), None)
    return binding is None or source.path in binding.headers


def _header_jobs(tree, with_python):
    for source in tree.matching(lambda s: s.path.endswith(".h")):
        if not source.path.startswith(("native-modules/", "host/")):
            continue
        if _needs_python(source, tree) != with_python:
            continue
        for language, standard, _ in STANDARDS:
            if language == "c" or _public(source):
                yield source, language, standard


def _check_headers(tree, with_python, flags):
    for folder in _include_folders(tree):
        flags = flags + ["-I", folder]
    with ThreadPoolExecutor(JOBS) as pool:
        yield from filter(None, pool.map(
            lambda job: _compile_alone(tree, *job, flags),
            _header_jobs(tree, with_python),
        ))


def check_headers(tree):
    """Each header compiles by itself as C17 and, when public, as C++17."""
    if any(_header_jobs(tree, False)):
        flags = _package_flags("glib-2.0", "libpcre2-8", "libxxhash", "libzstd")
        yield from _check_headers(tree, False, flags)


def check_python_headers(tree):
    """The same for headers that need Python.h."""
    if not any(_header_jobs(tree, True)):
        return
    if tree.cpython is None:
        raise Missing("no interpreter is built yet (./dev build), so no Python.h")
    folders = [tree.cpython / "include", tree.cpython]
    flags = [f"-isystem{f}" for f in folders if (f / "Python.h").exists()]
    flags += [f"-isystem{f}" for f in folders if (f / "pyconfig.h").exists()]
    if not flags:
        raise Missing(f"no Python.h in {tree.cpython}/include")
    yield from _check_headers(
        tree, True, flags + _package_flags("glib-2.0", "libpcre2-8", "libxxhash", "libzstd")
    )
