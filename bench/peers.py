# SPDX-License-Identifier: MIT
"""Packages that benches compare with or run: fetched by pip, or built, once, into the
cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import measure

# Wheels for the interpreter inside the executable, whatever runs the bench.
INSIDE = ["--python-version", "3.13", "--implementation", "cp", "--only-binary=:all:"]
for _tag in ("manylinux2014", "manylinux_2_17", "manylinux_2_28"):
    INSIDE += ["--platform", f"{_tag}_x86_64"]


def fetch(packages, options=()):
    """The folder that holds the pinned `packages`, whole or not at all; named by them."""
    words = [*options, *packages]

    def make(folder):
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder,
             "--disable-pip-version-check", "--root-user-action=ignore", *words],
            check=True,
        )  # fmt: skip

    return once(" ".join(words), make)


def once(named, make):
    """The folder that `make(folder)` filled, whole or not at all; named by `named`."""
    digest = hashlib.sha256(named.encode()).hexdigest()[:12]
    folder = measure.CACHE / f"bench-{digest}"
    if not folder.exists():
        measure.CACHE.mkdir(parents=True, exist_ok=True)
        with open(folder.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another bench may be making it
            if not folder.exists():
                _make_whole(folder, make)
    return folder


def _make_whole(folder, make):
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    make(part)
    part.rename(folder)


def dashstore():
    """The Rust module of bench/peers/dashstore, for every CPython with a lock."""
    source = Path(__file__).resolve().parent / "peers" / "dashstore"
    cargo = shutil.which("cargo")
    if cargo is None:
        raise FileNotFoundError("cargo is not installed: apt-get install cargo")

    def make(folder):
        print("building bench/peers/dashstore, once (1 minute)", flush=True)
        tree = folder / "tree"  # cargo writes beside its sources
        shutil.copytree(source, tree)
        done = subprocess.run(
            [cargo, "build", "--quiet", "--release"], cwd=tree,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env={**os.environ, "CARGO_TARGET_DIR": str(tree / "target")},
        )  # fmt: skip
        if done.returncode != 0:
            raise OSError(f"cargo failed: {done.stderr.strip().splitlines()[-1]}")
        made = tree / "target/release/libdashstore.so"
        shutil.copy(made, folder / "dashstore.abi3.so")
        shutil.rmtree(tree)

    text = "".join(p.read_text() for p in sorted(source.rglob("*")) if p.is_file())
    return once(text, make)


def own_wheel(python):
    """Our own package, built for and installed beside `python`."""
    builder = measure.ROOT / "installer/wheel/build.py"

    def make(folder):
        print(f"building our wheel for {python}", flush=True)
        command = [sys.executable, builder, "--python", python, "--output", folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise OSError(done.stderr.strip().splitlines()[-1])
        wheel = Path(done.stdout.strip().splitlines()[-1])
        shutil.unpack_archive(wheel, folder, "zip")
        wheel.unlink()

    sources = [*(measure.ROOT / "native-modules").rglob("*.[ch]"),
               *(measure.ROOT / "host/python").rglob("*.py")]  # fmt: skip
    text = "".join(p.read_text() for p in sorted(sources))
    return once(f"{os.fspath(python)}\n{text}", make)
