# SPDX-License-Identifier: MIT
"""folder - one folder, and no way out of it.

Every path is walked from the folder's own descriptor, one name at a time, without
following symbolic links: whatever is renamed or linked meanwhile, nothing outside is ever
opened. Refusals are ValueErrors, worded for whoever named the path.
"""

import errno
import os
import stat

PATH_MAX, DEPTH_MAX = 4096, 64  # characters, names


class Folder:
    """path: of a folder; OSError if it cannot be opened."""

    def __init__(self, path):
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def open(self, path):
        """The descriptor of a file or folder below this one; the caller closes it."""
        names = split(path)
        current = os.dup(self._descriptor)
        for number, name in enumerate(names):
            try:
                inner = _open(name, current, is_last=number == len(names) - 1)
            except OSError as error:
                raise _refusal(error, "/".join(names[: number + 1])) from None
            finally:
                os.close(current)
            current = inner
        return current

    def close(self):
        os.close(self._descriptor)


def split(path):
    """The names of a relative path that stays inside; ValueError for any other."""
    if path.startswith(("/", "~")):
        raise ValueError(f"{path!r} is not inside the folder: give a path relative to it")
    if "\0" in path or len(path) > PATH_MAX:
        raise ValueError("that is no path")
    names = [name for name in path.split("/") if name not in ("", ".")]
    if ".." in names:
        raise ValueError(f"{path!r} leads out of the folder: '..' is not allowed")
    if len(names) > DEPTH_MAX:
        raise ValueError(f"a path of more than {DEPTH_MAX} names")
    return names


def entries(descriptor):
    """(name, stat) of what is in an open folder, by name; links as links."""
    found = []
    for name in sorted(os.listdir(descriptor)):
        try:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except OSError:
            continue  # it went away
        found.append((name, status))
    return found


def child(descriptor, name):
    """The descriptor of a file or folder right in an open folder; OSError."""
    return _open(name, descriptor, is_last=True)


def _open(name, parent, is_last):
    # Without O_NONBLOCK a named pipe would wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(name, flags, dir_fd=parent)
    if not is_last and not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)  # O_DIRECTORY would say the same of a link
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return descriptor


def _refusal(error, path):
    if error.errno == errno.ELOOP:
        return ValueError(f"{path!r} is a symbolic link: it may lead out of the folder")
    if error.errno == errno.ENOENT:
        return ValueError(f"there is no {path!r} in the folder")
    if error.errno == errno.ENOTDIR:
        return ValueError(f"{path!r} is no folder")
    return ValueError(f"{path!r}: {error.strerror}")


def kind(status):
    """What a stat says it is, in a word."""
    for test, word in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"),
                       (stat.S_ISLNK, "link")):  # fmt: skip
        if test(status.st_mode):
            return word
    return "device"
