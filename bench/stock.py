# SPDX-License-Identifier: MIT
"""Controls: CPython from the same source with its own default configure - no option, no
patch, no profile - and the same with --disable-gil; each built once into the cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

import measure

sys.path.insert(0, str(measure.ROOT / "host" / "cpython"))

import fetch


def interpreter(kind="stock", options=()):
    """Path of the built `python`."""
    source, identity = fetch.origin(measure.CACHE)
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    folder = measure.CACHE / f"cpython-{kind}-{digest}"
    python = folder / "build" / "python"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another bench may be building it
        if not (folder / "complete").exists():
            _build(source, folder, options)
    return python


def _build(source, folder, options):
    what = f"configure {' '.join(options)}" if options else "its default configure"
    print(f"building CPython with {what}, once (5 minutes)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "build").mkdir(parents=True)
    fetch.unpack(source, folder / "src")
    with open(folder / "build.log", "wb") as log:
        for command in (["../src/configure", *options], ["make", f"-j{os.cpu_count()}"]):
            subprocess.run(command, cwd=folder / "build", stdout=log, stderr=log,
                           check=True)  # fmt: skip
    (folder / "complete").touch()


def free_threaded():
    return interpreter("free-threaded", ["--disable-gil"])
