#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build the interpreter that goes into the executable, once per recipe.

    build.py --variant dev|release      prints the folder it made or found

The folder, below ${XDG_CACHE_HOME:-~/.cache}/ferrule, is named by a hash of all it is
made from and appears complete or not at all:
    src/      CPython's source tree, patches applied
    build/    the interpreter `python` with which the standard library is packed
    include/  headers with pyconfig.h
    lib/      libpython and the archives it needs
    modules/  loadable extensions (sqlite3, CJK codecs)
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import fetch
import recipe

HERE = Path(__file__).resolve().parent
PATCHES = ("interned-strings.patch", "runtime-reset.patch", "returning-threads.patch",
           "quick-end.patch", "new-interpreter.patch", "utf-8.patch", "forked-child.patch",
           "shared-start.patch")
MADE_FROM = ("recipe.py", "build.py", "profile_task.py", *PATCHES)


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ferrule"


def say(text):
    print(f"ferrule: {text}", file=sys.stderr, flush=True)


def key(variant, identity):
    """Name of the cached folder: a hash of recipe, source, compiler and variant."""
    digest = hashlib.sha256()
    for name in MADE_FROM:
        digest.update((HERE / name).read_bytes())
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, check=True)
    for part in (variant, identity, os.environ.get("CFLAGS", "")):
        digest.update(part.encode() + b"\0")
    digest.update(compiler.stdout)
    return f"cpython-{recipe.VERSION}-{variant}-{digest.hexdigest()[:16]}"


def run(command, log, cwd, **env):
    """Run one step; on failure show the end of its log and stop."""
    with open(log, "ab") as out:
        done = subprocess.run(
            command, cwd=cwd, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            env={**os.environ, **env},
        )  # fmt: skip
    if done.returncode != 0:
        tail = Path(log).read_text(errors="replace").splitlines()[-15:]
        raise fetch.FetchError(
            "\n".join(tail) + f"\n{command[0]} failed; whole log: {log}"
        )


# A docstring made by Argument Clinic: the signature, a line "--", the prose.
CLINIC_DOC = re.compile(
    r'(PyDoc_STRVAR\(\w+,\n(?:".*"\n)*?"--\\n"\n"\\n")\n(?:".*"\n?)*\);'
)


def strip_prose(src):
    """Cut built-in docstrings down to their signatures, which inspect needs: help() has
    no place in an executable for end users, and the prose is 0.3 MB."""
    for folder in ("Objects", "Modules", "Python"):
        for path in (src / folder).rglob("clinic/*.c.h"):
            text = path.read_text()
            path.write_text(CLINIC_DOC.sub(r"\1);", text))


def patch(src, log):
    for name in PATCHES:
        run(["patch", "-p1", "-i", str(HERE / name)], log, src)


def configure(work, log):
    build = work / "build"
    command = ["../src/configure", *recipe.CONFIGURE]
    command += [f"OPT={recipe.OPTIMISE}", f"CFLAGS_NODIST={recipe.CFLAGS}"]
    command += [f"py_cv_module_{name}=n/a" for name in recipe.NOT_BUILT]
    run(command, log, build, MODULE_BUILDTYPE="static")
    local = build / "Modules" / "Setup.local"
    local.unlink(missing_ok=True)
    local.symlink_to("Setup.stdlib")


def make(work, log, cflags="", ldflags=""):
    """Compile the interpreter and libpython, with these flags added."""
    command = ["make", f"-j{os.cpu_count() or 1}", "python", "pybuilddir.txt"]
    command += [f"CFLAGS_NODIST={recipe.CFLAGS} {cflags}", f"LDFLAGS_NODIST={ldflags}"]
    run(command, log, work / "build")


def train(work, log):
    """Run the profile task in an instrumented interpreter, then forget its objects."""
    make(work, log, recipe.PROFILE_GENERATE, recipe.PROFILE_GENERATE)
    run(["./python", "-I", str(HERE / "profile_task.py")], log, work / "build")
    for pattern in ("*.o", "*.a"):
        for path in (work / "build").rglob(pattern):
            path.unlink()


