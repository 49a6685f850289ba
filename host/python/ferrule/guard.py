# SPDX-License-Identifier: MIT
"""ferrule.guard - check JSON against a schema before anybody trusts it.

Example:
    >>> from ferrule import SchemaGuard
    >>> guard = SchemaGuard({"type": "object", "required": ["city"],
    ...                      "properties": {"city": {"type": "string"}}})
    >>> guard.is_valid('{"city": "Riga"}')
    True
    >>> print(guard.explain('{"city": 7}'))
    /city: expected string, got number 7 [line 1, column 10]

Guarantees: a guard never changes; threads, interpreters and forked processes may share
it. The verdict comes from the bytes of the payload: no object is built for it.
Limits: max_depth (256 levels, at most 1024), max_bytes (1 GiB); a pattern that takes too
long on a text, and a payload that takes too many steps, are refused with an error whose
code starts with "limit-".
Errors: InvalidSchema -> the schema cannot be used: correct it. InvalidPayload -> its
`errors` say what is wrong: hand str() of it back to whoever wrote the payload.
TypeError -> a payload that is neither str nor bytes.
Not provided: fetching schemas from the network; give them as `resources`.
"""

import json
import sys

import _ferrule_guard

__all__ = [
    "Change",
    "InvalidPayload",
    "InvalidSchema",
    "Issue",
    "Problem",
    "Repaired",
    "SchemaGuard",
    "Stream",
    "check",
]

DEFAULT_DEPTH = 256
DEFAULT_BYTES = 1 << 30


class InvalidSchema(ValueError):
    """The schema is not JSON, not a schema, or refers to what is not there."""


class InvalidPayload(ValueError):
    """The payload does not fit; `errors` is the list of what is wrong."""

    def __init__(self, message, errors=()):
        super().__init__(message)
        self.errors = list(errors)

    def __reduce__(self):
        return type(self), (str(self), self.errors)


class _Row:
    """A record whose fields are its __slots__."""

    __slots__ = ()

    def __init__(self, *values):
        for name, value in zip(self.__slots__, values, strict=True):
            setattr(self, name, value)

    def __repr__(self):
        fields = ((name, getattr(self, name)) for name in self.__slots__)
        said = ", ".join(f"{n}={v!r}" for n, v in fields if v is not None)
        return f"{type(self).__name__}({said})"

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__ = None

    def as_dict(self):
        return {name: getattr(self, name) for name in self.__slots__}


class Issue(_ferrule_guard.Issue):
    """One thing that is wrong with a payload.

    code, keyword, message; instance_path, offset, line, column: where in the payload;
    schema_path (where in the schema), evaluation_path (the way there, through
    references); expected, got, nearest (what was probably meant), branch (of oneOf or
    anyOf): None where there is nothing to say.
    """

    __slots__ = ()

    def __str__(self):
        return f"{self.instance_path or '(root)'}: {self.message}"

    def __repr__(self):
        said = ", ".join(f"{n}={v!r}" for n, v in self.as_dict().items() if v is not None)
        return f"Issue({said})"

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return self.as_dict() == other.as_dict()

    __hash__ = None

    def __reduce__(self):
        return type(self), tuple(self.as_dict().values())


_ferrule_guard.use_issue(Issue)


class Problem(_Row):
    """One thing that is wrong with a schema, or (not is_error) suspicious about it."""

    __slots__ = ("is_error", "code", "message", "pointer", "offset", "line", "column")

    def __str__(self):
        kind = "error" if self.is_error else "advice"
        return f"{self.line}:{self.column}: {kind}: {self.message}"


