# SPDX-License-Identifier: MIT
"""looking - the tools of the desk: list, stat, read, search, inside one folder."""

import os
import time

import folder as folders

from ferrule import SchemaGuard, tool

FRESH = 30  # seconds that what was read is taken to be so still
RESULT_MAX = 6_000  # characters that the model is given: small ones have little room
ENTRIES_MAX, MATCHES_MAX, LINES_MAX = 150, 40, 400
FILE_MAX = 16 << 20  # bytes of a file that is read or searched
FILES_MAX = 20_000  # that one search looks at
LINE_SHOWN = 200  # characters of a matching line
OPTIONS = {"cache": FRESH, "max_result": RESULT_MAX, "timeout": 30}


class Desk:
    """The tools for one folder."""

    def __init__(self, path):
        self._folder = folders.Folder(path)

    def tools(self):
        return [self.list_folder, self.file_info, self.read_file, self.search]

    @tool(**OPTIONS)
    def list_folder(self, path: str = ".") -> str:
        """List what is in a folder.

        path: the folder, "." for the outermost one
        """
        descriptor = self._folder.open(path)
        try:
            rows = [_row(name, status) for name, status in folders.entries(descriptor)]
        except NotADirectoryError:
            raise ValueError(f"{path!r} is a file: read it with read_file") from None
        finally:
            os.close(descriptor)
        more = len(rows) - ENTRIES_MAX
        if more > 0:
            rows[ENTRIES_MAX:] = [f"... and {more} more"]
        return "\n".join(rows) or "(empty)"

    @tool(**OPTIONS)
    def file_info(self, path: str) -> dict:
        """Say what a file or folder is, how large, and when it was changed.

        path: the file or folder
        """
        descriptor = self._folder.open(path)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        changed = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.st_mtime))
        return {"kind": folders.kind(status), "bytes": status.st_size, "changed": changed}

    @tool(**OPTIONS)
    def read_file(self, path: str, first_line: int = 1) -> str:
        """Read the text of a file.

        path: the file
        first_line: where to begin, for long files
        """
        descriptor = self._folder.open(path)
        try:
            text = _text(descriptor, path)
        finally:
            os.close(descriptor)
        lines = text.splitlines()
        start = max(first_line, 1) - 1
        shown = lines[start : start + LINES_MAX]
        rest = len(lines) - start - len(shown)
        if rest > 0:
            shown.append(f"[{rest} more lines: first_line={start + len(shown) + 1}]")
        return "\n".join(shown) or "(empty)"

    @tool(**OPTIONS)
    def search(self, text: str, path: str = ".", regex: bool = False) -> str:
        """Find the lines of all files that contain a text.

        text: what to look for; upper and lower case are the same
        path: the folder or file to look in
        regex: whether text is a regular expression
        """
        if not text:
            raise ValueError("text is empty")
        matches, seen = [], 0
        is_match = _matcher(text, regex)
        for name, descriptor in self._files(path):
            seen += 1
            matches += _matches(name, descriptor, is_match, MATCHES_MAX - len(matches))
            if len(matches) >= MATCHES_MAX or seen >= FILES_MAX:
                matches.append(f"[ended after {seen} files: look in one folder of them]")
                break
        return "\n".join(matches) or f"no line in {seen} files contains it"

    def _files(self, path):
        """(path, descriptor) of every file below; the descriptor is closed after use.
        Hidden things and links are left out."""
        top = self._folder.open(path)
        if folders.kind(os.fstat(top)) != "folder":
            try:
                yield path, top
            finally:
                os.close(top)
            return
        prefix = "/".join(folders.split(path))
        opened = [(prefix, top, iter(folders.entries(top)))]
        try:
            while opened:
                name, descriptor, rest = opened[-1]
                inner, status = next(rest, (None, None))
                if inner is None:
                    os.close(opened.pop()[1])
                    continue
                found = _child(descriptor, inner, status, len(opened))
                if found is None:
                    continue
                path = f"{name}/{inner}" if name else inner
                if folders.kind(os.fstat(found)) == "folder":
                    opened.append((path, found, iter(folders.entries(found))))
                    continue
                try:
                    yield path, found
                finally:
                    os.close(found)
        finally:
            for _, descriptor, _ in opened:
                os.close(descriptor)


def _child(descriptor, name, status, depth):
    """What is in a folder, opened; None for what is not looked at."""
    if name.startswith(".") or folders.kind(status) not in ("file", "folder"):
        return None
    if folders.kind(status) == "folder" and depth > folders.DEPTH_MAX:
        return None
    try:
        return folders.child(descriptor, name)
    except OSError:
        return None  # it went away, or may not be read


def _matcher(text, is_regex):
    """A function of a line. Patterns run in the guard's engine, which gives up on those
    that would take for ever."""
    if not is_regex:
        wanted = text.casefold()
        return lambda line: wanted in line.casefold()
    guard = SchemaGuard({"type": "string", "pattern": text})
    return guard.is_valid_object


def _matches(name, descriptor, is_match, limit):
    if os.fstat(descriptor).st_size > FILE_MAX:
        return []
    try:
        text = _text(descriptor, name)
    except ValueError:
        return []  # a picture, a program
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if len(found) >= limit:
            break
        if is_match(line):
            found.append(f"{name}:{number}: {line.strip()[:LINE_SHOWN]}")
    return found


def _text(descriptor, path):
    status = os.fstat(descriptor)
    if folders.kind(status) == "folder":
        raise ValueError(f"{path!r} is a folder: list it with list_folder")
    if folders.kind(status) != "file":
        raise ValueError(f"{path!r} is no file")
    if status.st_size > FILE_MAX:
        raise ValueError(f"{path!r} has {status.st_size:,} bytes, too many to read")
    data = b""
    while len(data) < FILE_MAX and (piece := os.read(descriptor, 1 << 20)):
        data += piece
    if b"\0" in data[:8192]:
        raise ValueError(f"{path!r} is no text, {status.st_size:,} bytes")
    return data.decode("utf-8", "replace")


def _row(name, status):
    word = folders.kind(status)
    return f"{name}/" if word == "folder" else (
        f"{name}  {status.st_size:,} bytes" if word == "file" else f"{name}  ({word})"
    )
