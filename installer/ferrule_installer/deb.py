# SPDX-License-Identifier: MIT
"""deb - Debian packages, written so that the bytes depend on the contents alone."""

import hashlib

from ferrule._installer import tarball
from ferrule._installer.agent_files import File

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def control_text(fields, description):
    """The control file; `description`: one line, then paragraphs."""
    first, *rest = description.strip().split("\n")
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    lines.append(f"Description: {first}")
    lines += [f" {line}" if line.strip() else " ." for line in rest]
    return "\n".join(lines) + "\n"


def make(fields, description, files, links=()):
    """A package as bytes. `files`: {path below /: File}; `links`: {path: target}."""
    sums = "".join(f"{hashlib.md5(file.data, usedforsecurity=False).hexdigest()}  {name}\n"
                   for name, file in sorted(files.items()))  # fmt: skip
    size = sum(-(-len(file.data) // 1024) for file in files.values()) + len(links)
    fields = {**fields, "Installed-Size": str(size)}
    control = {"control": File(control_text(fields, description).encode()),
               "md5sums": File(sums.encode())}  # fmt: skip
    return _ar({
        "debian-binary": b"2.0\n",
        "control.tar.xz": tarball.compress(tarball.pack(control, "./", folders=True)),
        "data.tar.xz": tarball.compress(
            tarball.pack(files, "./", links, folders=True), executable_code=True),
    })  # fmt: skip


def _ar(members):
    out = bytearray(b"!<arch>\n")
    for name, data in members.items():
        out += f"{name:<16}{tarball.epoch():<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        out += data + b"\n" * (len(data) % 2)
    return bytes(out)