def _schema_bytes(schema):
    if isinstance(schema, str):
        return schema.encode("utf-8", "surrogatepass")
    if isinstance(schema, (bytes, bytearray)):
        return bytes(schema)
    try:
        return json.dumps(schema, ensure_ascii=False, allow_nan=False).encode(
            "utf-8", "surrogatepass"
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSchema(f"the schema is no JSON value: {error}") from None


def _arguments(
    schema,
    draft=None,
    assert_formats=True,
    resources=None,
    max_depth=DEFAULT_DEPTH,
    max_bytes=DEFAULT_BYTES,
    duplicate_keys="reject",
    mask=None,
):
    if duplicate_keys not in ("reject", "last"):
        raise ValueError(f'duplicate_keys is "reject" or "last", not {duplicate_keys!r}')
    most = _ferrule_guard.DEPTH_MAX
    if not 1 <= max_depth <= most:
        raise ValueError(f"max_depth is 1 to {most} levels, not {max_depth!r}")
    if not 1 <= max_bytes <= sys.maxsize:
        raise ValueError(f"max_bytes is 1 to {sys.maxsize}, not {max_bytes!r}")
    resources = dict(resources or {})
    if not all(isinstance(uri, str) for uri in resources):
        raise TypeError("resources are {uri: schema}, each uri a str")
    offers = tuple((uri.encode(), _schema_bytes(s)) for uri, s in resources.items())
    return (
        _schema_bytes(schema),
        draft,
        assert_formats,
        offers,
        max_depth,
        max_bytes,
        duplicate_keys == "last",
        mask,
    )


class Stream:
    """One payload in pieces; made by SchemaGuard.stream()."""

    __slots__ = ("_stream", "feed", "finish")

    def __init__(self, stream):
        self._stream = stream
        # feed(chunk) -> "valid-so-far" | "invalid" | "complete"; a number at the very
        # top may go on, so that only finish() completes it.
        self.feed = stream.feed
        self.finish = stream.finish

    def errors(self):
        """Return every Issue of what has come so far."""
        return self._stream.report()[1]

    def explain(self):
        """Return the errors as text for a model; "" when there are none."""
        return self._stream.report()[0]


class SchemaGuard(_ferrule_guard.Guard):
    """One schema, ready to check any number of payloads.

    schema: str, bytes or parsed object. draft: "2020-12", "2019-09", "draft-07",
    "draft-06" or "draft-04", for a schema without "$schema". resources: {uri: schema}
    that "$ref" may name. duplicate_keys: "reject", or "last" as json.loads() has it.
    mask: what errors and explanations show instead of the payload's values.
    """

    __slots__ = ("_arguments",)

    def __init__(self, schema, *, draft=None, assert_formats=True, resources=None,
                 max_depth=DEFAULT_DEPTH, max_bytes=DEFAULT_BYTES,
                 duplicate_keys="reject", mask=None):
        arguments = _arguments(
            schema, draft, assert_formats, resources, max_depth, max_bytes,
            duplicate_keys, mask,
        )
        try:
            super().__init__(*arguments)
        except ValueError as error:
            raise InvalidSchema(str(error)) from None
        self._arguments = arguments

    def repair(self, payload):
        """Return Repaired(value, changes, text), or raise InvalidPayload.

        Takes code fences and trailing commas away, and takes objects, numbers, booleans
        and null out of strings where the schema wants them bare. Every change is listed.
        loads(payload, repair=True) is the same.
        """
        from ferrule._guard_repair import repair

        return repair(self, payload)

    def lint(self, profile=None):
        """Return Problems of the schema: misspelt keywords and what else is suspicious,
        and what a profile does not allow: "openai-strict" or "mcp"."""
        problems = [Problem(*row) for row in _ferrule_guard.check(*self._arguments)]
        if profile is not None:
            from ferrule._guard_lint import lint

            text = self._arguments[0]
            problems += [_placed(text, finding) for finding in lint(text, profile)]
        return sorted(problems, key=lambda problem: problem.offset)

    def output(self, payload, format="basic"):
        """Return the verdict as a dict of plain JSON values.

        "flag", "basic": the output formats of JSON Schema 2020-12. "list": that of the
        output specification after it. "compact": {"valid": ..., "errors": {instance
        path: [messages]}}, for prompts.
        """
        from ferrule._guard_output import render

        return render(self.errors(payload), format)

    def stream(self):
        """Return a Stream, for a payload that arrives in pieces."""
        return Stream(super().stream())

    def _refuse(self, payload):
        raise InvalidPayload(*self.report(payload))


def _placed(text, finding):
    """The finding as a Problem: a schema that is false just there finds the place."""
    probe = False
    for part in reversed(finding.path):
        if isinstance(part, int):
            probe = {"prefixItems": [True] * part + [probe]}
        else:
            probe = {"properties": {part: probe}}
    at = _ferrule_guard.Guard(
        json.dumps(probe).encode(), None, False, (), 1024, DEFAULT_BYTES, True
    ).errors(text)[0]
    from ferrule._guard_lint import pointer

    return Problem(finding.is_error, finding.code, finding.message,
                   pointer(finding.path), at.offset, at.line, at.column)


def check(schema, **options):
    """Return the Problems of a schema, errors and advice; the options of SchemaGuard."""
    return [Problem(*row) for row in _ferrule_guard.check(*_arguments(schema, **options))]


def __getattr__(name):
    if name in ("Change", "Repaired"):
        from ferrule import _guard_repair

        return getattr(_guard_repair, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
