# SPDX-License-Identifier: MIT
"""building - an Answer put together from whole answers or from deltas, of any server."""

import json

from ferrule.kit.answer import Answer, Call, Usage
from ferrule.kit.errors import ModelError

__all__ = ["TEXT_MAX", "Builder", "malformed"]

TEXT_MAX = 64 << 20  # characters of an answer
CALLS_MAX = 128  # tool calls of one answer


class Builder:
    """Takes the JSON of an answer or of a stream's chunks, in whatever state it is."""

    def __init__(self):
        self._text, self._reasoning, self._size = [], [], 0
        self._calls = []  # [index, id, name pieces, argument pieces]
        self._usage = None
        self.finish = None
        self._model = ""

    @property
    def is_empty(self):
        return not (self._size or self._calls or self.finish)

    def chunk(self, found):
        """Take a chunk; return (text, reasoning) that it added."""
        if not isinstance(found, dict):
            raise malformed(f"a {type(found).__name__} where an object is due")
        if found.get("error"):
            raise error_of(found["error"])
        self._model = _text(found.get("model")) or self._model
        self._count(found.get("usage"))
        choices = found.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict):
            return "", ""
        self.finish = _text(first.get("finish_reason")) or self.finish
        part = first.get("delta") or first.get("message")
        return self._part(part) if isinstance(part, dict) else ("", "")

    def _part(self, part):
        text = _content(part.get("content"))
        reasoning = _text(part.get("reasoning_content") or part.get("reasoning"))
        refusal = _text(part.get("refusal"))
        text = text or refusal
        self._size += len(text) + len(reasoning)
        if self._size > TEXT_MAX:
            raise malformed(f"an answer of more than {TEXT_MAX >> 20} MB")
        self._text.append(text)
        self._reasoning.append(reasoning)
        calls = part.get("tool_calls")
        if isinstance(part.get("function_call"), dict):  # before there were tools
            calls = [{"index": 0, "function": part["function_call"]}]
        for position, call in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(call, dict):
                self._call(call, position)
        return text, reasoning

    def _call(self, call, position):
        """A delta belongs to the call of its index; without one, a new id or name
        begins a call."""
        index, name = call.get("index"), call.get("id")
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        row = None
        if isinstance(index, int):
            row = next((r for r in self._calls if r[0] == index), None)
            # Some servers number every call 0.
            if row and name and row[1] and name != row[1] and function.get("name"):
                row = next((r for r in self._calls if r[1] == name), None)
        elif self._calls and not function.get("name"):
            row = next((r for r in self._calls if name and r[1] == name), self._calls[-1])
        if row is None:
            if len(self._calls) >= CALLS_MAX:
                raise malformed(f"more than {CALLS_MAX} tool calls in one answer")
            taken = any(r[0] == index for r in self._calls)
            row = [None if taken else index, "", "", []]
            self._calls.append(row)
        row[1] = row[1] or _text(name)
        row[2] += _text(function.get("name"))
        given = function.get("arguments")
        if given is not None:
            row[3].append(given)
            self._size += len(given) if isinstance(given, str) else 0
            if self._size > TEXT_MAX:
                raise malformed(f"an answer of more than {TEXT_MAX >> 20} MB")

    def _count(self, usage):
        if isinstance(usage, dict):
            counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
            if all(isinstance(n, int) and n >= 0 for n in counts):
                self._usage = Usage(*counts)

    def answer(self, input_characters=0):
        """The Answer so far; tokens are estimated where the server counts none."""
        text = "".join(self._text)
        usage = self._usage or Usage(
            input_characters // 4, (self._size + 3) // 4, is_estimate=True
        )
        calls = [Call(id, name, _arguments(pieces)) for _, id, name, pieces in self._calls]
        return Answer(text, "".join(self._reasoning), calls, usage, self.finish,
                      self._model)  # fmt: skip


def _arguments(pieces):
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    return next(piece for piece in pieces if not isinstance(piece, str))


def _text(value):
    return value if isinstance(value, str) else ""


def _content(value):
    """Text, or a list of parts of which some are text."""
    if isinstance(value, list):
        return "".join(_text(p.get("text")) for p in value if isinstance(p, dict))
    return _text(value)


def malformed(what):
    return ModelError("malformed", f"the server's answer is not understood: {what}")


def error_of(found):
    """The ModelError of an "error" that came in place of an answer."""
    code = found.get("code") if isinstance(found, dict) else None
    said = found.get("message") if isinstance(found, dict) else found
    status = code if isinstance(code, int) else None
    kind = "server" if status is None or status >= 500 else "request"
    return ModelError(
        kind, f"the model server reports an error: {_shortened(said)}", status=status
    )


def _shortened(said):
    said = said if isinstance(said, str) else json.dumps(said)
    return said if len(said) <= 300 else said[:300] + "..."
