# SPDX-License-Identifier: MIT
"""wheels - packages of the Python index, vendored once into the build cache by the very
command that Ferrule prints."""

import hashlib
import os
import shlex
import subprocess
from pathlib import Path

from host import run

NEEDS = ["openai==3.54.0", "pydantic==2.14.3", "httpx==0.28.1", "numpy==2.4.6",
         "cryptography==49.0.0"]  # fmt: skip
BLOCK = "# /// script\n# dependencies = [{}]\n# ///\n".format(
    ", ".join(f'"{need}"' for need in NEEDS)
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ferrule"
FOLDER = CACHE / f"wheels-{hashlib.sha256(BLOCK.encode()).hexdigest()[:12]}"


def fetch():
    """Make FOLDER/agent with its vendor folder, whole or not at all; or a reason."""
    if (FOLDER / "complete").exists():
        return ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    script = FOLDER / "agent.py"
    script.write_text(BLOCK)
    said = run(script).stderr.strip().splitlines()
    command = shlex.split(said[-1])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return f"wheels not reachable: {(done.stderr.splitlines() or ['pip failed'])[-1]}"
    (FOLDER / "complete").touch()
    return ""
