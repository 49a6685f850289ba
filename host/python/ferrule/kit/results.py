# SPDX-License-Identifier: MIT
"""results - what a tool returned, as text that a model can be given.

Text stays; bytes are read as UTF-8, or said to be binary; everything else becomes
JSON. However large the result is, no more than the limit is made of it.
"""

import json
import sys

__all__ = ["as_text"]

_BINARY = "[{:,} bytes that are no text]"
_CUT = "\n[cut: {} in all, the first {:,} are above]"


def as_text(value, limit):
    """The text of a result; `limit`: how many characters of it at most."""
    if isinstance(value, str):
        return _cut(value, limit)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _of_bytes(value, limit)
    pieces, size = [], 0
    for piece in _Encoder(ensure_ascii=False).iterencode(value):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            text = "".join(pieces)[:limit]
            return text + _CUT.format("more", limit)
    return "".join(pieces)


def _cut(text, limit):
    # A lone surrogate cannot be sent.
    kept = text[:limit].encode("utf-8", "replace").decode()
    if len(text) <= limit:
        return kept
    return kept + _CUT.format(f"{len(text):,} characters", limit)


def _of_bytes(value, limit):
    size = len(value)
    try:
        text = bytes(value[: 4 * limit]).decode()
    except UnicodeDecodeError as error:
        if error.start < min(size, 4 * limit) - 3 or size <= 4 * limit:
            return _BINARY.format(size)
        text = bytes(value[: error.start]).decode()
    if "\0" in text:
        return _BINARY.format(size)
    if len(text) > limit or size > 4 * limit:
        return text[:limit] + _CUT.format(f"{size:,} bytes", limit)
    return text


class _Encoder(json.JSONEncoder):
    def default(self, value):
        if hasattr(value, "__dataclass_fields__"):
            return {name: getattr(value, name) for name in value.__dataclass_fields__}
        if hasattr(value, "model_dump"):
            return value.model_dump(mode="json")
        if isinstance(value, (set, frozenset)):
            return list(value)
        if isinstance(value, (bytes, bytearray)):
            return _BINARY.format(len(value))
        if hasattr(value, "isoformat"):
            return value.isoformat()
        enum = sys.modules.get("enum")
        if enum and isinstance(value, enum.Enum):
            return value.value
        if hasattr(value, "__next__") or hasattr(value, "__anext__"):
            raise TypeError(f"the tool returned a {type(value).__name__}, not a value")
        return str(value)
