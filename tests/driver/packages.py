# SPDX-License-Identifier: MIT
"""packages - Python packages that tests import, pinned and cached by their list."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT = 600
PYTHON_VERSION = "3.13"  # of the executable


def find(list_file, cache, version=PYTHON_VERSION):
    """(folder, "") or (None, why it is not there)."""
    text = list_file.read_text()
    if version != PYTHON_VERSION:
        text += version
    name = "python-packages-" + hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = cache / name
    if folder.is_dir():
        return folder, ""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        target = Path(temporary) / name
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target",
             target, "--python-version", version, "--only-binary", ":all:",
             "-r", list_file],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT,
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["pip failed"]
            return None, f"packages of {list_file.name} not reachable: {said[-1]}"
        target.rename(folder)
    return folder, ""
