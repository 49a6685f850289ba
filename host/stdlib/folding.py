# SPDX-License-Identifier: MIT
"""Leave the inline caches out of marshalled code: a quarter of its bytes, all zero.

CPython 3.11 and later keep room for what the interpreter learns behind many instructions
(Include/internal/pycore_opcode_metadata.h says how much). stdlib-unfold.c puts it back.
The folded form of a module, numbers as LEB128:
    count | count x { bytes before the code, bytes of its instructions } | the bytes
The four bytes that give the length of each code in the original are left out too.
"""

import marshal
import opcode
import struct
import types

# Zero units of two bytes behind each instruction.
CACHES = [0] * 256
for _name, _count in opcode._inline_cache_entries.items():
    CACHES[opcode.opmap[_name]] = _count


def fold(data):
    """The folded form of `data`, one marshalled code object."""
    spans, stream, done = [], bytearray(), 0
    for code in _codes(marshal.loads(data)):
        full = code.co_code
        at = data.index(struct.pack("<I", len(full)) + full, done)
        instructions = _instructions(full)
        spans += [at - done, len(instructions)]
        stream += data[done:at] + instructions
        done = at + 4 + len(full)
    stream += data[done:]
    folded = b"".join(map(_leb128, [len(spans) // 2, *spans])) + bytes(stream)
    assert unfold(folded) == data
    return folded


def unfold(folded):
    """What stdlib-unfold.c does, for fold() to be sure of."""
    count, at = _read(folded, 0)
    spans, out = [], bytearray()
    for _ in range(2 * count):
        number, at = _read(folded, at)
        spans.append(number)
    for before, length in zip(spans[::2], spans[1::2]):
        out += folded[at : at + before]
        code = bytearray()
        for i in range(at + before, at + before + length, 2):
            code += folded[i : i + 2] + bytes(2 * CACHES[folded[i]])
        out += struct.pack("<I", len(code)) + code
        at += before + length
    return bytes(out + folded[at:])


def write_header(target):
    rows = ",".join(map(str, CACHES))
    target.write_text(f"#define INLINE_CACHES {rows}\n"
                      f"#define INLINE_CACHES_MAX {max(CACHES)}\n")  # fmt: skip


def _codes(code):
    """In the order of their bytes in the stream: a code's own come before its constants."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _instructions(code):
    kept, at = bytearray(), 0
    while at < len(code):
        kept += code[at : at + 2]
        at += 2 + 2 * CACHES[code[at]]
    return bytes(kept)


def _leb128(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def _read(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at
