# SPDX-License-Identifier: MIT
"""runfile - the file format .run: a shell script, a small unpacker, then .xz streams.

    stub.sh, its numbers filled in | unpack, gzip | tar.xz [| tar.xz]

The streams follow each other: that of the runtime, and for an agent one with the agent.
"""

import gzip
import hashlib
import os
import re
from pathlib import Path

from ferrule._installer.said import EXIT_CONFIG, Refused

GLIBC, KERNEL = "2.36", "4.18"
_NUMBER = re.compile(rb"(\w+)=(\d+)")
HINT = {True: "install as another user, or set XDG_DATA_HOME to a folder you may write to "
              "and run programs from",
        False: "run this as root"}  # fmt: skip


def resource(name):
    """A data file of this package, inside the executable."""
    from ferrule import _installer

    folder = Path(_installer.__file__).parent
    return _installer.__spec__.loader.get_data(str(folder / name))


def make(kind, name, title, version, unpacker, payload, unpacked_bytes):
    """The whole file as bytes. `unpacker`: the program; `payload`: the streams."""
    packed = gzip.compress(unpacker, 9, mtime=0)
    tail = packed + payload
    values = {
        "NAME": name, "TITLE": title.replace("'", "'\\''"), "VERSION": version,
        "KIND": kind, "MACHINE": os.uname().machine, "GLIBC": GLIBC, "KERNEL": KERNEL,
        "UNPACKER_SIZE": str(len(packed)), "SHA256": hashlib.sha256(tail).hexdigest(),
        "KILOBYTES": str(unpacked_bytes * 11 // 10 // 1024 + 512),
        "PLACE_HINT": HINT[True],
    }  # fmt: skip
    # Numbers that depend on the length of the script have ten digits.
    places = ("UNPACKER_AT", "PAYLOAD_AT", "FILE_SIZE")
    stub = resource("stub.sh").decode()
    for key, value in values.items():
        stub = stub.replace(f"@{key}@", value)
    size = len(stub.encode()) + sum((10 - len(key) - 2) for key in places)
    at = {"UNPACKER_AT": size + 1, "PAYLOAD_AT": size + len(packed) + 1,
          "FILE_SIZE": size + len(tail)}  # fmt: skip
    for key in places:
        stub = stub.replace(f"@{key}@", f"{at[key]:<10}")
    return stub.encode() + tail


def payload_of(path):
    """(the unpacker, the streams) of a .run file that was made here."""
    data = Path(path).read_bytes()
    head = dict(_NUMBER.findall(data[:16384]))
    try:
        at, end = int(head[b"unpacker_at"]) - 1, int(head[b"payload_at"]) - 1
        digest = re.search(rb"sha256=([0-9a-f]{64})", data[:16384])[1].decode()
        whole = int(head[b"file_size"]) == len(data)
    except (KeyError, TypeError):
        raise Refused(f"{path} is no .run file of ferrule", code=EXIT_CONFIG) from None
    if not whole or hashlib.sha256(data[at:]).hexdigest() != digest:
        raise Refused(f"{path} is damaged: fetch it again", code=EXIT_CONFIG)
    return gzip.decompress(data[at:end]), data[end:]
