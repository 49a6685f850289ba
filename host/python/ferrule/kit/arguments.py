# SPDX-License-Identifier: MIT
"""arguments - the arguments of a call as models and servers really send them.

What is meant is clear in these cases, so they are read and not refused: no text at all
(no arguments), an object instead of its text, text in a ``` fence, text that was encoded
twice, numbers or booleans written as text where the schema wants them bare.
"""

import json

__all__ = ["read", "unfenced"]

LAYERS_MAX = 3  # of fences and encodings around each other
_FENCE = "```"


def read(guard, raw):
    """The arguments as a JSON text that fits, or the one to be told about.

    raw: str, None, or an object. Returns (text, is_valid).
    """
    text = raw if isinstance(raw, str) else _written(raw)
    if guard.is_valid(text):
        return text, True
    best = text
    for candidate in _layers(text):
        if guard.is_valid(candidate):
            return candidate, True
        best = candidate
    loose = _unquoted(guard, best)
    if loose is not None:
        return loose, True
    return best, False


def _written(raw):
    return "{}" if raw is None else json.dumps(raw, ensure_ascii=False)


def _layers(text):
    """What is inside the text, layer by layer."""
    for _ in range(LAYERS_MAX):
        inner = unfenced(text)
        if inner.strip() in ("", "null"):
            inner = "{}"
        elif inner.lstrip().startswith('"'):
            try:
                decoded = json.loads(inner)
            except ValueError:
                decoded = inner
            inner = decoded if isinstance(decoded, str) else inner
        if inner == text:
            return
        text = inner
        yield text


def unfenced(text):
    """The inside of a text that is one ``` block; any other text as it is."""
    stripped = text.strip()
    if not stripped.startswith(_FENCE):
        return text
    head, _, body = stripped[len(_FENCE):].partition("\n")
    if not body:  # ```{...}```
        head, body = "", stripped[len(_FENCE):]
    body = body.rstrip()
    if body.endswith(_FENCE):
        body = body[: -len(_FENCE)]
    return body.strip() if not head.strip() or head.strip().isalnum() else text


def _unquoted(guard, text):
    """The text with "5" as 5, "true" as true, "[...]" as a list, where only that is
    wrong; None when it does not help."""
    try:
        found = json.loads(text)
        issues = guard.errors(text)
    except (ValueError, RecursionError):
        return None
    wrong = {issue.instance_path for issue in issues if issue.keyword == "type"}
    if not isinstance(found, dict) or not wrong:
        return None
    changed = {}
    for name, value in found.items():
        path = "/" + name.replace("~", "~0").replace("/", "~1")
        if path in wrong and isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return None
        changed[name] = value
    text = json.dumps(changed, ensure_ascii=False)
    return text if guard.is_valid(text) else None
