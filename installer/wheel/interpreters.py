# SPDX-License-Identifier: MIT
"""interpreters - which CPython can build and test the wheel on this machine."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ferrule"

# Told by the interpreter itself: a name on PATH may be a shim that runs another one.
ASK = """
import json, os, sys, sysconfig
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2], "full": sys.version.split()[0],
    "path": sys.executable, "tag": "cp%d%d" % sys.version_info[:2] + sys.abiflags,
    "stock": sys.implementation.name == "cpython" and sys.prefix == sys.base_prefix,
    "headers": any(os.path.exists(os.path.join(sysconfig.get_path(name), "Python.h"))
                   for name in ("include", "platinclude"))}))
"""


@dataclass(frozen=True)
class Interpreter:
    path: str
    version: str  # "3.11"
    full: str  # "3.11.2"
    tag: str  # "cp311", as in the name of a wheel


def candidates(version):
    """Paths that may be that version: the distribution's first."""
    yield f"/usr/bin/python{version}"
    yield f"/usr/local/bin/python{version}"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield os.path.join(folder, f"python{version}")
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(home.glob(f"versions/{version}.*/bin/python{version}")))
    # What the speed bench compares with, bench/stock.py.
    yield from map(str, sorted(CACHE.glob("cpython-stock-*/build/python")))


def ask(path):
    """What the interpreter says of itself, or None."""
    if not os.access(path, os.X_OK):
        return None
    try:
        done = subprocess.run([path, "-I", "-c", ASK], capture_output=True, text=True,
                              timeout=30)  # fmt: skip
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def find_one(version):
    """(Interpreter, "") or (None, why there is none)."""
    reason = f"no Python {version} on this machine"
    for path in candidates(version):
        said = ask(path)
        if said is None or said["version"] != version or not said["stock"]:
            continue
        if said["headers"]:
            return Interpreter(said["path"], version, said["full"], said["tag"]), ""
        reason = f"{said['path']} has no Python.h: its -dev package is not installed"
    return None, reason


def find():
    """([Interpreter], {version: why there is none})."""
    found = {version: find_one(version) for version in VERSIONS}
    return ([one for one, _ in found.values() if one],
            {version: reason for version, (one, reason) in found.items() if not one})
