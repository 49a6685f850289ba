#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build the slim libraries of the release build, once per recipe.

    build_libraries.py      prints the folder it made or found

The folder, below ${XDG_CACHE_HOME:-~/.cache}/ferrule, is named by a hash of all it is
made from, appears complete or not at all, and holds archives only. A library whose
source the mirrors do not have is not in it: the packaged one is linked then. Prints
nothing when no source is to be had, as without network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cpython"))

import fetch  # noqa: E402
from build import cache_folder, run, say  # noqa: E402
from recipes import LIBRARIES, SECTIONS  # noqa: E402

MADE_FROM = ("recipes.py", "build_libraries.py")


def installed_version(package):
    """Version of the source of an installed package, without an epoch."""
    command = ["dpkg-query", "-W", "-f", "${source:Version}", package]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise fetch.FetchError(f"{package} is not installed: run ./dev build once")
    return done.stdout.strip()


def key():
    digest = hashlib.sha256()
    for name in MADE_FROM:
        digest.update((HERE / name).read_bytes())
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, check=True)
    digest.update(compiler.stdout)
    for library in LIBRARIES:
        digest.update(f"{library.source}={installed_version(library.headers)}\n".encode())
    return f"libraries-{digest.hexdigest()[:16]}"


def source_of(library, work):
    """The unpacked source tree; FetchError when the mirrors do not have it."""
    wanted = f"{library.source}={installed_version(library.headers)}"
    dsc = fetch.source_package(wanted, work / f"{library.source}-files", [fetch.apt_sources()])
    tree = work / library.source
    fetch.unpack(dsc, tree)
    return tree


def compile_files(library, tree, log):
    for origin, target in library.copies.items():
        shutil.copy(tree / origin, tree / target)
    files = [path for pattern in library.files for path in sorted(tree.glob(pattern))]
    run(["gcc", *SECTIONS, *library.flags, "-c", *map(str, files)], log, tree)
    objects = [path.with_suffix(".o").name for path in files]
    run(["ar", "rcs", library.archive, *objects], log, tree)
    return tree / library.archive


def compile_by_meson(library, tree, log):
    build = tree / "slim"
    command = ["meson", "setup", str(build), "--default-library=static"]
    command += ["--buildtype=plain", "--wrap-mode=nodownload", *library.meson]
    run(command, log, tree, CFLAGS=" ".join([*library.flags, *SECTIONS]))
    target = f"{library.source.rstrip('.0123456789')}/{library.archive}"
    run(["ninja", target], log, build)
    thick = tree / library.archive
    shutil.copy(build / target, thick)
    return thick


def make(library, work, log, out):
    """Build one library; what keeps it from being had is said, not raised."""
    try:
        tree = source_of(library, work)
    except fetch.FetchError as error:
        say(f"  {library.source}: the packaged library is linked ({error})")
        return
    compile_one = compile_by_meson if library.meson else compile_files
    shutil.copy(compile_one(library, tree, log), out)


def build():
    cache = cache_folder()
    target = cache / key()
    if target.exists():
        return target
    say("building slim libraries for the release, once: about 1 minute on 2 cores")
    work = cache / f"{target.name}.part-{os.getpid()}"
    try:
        (work / "out").mkdir(parents=True)
        for library in LIBRARIES:
            make(library, work, cache / f"{target.name}.log", work / "out")
        if not any((work / "out").iterdir()):
            return ""
        (work / "out").rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def main():
    try:
        print(build())
    except (fetch.FetchError, OSError) as error:
        sys.exit(f"ferrule: {error}")


if __name__ == "__main__":
    main()
