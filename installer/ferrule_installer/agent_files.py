# SPDX-License-Identifier: MIT
"""agent_files - what of an agent's folder goes into its packages, byte code included.

Guarantees: the same folder gives the same files, whatever their times, owners and order
on disk. Left out: hidden files, byte code and what the manifest's `exclude` names.
"""

import fnmatch
import importlib.util
import os
from dataclasses import dataclass
from importlib._bootstrap_external import _code_to_hash_pyc
from pathlib import Path, PurePosixPath

from ferrule._installer.said import Refused

FILES_MAX = 50_000
BYTES_MAX = 2 << 30
LEFT_OUT = ("__pycache__", "*.pyc", ".*", "*.ferrule", "*.ferrule.sig")


@dataclass(frozen=True)
class File:
    data: bytes
    executable: bool = False


def collect(folder, exclude=(), without=()):
    """{relative path: File} of what is packed; `without`: absolute paths left out."""
    folder = Path(folder)
    files, total = {}, 0
    for path in sorted(_walk(folder, exclude)):
        if path.resolve() in without:
            continue
        name = str(path.relative_to(folder))
        _check_name(folder, name)
        _check_link(folder, path)
        data = path.read_bytes()
        total += len(data)
        if len(files) >= FILES_MAX or total > BYTES_MAX:
            raise Refused(f"{folder}: more than {FILES_MAX} files or {BYTES_MAX >> 30} GiB; "
                          "leave files out with \"exclude\" in ferrule.json")
        files[name] = File(data, bool(path.stat().st_mode & 0o100))
    return files


def _walk(folder, exclude):
    patterns = (*LEFT_OUT, *exclude)
    for root, folders, names in os.walk(folder):
        base = Path(root)

        def kept(name):
            relative = str((base / name).relative_to(folder))
            return not any(fnmatch.fnmatch(name, pattern)
                           or fnmatch.fnmatch(relative, pattern) for pattern in patterns)

        for name in list(folders):
            if kept(name) and os.path.islink(base / name):
                raise Refused(f"{base / name} is a link to a folder; a package holds files "
                              "only: copy what it leads to")
        folders[:] = filter(kept, folders)
        yield from (base / name for name in names if kept(name))


def _check_name(folder, name):
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Refused(f"{folder}: the file name {name!a} is not UTF-8") from None
    if any(ord(letter) < 32 or letter in "\\\x7f" for letter in name):
        raise Refused(f"{folder}: the file name {name!r} has a control character or a "
                      "backslash")


def _check_link(folder, path):
    real = path.resolve()
    if path.is_symlink() and not real.is_relative_to(folder.resolve()):
        raise Refused(f"{path} is a link to {real}, outside the agent's folder: copy it")
    if not real.is_file():
        raise Refused(f"{path} is neither a file nor a folder")


def compiled(folder, files):
    """The byte code of every module in `files`, as further files.

    Unchecked: a package's sources do not change, so nobody looks at their times. Code
    that is no Python of this version is a mistake in the agent and usual in packages.
    """
    made = {}
    for name, file in files.items():
        if not name.endswith(".py"):
            continue
        try:
            code = compile(file.data, name, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError) as error:
            if name.startswith("vendor/"):
                continue
            line, column = getattr(error, "lineno", 1), getattr(error, "offset", 1)
            reason = getattr(error, "msg", error)
            raise Refused(f"{folder}/{name}:{line}:{column}: {reason}") from None
        data = _code_to_hash_pyc(code, importlib.util.source_hash(file.data), False)
        target = importlib.util.cache_from_source(name, optimization="")
        made[str(PurePosixPath(target))] = File(bytes(data))
    return made
