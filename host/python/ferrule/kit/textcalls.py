# SPDX-License-Identifier: MIT
"""textcalls - tool calls that a model wrote into its text, for servers do not find all.

Known: the whole text, or one ``` block or <tool_call> tag in it, is a JSON object (or a
list of them) with the name of a tool that exists and its arguments, and nothing else. An
object that merely looks similar stays text.
"""

import json

from ferrule.kit.answer import Call

__all__ = ["Held", "find"]

_TAGS = (("<tool_call>", "</tool_call>"), ("<function_call>", "</function_call>"),
         ("[TOOL_CALLS]", ""))  # fmt: skip
_FENCE = "```"
_OPENINGS = ("{", "[", _FENCE, *(tag for tag, _ in _TAGS))
_ARGUMENTS = ("arguments", "parameters", "args", "input")


def find(text, tools):
    """(calls, the text without them); ([], text) when there are none."""
    stripped = text.strip()
    calls = _calls_of(stripped, tools)
    if calls:
        return calls, ""
    for opening, closing in ((_FENCE, _FENCE), *_TAGS):
        calls, rest = _in_blocks(stripped, opening, closing, tools)
        if calls:
            return calls, rest
    return [], text


def _in_blocks(text, opening, closing, tools):
    calls, rest, at = [], [], 0
    while (start := text.find(opening, at)) >= 0:
        inner = start + len(opening)
        end = text.find(closing, inner) if closing else len(text)
        end = len(text) if end < 0 else end
        found = _calls_of(_without_language(text[inner:end].strip()), tools)
        if not found:
            rest.append(text[at : end + len(closing)])
        else:
            calls += found
            rest.append(text[at:start])
        at = min(len(text), end + len(closing))
    return calls, ("".join(rest) + text[at:]).strip()


def _without_language(text):
    word, _, rest = text.partition("\n")
    return rest.strip() if word.strip().isalpha() else text


def _calls_of(text, tools):
    if not text.startswith(("{", "[")):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    rows = found if isinstance(found, list) else [found]
    calls = [_call_of(row, tools) for row in rows]
    return calls if calls and all(calls) else []


def _call_of(row, tools):
    if not isinstance(row, dict):
        return None
    if isinstance(row.get("function"), dict):
        row = row["function"]
    name = row.get("name")
    given = [key for key in _ARGUMENTS if key in row]
    known = isinstance(name, str) and name in tools
    if not known or len(given) != 1 or set(row) - {"name", "id", "type", given[0]}:
        return None
    value = row[given[0]]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Call("", name, text)


class Held:
    """Text that may turn out to be a call is not shown before that is known.

    take(text) and rest() return what can be shown."""

    def __init__(self, is_active):
        self._is_open = is_active
        self._text = ""

    def take(self, text):
        if not self._is_open:
            return text
        self._text += text
        start = self._text.lstrip()
        if any(o.startswith(start[: len(o)]) for o in _OPENINGS):
            return ""
        self._is_open = False
        return self.rest()

    def rest(self):
        text, self._text = self._text, ""
        return text
