# SPDX-License-Identifier: MIT
"""looking - the tools of the desk, inside one folder: search, read, list with sizes."""

import os
import time

import folder as folders
import searching

from ferrule import tool

FRESH = 30  # seconds that what was read is taken to be so still
RESULT_MAX = 6_000  # characters that the model is given: small ones have little room
ENTRIES_MAX, LINES_MAX = 150, 400
OUTLINE_MAX = 60  # paths that a model is told beforehand
FILE_MAX = 16 << 20  # bytes of a file that is read or searched
FILES_MAX = 20_000  # that one search looks at
OPTIONS = {"cache": FRESH, "max_result": RESULT_MAX, "timeout": 30}


class Desk:
    """The tools for one folder."""

    def __init__(self, path):
        self._folder = folders.Folder(path)

    def tools(self):
        """Two, for small models choose badly among more: list and stat are parts of
        read, and patterns of search."""
        return [self.read, self.search]

    @tool(**OPTIONS)
    def read(self, path: str, first_line: int = 1) -> str:
        """Read the text of a file. Of a folder: list names, sizes and dates.

        path: the file or folder
        first_line: where to begin, for long files
        """
        descriptor = self._folder.open(path)
        try:
            if folders.kind(os.fstat(descriptor)) == "folder":
                return _listing(descriptor)
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
    def search(self, text: str, path: str = ".") -> str:
        """Find what the files say about something.

        text: a few telling words, or a regular expression
        path: the folder or file to look in
        """
        if not text.strip():
            raise ValueError("text is empty")
        lines, seen = self._look(text, path)
        if not lines and folders.split(path):
            lines, more = self._look(text, ".")
            seen += more
            if lines:
                lines.insert(0, f"[nothing in {path!r}; in the whole folder:]")
        return "\n".join(lines) or f"nothing in {seen} files fits {text!r}"

    def _look(self, text, path):
        """The lines below a path that fit, and the number of files looked at."""
        looking, seen = searching.Search(text), 0
        for name, descriptor in self._files(path):
            if looking.is_full or seen >= FILES_MAX:
                end = f"[ended after {seen} files: look in one folder of them]"
                return [*looking.found(), end], seen
            seen += 1
            looking.take(name, _searchable(descriptor, name))
        return looking.found(), seen

    def outline(self):
        """The folder's paths, as many as a model may be told beforehand, level by level."""
        found, waiting = [], [""]
        while waiting and len(found) <= OUTLINE_MAX:
            path = waiting.pop(0)
            try:
                descriptor = self._folder.open(path)
            except ValueError:
                continue  # it went away, or may not be read
            try:
                inside = folders.entries(descriptor)
            finally:
                os.close(descriptor)
            for name, status in inside:
                if name.startswith("."):
                    continue
                if folders.kind(status) == "folder":
                    waiting.append(f"{path}{name}/")
                else:
                    found.append(path + name)
        if len(found) > OUTLINE_MAX:
            found[OUTLINE_MAX:] = ["..."]
        return "\n".join(found) or "(nothing)"

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


def _searchable(descriptor, name):
    """The text of an open file, "" of a picture or a program."""
    try:
        return _text(descriptor, name)
    except ValueError:
        return ""


def _text(descriptor, path):
    status = os.fstat(descriptor)
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


def _listing(descriptor):
    rows = [_row(name, status) for name, status in folders.entries(descriptor)]
    more = len(rows) - ENTRIES_MAX
    if more > 0:
        rows[ENTRIES_MAX:] = [f"... and {more} more"]
    rows.append("[names only: to know what the files say, search or read them]")
    return "\n".join(rows)


def _row(name, status):
    word = folders.kind(status)
    if word != "file":
        return f"{name}/" if word == "folder" else f"{name}  ({word})"
    changed = time.strftime("%Y-%m-%d %H:%M", time.localtime(status.st_mtime))
    return f"{name}  {status.st_size:,} bytes, changed {changed}"
