#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build the slim libraries of the release build, once per recipe.

    build_libraries.py [tls]      prints the folder it made or found

The folder, below ${XDG_CACHE_HOME:-~/.cache}/ferrule, is named by a hash of all it is
made from, appears complete or not at all, and holds archives only. A library whose
source the mirrors do not have is not in it: the packaged one is linked then. Prints
nothing when no source is to be had, as without network. `tls`: OpenSSL for the self-contained build.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cpython"))

import fetch  # noqa: E402
from build import cache_folder, run, say  # noqa: E402
from recipes import LIBRARIES, SECTIONS, TLS_LIBRARIES  # noqa: E402

MADE_FROM = ("recipes.py", "build_libraries.py")


def installed_version(package):
    """Version of the source of an installed package, without an epoch."""
    command = ["dpkg-query", "-W", "-f", "${source:Version}", package]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise fetch.FetchError(f"{package} is not installed: run ./dev build once")
    return done.stdout.strip()


def key(libraries, name):
    digest = hashlib.sha256()
    for made_from in MADE_FROM:
        digest.update((HERE / made_from).read_bytes())
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, check=True)
    digest.update(compiler.stdout)
    for library in libraries:
        digest.update(f"{library.source}={installed_version(library.headers)}\n".encode())
    return f"{name}-{digest.hexdigest()[:16]}"


def source_of(library, work):
    """The unpacked source tree; FetchError when the mirrors do not have it."""
    wanted = f"{library.source}={installed_version(library.headers)}"
    dsc = fetch.source_package(wanted, work / f"{library.source}-files", [fetch.apt_sources()])
    tree = work / library.source
    fetch.unpack(dsc, tree)
    return tree


def series_of(library, version):
    return version.split(".")[: library.series]


def revisions(library, env):
    """Versions that fit the installed headers: those with the same upstream tarball, the
    installed one first, then others of the series, newest first."""
    installed = installed_version(library.headers)
    shown = subprocess.run(["apt-cache", "showsrc", library.source], capture_output=True,
                           text=True, env={**os.environ, **env}).stdout  # fmt: skip
    found = re.findall(r"^Version: (?:\d+:)?(.+)$", shown, re.MULTILINE)
    found.sort(key=lambda each: [int(n) for n in re.findall(r"\d+", each)], reverse=True)
    upstream = installed.rpartition("-")[0]
    same = [each for each in found if each.rpartition("-")[0] == upstream]
    series = [each for each in found
              if library.series and series_of(library, each) == series_of(library, installed)]
    return dict.fromkeys([installed, *same, *series])


def download_tarball(library, folder, log, env):
    for version in revisions(library, env):
        wanted = f"{library.source}={version}"
        try:
            run(["apt-get", "-q", "source", "--tar-only", "--download-only", wanted], log,
                folder, **env)
            say(f"  {library.source}: upstream's source of {version}")
            return
        except fetch.FetchError as error:
            failure = error
    raise failure


def tarball_of(library, work):
    """The unpacked upstream tarball, which some mirrors have without Debian's patches, with
    an earlier set of them, or of another release only; apt checks it against the signed
    index all the same."""
    folder, tree = work / f"{library.source}-tarball", work / library.source
    folder.mkdir()
    apt = work / f"{library.source}-apt"
    apt.mkdir()
    env = {"APT_CONFIG": str(fetch._private_apt(apt, fetch.apt_sources()))}
    log = work / "apt.log"
    run(["apt-get", "-q", "update"], log, folder, **env)
    download_tarball(library, folder, log, env)
    (tarball,) = folder.glob("*.orig.tar.[gx]z")
    tree.mkdir()
    run(["tar", "-xf", str(tarball), "--strip-components=1"], log, tree)
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


def compile_by_configure(library, tree, log):
    flags = [*library.flags, *SECTIONS]
    run(["./Configure", f"linux-{os.uname().machine}", *library.configure, *flags], log, tree)
    run(["make", "build_generated"], log, tree)
    run(["make", f"-j{os.cpu_count()}", library.archive, *library.also], log, tree)
    return tree / library.archive


def tree_of(library, work):
    """The source tree, with Debian's patches where a mirror has them."""
    try:
        return source_of(library, work)
    except fetch.FetchError as error:
        if library.wants_patches:
            raise
        say(f"  {library.source}: without Debian's patches ({error})")
        return tarball_of(library, work)


def make(library, work, log, out):
    """Build one library, unless it is linked as packaged: that is said, not raised."""
    try:
        tree = tree_of(library, work)
    except fetch.FetchError as error:
        if library.has_packaged:
            say(f"  {library.source}: the packaged library is linked ({error})")
            return
        said = [line for line in str(error).splitlines() if line.startswith("E: ")]
        raise fetch.FetchError(
            f"no source of {library.source} {installed_version(library.headers)}, which "
            f"is installed, is to be had: {said[-1] if said else error}\n"
            "If the mirrors have only a newer one by now: apt-get update, apt-get install "
            f"{library.headers}, and this again.") from None  # fmt: skip
    compile_one = compile_files
    if library.meson or library.configure:
        compile_one = compile_by_meson if library.meson else compile_by_configure
    made = compile_one(library, tree, log)
    for archive in (library.archive, *library.also):
        shutil.copy(made.with_name(archive), out)


def build(libraries, name):
    cache = cache_folder()
    target = cache / key(libraries, name)
    if target.exists():
        return target
    say(f"building slim {name} for the release, once: 1-3 minutes on 2 cores")
    work = cache / f"{target.name}.part-{os.getpid()}"
    try:
        (work / "out").mkdir(parents=True)
        for library in libraries:
            make(library, work, cache / f"{target.name}.log", work / "out")
        if not any((work / "out").iterdir()):
            return ""
        (work / "out").rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def main():
    try:
        wants_tls = sys.argv[1:] == ["tls"]
        print(build(TLS_LIBRARIES, "tls") if wants_tls else build(LIBRARIES, "libraries"))
    except (fetch.FetchError, OSError) as error:
        sys.exit(f"ferrule: {error}")


if __name__ == "__main__":
    main()