def loadable(work, log):
    """Compile the extensions that stay outside the executable."""
    src, build, out = work / "src", work / "build", work / "modules"
    out.mkdir()
    flags = ["-shared", "-fPIC", "-O2", "-DNDEBUG", "-fno-strict-overflow"]
    flags += ["-fvisibility=hidden", "-std=gnu11", "-w", "-s"]
    flags += ["-Wl,-z,relro,-z,now", "-DPY_SQLITE_ENABLE_LOAD_EXTENSION=1"]
    flags += [f"-I{src}/Include/internal", f"-I{build}", f"-I{src}/Include"]
    for name, (sources, libraries) in recipe.LOADABLE.items():
        target = out / f"{name}.cpython-313-x86_64-linux-gnu.so"
        files = [f"{src}/Modules/{source}" for source in sources]
        core = ["-DPy_BUILD_CORE_MODULE"] if name != "_sqlite3" else []
        command = ["gcc", *flags, *core, *files, "-o", str(target), *libraries]
        run(command, log, work)


def collect(work):
    """Keep what later steps read, delete the rest of the build tree."""
    src, build = work / "src", work / "build"
    shutil.copytree(src / "Include", work / "include")
    shutil.copy(build / "pyconfig.h", work / "include")
    (work / "lib").mkdir()
    for archive in recipe.ARCHIVES:
        shutil.copy(build / archive, work / "lib")
    for pattern in ("*.o", "*.a", "*.gcda", "*.gcno"):
        for path in build.rglob(pattern):
            path.unlink()
    for name in ("_bootstrap_python", "Programs/_freeze_module"):
        (build / name).unlink(missing_ok=True)
    for path in work.glob("*.tar.*"):
        path.unlink()
    for name in ("Doc", "PCbuild", "PC", "Mac", "iOS", "Android", "debian", ".pc"):
        shutil.rmtree(src / name, ignore_errors=True)


def build(variant):
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    source, identity = fetch.origin(cache)
    target = cache / key(variant, identity)
    if (target / "complete").exists():
        return target
    minutes = {"dev": "about 2 minutes", "release": "about 10 minutes"}[variant]
    say(f"building CPython {recipe.VERSION} ({variant}), once: {minutes} on 2 cores")
    # The tree is built where it will stay: the interpreter remembers its folder.
    shutil.rmtree(target, ignore_errors=True)
    (target / "build").mkdir(parents=True)
    log = target / "build.log"
    started = time.monotonic()
    steps = [
        ("unpack", lambda: fetch.unpack(source, target / "src")),
        ("patch", lambda: patch(target / "src", log)),
        ("strip docstrings", lambda: strip_prose(target / "src")),
        ("configure", lambda: configure(target, log)),
        ("profile", lambda: train(target, log)),
        ("compile", lambda: make(target, log, *recipe.FLAGS[variant])),
        ("extensions", lambda: loadable(target, log)),
        ("collect", lambda: collect(target)),
    ]
    if variant != "release":
        steps = [step for step in steps if step[0] != "profile"]
    for title, step in steps:
        say(f"  {title} ({time.monotonic() - started:.0f} s so far)")
        step()
    (target / "complete").touch()
    say(f"  CPython is ready ({time.monotonic() - started:.0f} s)")
    return target


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", choices=recipe.FLAGS, default="dev")
    arguments = parser.parse_args()
    try:
        print(build(arguments.variant))
    except fetch.FetchError as error:
        sys.exit(f"ferrule: {error}")
    except OSError as error:
        hint = "free some space (the build needs 1 GB) and run the command again"
        sys.exit(f"ferrule: {error}" + (f"; {hint}" if error.errno == 28 else ""))


if __name__ == "__main__":
    main()
