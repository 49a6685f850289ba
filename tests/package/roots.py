# SPDX-License-Identifier: MIT
"""roots - clean Debian systems to install into: made once, thrown away after each use."""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ferrule/roots"
# What the package depends on, so that dpkg alone can install it.
INCLUDE = {"bookworm": "libssl3,ca-certificates", "trixie": "libssl3t64,ca-certificates"}
TIMEOUT = 1800


class NoRoot(Exception):
    """Why there is none."""


def _mirror():
    """The Debian mirror that this machine uses."""
    for path in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        text = path.read_text(errors="replace") if path.is_file() else ""
        found = re.search(r"^(?:URIs:\s*|deb\s+(?:\[.*?\]\s+)?)(\S+/debian/?)\s", text, re.M)
        if found:
            return found[1]
    raise NoRoot("/etc/apt names no Debian mirror")


def clean_root(suite):
    """The folder of a minimal system, not to be changed."""
    if os.geteuid() != 0:
        raise NoRoot("debootstrap and chroot need root")
    if shutil.which("debootstrap") is None:
        raise NoRoot("debootstrap is not installed (./dev test installs it)")
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / suite
    with open(CACHE / f"{suite}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _make(suite, target)
    return target


def _make(suite, target):
    part = target.with_name(f"{suite}.part")
    shutil.rmtree(part, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={INCLUDE[suite]}", suite,
               part, _mirror()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().split("\n")[-1]
        raise NoRoot(f"debootstrap {suite}: {last}")
    part.rename(target)


# Runs "$@" in $1, an overlay above the clean root, which ends with the process.
ENTER = """
set -e
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount --bind /dev "$2/root/dev"
root=$2/root
shift 2
exec chroot "$root" "$@"
"""


def enter(base, scratch, *command):
    """Run a command in a copy of the root `base`; `scratch` keeps what it changes, so
    that further commands find it."""
    for name in ("upper", "work", "root"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    env = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    words = ["unshare", "-m", "sh", "-c", ENTER, "enter", base, scratch, *command]
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)
