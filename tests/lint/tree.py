# SPDX-License-Identifier: MIT
"""tree - the files a check looks at, and what it finds there."""

import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import ctoken

C_SUFFIXES = (".c", ".h", ".cc", ".hh")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str


class Source:
    """One file, named relative to the root; its text and tokens are made on demand."""

    def __init__(self, path, text):
        self.path = path
        self.text = text

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @cached_property
    def tokens(self):
        return ctoken.tokenise(self.text)

    @cached_property
    def opt_outs(self):
        return ctoken.opt_outs(self.tokens)

    @cached_property
    def declarations(self):
        return ctoken.declarations(self.tokens)

    @property
    def folder(self):
        return os.path.dirname(self.path)

    @property
    def name(self):
        return os.path.basename(self.path)

    @property
    def is_c(self):
        return self.path.endswith(C_SUFFIXES)

    @property
    def is_python(self):
        return self.path.endswith(".py") or self._shebang("python")

    @property
    def is_shell(self):
        return self.path.endswith(".sh") or self._shebang("sh")

    @property
    def is_meson(self):
        return self.name in ("meson.build", "meson_options.txt")

    @property
    def is_code(self):
        return self.is_c or self.is_python or self.is_shell or self.is_meson

    def _shebang(self, word):
        first = self.lines[0]
        return first.startswith("#!") and word in first

    def excused(self, line, rule):
        return self.is_c and rule in self.opt_outs.get(line, ())


@dataclass
class Tree:
    """All text files under the root. `cpython` is the folder made by the recipe of
    the interpreter (its headers lie in include/), or None."""

    root: Path
    sources: dict = field(default_factory=dict)  # path -> Source
    cpython: Path | None = None

    @classmethod
    def read(cls, root, cpython=None):
        tree = cls(Path(root), {}, cpython)
        for path in tracked_files(tree.root):
            data = (tree.root / path).read_bytes()
            if b"\0" in data[:8192]:
                continue
            try:
                tree.sources[path] = Source(path, data.decode())
            except UnicodeDecodeError:
                continue
        return tree

    @classmethod
    def of(cls, files, root="/nonexistent"):
        """A tree of {path: text}, for tests."""
        return cls(Path(root), {p: Source(p, t) for p, t in files.items()})

    def matching(self, predicate):
        return [s for s in self.sources.values() if predicate(s)]

    def exists(self, path):
        path = os.path.normpath(path)
        inside = path + "/"
        return (
            path in self.sources
            or any(p.startswith(inside) for p in self.sources)
            or (self.root / path).exists()
        )


def tracked_files(root):
    """Files git knows; in a tree without git every file outside build folders."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True
    )
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.split("\0")
    else:
        names = [
            str(p.relative_to(root))
            for p in root.rglob("*")
            if not {"build", "dist", ".git", "__pycache__"} & set(p.parts)
        ]
    return sorted(n for n in names if n and (root / n).is_file())
