# SPDX-License-Identifier: MIT
"""product - what a .run file holds: a tree of files and product/NAME.json about them.

    name, version, kind ("runtime" or "agent"), title
    files      {path: {sha256, size[, executable]}}: every file of the tree
    links      {where: path}: links the installation makes, to files of the tree
    rendered   {where: path}: files it writes from templates of the tree

`where` begins with bin/ or share/. The description is written when the product is made
and never changed, so that it can be checked against the disk at any time.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from ferrule._installer.said import Refused

KINDS = ("agent", "runtime")


@dataclass
class Product:
    folder: Path
    values: dict
    text: bytes

    @property
    def name(self):
        return self.values["name"]

    @property
    def title(self):
        return f"{self.values['title']} {self.values['version']}"

    @property
    def identity(self):
        """The name of its folder: the version, and a hash so that two builds of one
        version can follow each other."""
        return f"{self.values['version']}-{hashlib.sha256(self.text).hexdigest()[:8]}"

    @property
    def outside(self):
        return {**self.values["links"], **self.values["rendered"]}

    def damage(self):
        """What on disk is not as it was made; [] when all is."""
        wrong = []
        for name, row in self.values["files"].items():
            path = self.folder / name
            try:
                whole = path.is_file() and not path.is_symlink() and _sha256(path) == row["sha256"]
            except OSError:
                whole = False
            if not whole:
                wrong.append(name)
        return wrong


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(kind, name, version, title, files, links, rendered):
    """The description as bytes; `files`: {path: File}."""
    rows = {
        path: {"sha256": hashlib.sha256(file.data).hexdigest(), "size": len(file.data),
               **({"executable": True} if file.executable else {})}
        for path, file in files.items()
    }  # fmt: skip
    values = {"format": 1, "kind": kind, "name": name, "version": version, "title": title,
              "files": rows, "links": links, "rendered": rendered}  # fmt: skip
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def read(folder):
    """The product unpacked in `folder`: an agent's, which has a runtime's in it, or a
    runtime's."""
    for kind in KINDS:
        path = Path(folder) / "product" / f"{kind}.json"
        if os.path.exists(path):
            text = path.read_bytes()
            try:
                return Product(Path(folder), json.loads(text), text)
            except ValueError:
                raise Refused(f"{path} is damaged: install again") from None
    raise Refused(f"{folder} holds no product/runtime.json: it was not installed by a .run")
