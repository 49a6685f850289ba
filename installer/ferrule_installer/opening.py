# SPDX-License-Identifier: MIT
"""opening - `ferrule run FILE.ferrule`: the first time, checked and unpacked.

The package is unpacked into the user's cache, in a folder named after its SHA-256, and
a link named after the identity of the file (device, inode, size, times) leads to the
script. host/cli/cli-package.c looks for that link, so that further starts cost one
stat() and one readlink() and are those of the agent's folder. A file that changed in
any way has another identity and is checked again.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ferrule._installer import archive, said
from ferrule._installer.said import Refused

LINKS_MAX = 64  # packages remembered; the least recently opened are forgotten


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "ferrule" / "agents"


def identity(path):
    """The name of the link; cli-package.c makes the same one."""
    seen = os.stat(path)
    return "-".join(f"{number:x}" for number in (
        seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))


def check_platform(package):
    index, own = package.index, "{}.{}".format(*sys.version_info)
    if index["platform"] not in ("any", f"linux-{os.uname().machine}"):
        raise Refused(f"{package.path} is for {index['platform']}, this machine is "
                      f"linux-{os.uname().machine}")
    if index["platform"] != "any" and index["python"] != own:
        raise Refused(f"{package.path} has extension modules for Python {index['python']}, "
                      f"this ferrule is {own}: fetch a version of the agent made for it")


def unpack(package, target):
    """Write the checked files below `target`, which is there and empty."""
    for name, data, executable in package.files():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if executable else 0o644)


def digest(stream):
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()


def open_package(path):
    """Checks `path` and makes the link; what it refuses was never unpacked in place."""
    from ferrule._installer import trust

    cache = cache_folder()
    key = identity(path)
    with open(path, "rb") as stream:
        package = archive.Package(stream, path)
        check_platform(package)
        news = trust.check_before_use(path, package.index["name"],
                                      package.index.get("publisher"))
        folder = cache / digest(stream)
        if news and not folder.is_dir():
            said.say(news)
        try:
            if not folder.is_dir():
                _unpack_into(package, cache, folder)
            _link(cache, key, folder / package.index["entry"])
        except OSError as error:
            raise Refused(f"cannot unpack {path}: {said.reason_of(error)}",
                          "name a folder you may write to in XDG_CACHE_HOME",
                          code=said.EXIT_FAILED) from None  # fmt: skip
    if identity(path) != key:
        raise Refused(f"{path} changed while it was read: start it again",
                      code=said.EXIT_FAILED)


def _unpack_into(package, cache, folder):
    cache.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=cache))
    try:
        unpack(package, staging)
        staging.chmod(0o755)
        staging.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _link(cache, key, script):
    links = cache / "opened"
    links.mkdir(exist_ok=True)
    fresh = links / f".{key}-{os.getpid()}"
    fresh.symlink_to(os.path.relpath(script, links))
    fresh.rename(links / key)
    _forget_oldest(cache, links)


def _forget_oldest(cache, links):
    known = sorted(links.iterdir(), key=lambda link: link.lstat().st_mtime, reverse=True)
    for link in known[LINKS_MAX:]:
        link.unlink(missing_ok=True)
    kept = {os.readlink(link).split("/")[1] for link in known[:LINKS_MAX]}
    if len(known) > LINKS_MAX:
        for folder in cache.iterdir():
            if len(folder.name) == 64 and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def main(arguments):
    """FILE, then the command line to start once it is unpacked."""
    def command(arguments):
        open_package(arguments[0])
        sys.stdout.flush()
        os.execv(sys.executable, arguments[1:])

    return said.run(command, arguments)
