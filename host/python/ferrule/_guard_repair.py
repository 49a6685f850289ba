# SPDX-License-Identifier: MIT
"""Payloads that models get nearly right, put right: opt-in, each change listed.

Text that is no JSON loses what is around it and commas too many; then strings that hold
JSON where the schema wants no string are replaced by what they hold. Nothing is guessed:
a change stays only if the schema is content with that place afterwards.
"""

import re
from collections import namedtuple

import _ferrule_guard

CHANGES_MAX = 100
SHOWN_MAX = 60  # characters of a text that a change shows

_FENCE = re.compile(r"```[\w+-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*```", re.DOTALL)
_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)
_BOM = "\ufeff"
# What a string in the place of another value can be called.
_WRONG_STRING = ("wrong-type", "no-branch", "not-in-enum", "not-const")


class Change(namedtuple("Change", "kind instance_path offset before after")):
    """One thing that was put right.

    kind: "byte-order-mark", "code-fence", "trailing-comma", "double-encoded" (an object
    or array in a string) or "quoted-value" (a number, boolean or null in a string).
    offset: byte in the text as it was when this change was made.
    """

    __slots__ = ()

    def __str__(self):
        place = self.instance_path or "(root)"
        return f"{place}: {self.kind}: {self.before} -> {self.after}"


class Repaired(namedtuple("Repaired", "value changes text")):
    """A valid payload: what json.loads() gives, the changes, the text that was loaded."""

    __slots__ = ()


def repair(guard, payload):
    """Return Repaired; InvalidPayload about the payload as it came when in vain."""
    if guard.is_valid(payload):
        text = payload if isinstance(payload, str) else bytes(payload).decode()
        return Repaired(guard.loads(payload), [], text)
    changes = []
    text = _as_text(payload)
    if text is not None:
        text = _mend_text(text, changes)
        text = _mend_values(guard, text, changes)
    if text is None or not guard.is_valid(text):
        guard.validate(payload)
    return Repaired(guard.loads(text), changes, text)


def _as_text(payload):
    if isinstance(payload, str):
        return payload
    try:
        return bytes(payload).decode()
    except UnicodeDecodeError:
        return None


def _shown(text):
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "..."


def _is_json(text):
    return _ferrule_guard.Guard(
        b"{}", None, False, (), _ferrule_guard.DEPTH_MAX, 1 << 30, True
    ).is_valid(text)


def _bytes_before(text, at):
    return len(text[:at].encode("utf-8", "surrogatepass"))


def _mend_text(text, changes):
    if text.startswith(_BOM):
        changes.append(Change("byte-order-mark", "", 0, "U+FEFF", ""))
        text = text[1:]
    if _is_json(text):
        return text
    fences = _FENCE.findall(text)
    if len(fences) == 1:
        start = _bytes_before(text, text.index("```"))
        changes.append(Change("code-fence", "", start, _shown(text), _shown(fences[0])))
        text = fences[0]
    return text if _is_json(text) else _drop_commas(text, changes)


def _drop_commas(text, changes):
    kept, at = [], 0
    found = []
    for match in _COMMA.finditer(text):
        if match[0] == ",":
            kept.append(text[at : match.start()])
            at = match.end()
            closing = text[at:].lstrip()[:1]
            found.append(Change("trailing-comma", "", _bytes_before(text, match.start()),
                                f",{closing}", closing))
    mended = "".join(kept) + text[at:]
    if len(found) > CHANGES_MAX or not _is_json(mended):
        return text
    changes.extend(found)
    return mended


def _mend_values(guard, text, changes):
    """Replace strings that hold what the schema wants, one after the other."""
    tried = set()
    while len(changes) < CHANGES_MAX:
        error = next((e for e in guard.errors(text) if e.code in _WRONG_STRING
                      and (e.instance_path, e.offset) not in tried), None)
        if error is None:
            break
        better = _unquoted(guard, text, error)
        if better is None:
            tried.add((error.instance_path, error.offset))
            continue
        text, change = better
        changes.append(change)
    return text


def _unquoted(guard, text, error):
    """(text, change) with the value at the error taken out of its quotes, or None."""
    import json

    raw = text.encode("utf-8", "surrogatepass")
    at = len(raw[: error.offset].decode("utf-8", "surrogatepass"))
    if text[at : at + 1] != '"':
        return None
    try:
        held, end = json.JSONDecoder(strict=False).raw_decode(text, at)
    except ValueError:
        return None
    held = held.strip()
    if not held or held[0] == '"' or not _is_json(held):
        return None
    better = text[:at] + held + text[end:]
    if any(e.instance_path == error.instance_path and e.code in _WRONG_STRING + ("syntax",)
           for e in guard.errors(better)):
        return None
    kind = "double-encoded" if held[0] in "{[" else "quoted-value"
    change = Change(kind, error.instance_path, error.offset, _shown(text[at:end]),
                    _shown(held))
    return better, change
