# SPDX-License-Identifier: MIT
"""arguments - the arguments of a call as models and servers really send them.

What is meant is clear in these cases, so they are read and not refused: no text at all
(no arguments), an object instead of its text, text that was encoded once more than it
should, and what SchemaGuard.repair() puts right.
"""

import json

from ferrule.guard import InvalidPayload

__all__ = ["read"]

LAYERS_MAX = 3  # encodings around each other


def read(guard, raw):
    """The arguments as a JSON text that fits, or the one to be told about.

    raw: str, None, or an object. Returns (text, is_valid).
    """
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
    if text.strip() in ("", "null"):
        text = "{}"
    for _ in range(LAYERS_MAX):
        try:
            return guard.repair(text).text, True
        except InvalidPayload:
            inner = _decoded(text)
        if inner is None:
            break
        text = inner
    return text, False


def _decoded(text):
    """The text that a JSON string is, or None."""
    if not text.lstrip().startswith('"'):
        return None
    try:
        inner = json.loads(text)
    except ValueError:
        return None
    return inner if isinstance(inner, str) else None
