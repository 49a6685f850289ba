# SPDX-License-Identifier: MIT
"""gguf - one text out of the metadata of a GGUF file (version 2 and 3)."""

import struct

# Sizes in bytes of the fixed types, by GGUF's numbers for them.
_FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9


def text(path, wanted):
    """The metadata of that key; KeyError if there is none, ValueError if no GGUF."""
    with open(path, "rb") as file:
        magic, version, _, pairs = struct.unpack("<4sIQQ", file.read(24))
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"{path} is no GGUF file of version 2 or 3")
        for _ in range(pairs):
            key = _string(file).decode()
            kind = _number(file, "<I")
            if key == wanted and kind == _STRING:
                return _string(file).decode()
            _skip(file, kind)
    raise KeyError(wanted)


def _number(file, form):
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _string(file):
    return file.read(_number(file, "<Q"))


def _skip(file, kind):
    if kind == _STRING:
        file.seek(_number(file, "<Q"), 1)
    elif kind == _ARRAY:
        kind, count = struct.unpack("<IQ", file.read(12))
        if kind in _FIXED:
            file.seek(count * _FIXED[kind], 1)
        else:
            for _ in range(count):
                _skip(file, kind)
    else:
        file.seek(_FIXED[kind], 1)
