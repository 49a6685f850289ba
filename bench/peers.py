# SPDX-License-Identifier: MIT
"""Packages that benches compare with or run, fetched once into the cache by pip."""

import hashlib
import shutil
import subprocess
import sys

import measure

# Wheels for the interpreter inside the executable, whatever runs the bench.
INSIDE = ["--python-version", "3.13", "--implementation", "cp", "--only-binary=:all:"]
for _tag in ("manylinux2014", "manylinux_2_17", "manylinux_2_28"):
    INSIDE += ["--platform", f"{_tag}_x86_64"]


def fetch(packages, options=()):
    """The folder that holds the pinned `packages`, whole or not at all; named by them."""
    words = [*options, *packages]
    folder = measure.CACHE / (
        "bench-" + hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]
    )
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", part,
             *words], check=True,
        )  # fmt: skip
        part.rename(folder)
    return folder
