# SPDX-License-Identifier: MIT
"""Reads tool schemas and a log of calls, and keeps the place of every mistake.

A line that cannot be used becomes a Problem with its file and line; the rest is
replayed all the same. BadInput is raised only where nothing could be replayed.
"""

import codecs
import datetime
import difflib
import json
import math

from records import BadInput, Call, Problem, Tool

# The three names that the usual interfaces give to a tool's schema.
SCHEMA_KEYS = ("parameters", "inputSchema", "input_schema")


def read_text(path):
    try:
        return path.read_bytes().removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(path, line, "not UTF-8 text") from None
    except OSError as error:
        raise BadInput(path, None, _reason(error)) from None


def _reason(error):
    return {
        FileNotFoundError: "no such file",
        IsADirectoryError: "is a folder, not a file",
        PermissionError: "may not be read (permission denied)",
    }.get(type(error), error.strerror or str(error))


# --- tools --------------------------------------------------------------------


def read_tools(path):
    """Returns ({name: Tool}, [Problem])."""
    tools, problems = {}, []
    for line, item in _list_items(path, read_text(path)):
        try:
            tool = _tool(item, line)
        except ValueError as error:
            problems.append(Problem(str(path), line, str(error)))
            continue
        if tool.name in tools:
            text = (
                f'tool "{tool.name}" was already given at line {tools[tool.name].line}'
            )
            problems.append(Problem(str(path), line, text))
            continue
        tools[tool.name] = tool
    if not tools and not problems:
        raise BadInput(path, 1, "the list of tools is empty")
    return tools, problems


def _list_items(path, text):
    """Yields (line, item) of a JSON list; json.loads alone would lose the lines."""
    decoder = json.JSONDecoder()
    at = _skip_space(text, 0)
    if text[at : at + 1] != "[":
        raise BadInput(path, _line(text, at), "expected a JSON list of tools")
    at = _skip_space(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            item, end = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(path, *_json_fault(error, text, at)) from None
        yield _line(text, at), item
        at = _skip_space(text, end)
        if text[at : at + 1] == ",":
            at = _skip_space(text, at + 1)
        elif text[at : at + 1] != "]":
            raise BadInput(path, _line(text, at), 'expected "," or "]" after a tool')
    after = _skip_space(text, at + 1)
    if after != len(text):
        raise BadInput(path, _line(text, after), "unexpected text after the list")


def _skip_space(text, at):
    while text[at : at + 1] in (" ", "\t", "\r", "\n"):
        at += 1
    return at


def _line(text, at):
    return text.count("\n", 0, at) + 1


def _json_fault(error, text, at):
    if isinstance(error, RecursionError):
        return _line(text, at), "nested too deeply"
    return error.lineno, f"not JSON: {_worded(error)}"


def _worded(error):
    return f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"


def _tool(item, line):
    if not isinstance(item, dict):
        raise ValueError("expected an object with name and parameters")
    if isinstance(item.get("function"), dict):
        item = item["function"]
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError("a tool needs a name")
    for key in SCHEMA_KEYS:
        if key in item:
            return Tool(name, item[key], _is_cacheable(item), line)
    raise ValueError(f'tool "{name}" has no parameters')


def _is_cacheable(item):
    hints = item.get("annotations")
    return not (isinstance(hints, dict) and hints.get("readOnlyHint") is False)


# --- calls --------------------------------------------------------------------


def read_calls(path, tools):
    """Returns ([Call], [Problem])."""
    calls, problems = [], []
    try:
        with path.open("rb") as lines:
            for number, raw in enumerate(lines, 1):
                _read_line(path, number, raw, tools, calls, problems)
    except OSError as error:
        raise BadInput(path, None, _reason(error)) from None
    if not calls and not problems:
        raise BadInput(path, 1, "the log of calls is empty")
    return calls, problems


def _read_line(path, number, raw, tools, calls, problems):
    if number == 1:
        raw = raw.removeprefix(codecs.BOM_UTF8)
    if not raw.strip():
        return
    try:
        calls.append(_call(number, _json_line(raw), tools))
    except ValueError as error:
        problems.append(Problem(str(path), number, str(error)))


def _json_line(raw):
    try:
        return json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {_worded(error)}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _call(number, record, tools):
    if not isinstance(record, dict):
        raise ValueError("expected an object with tool and arguments")
    tool = record.get("tool")
    if not isinstance(tool, str):
        raise ValueError("the call names no tool")
    if tool not in tools:
        raise ValueError(f'unknown tool "{tool}"{_nearest(tool, tools)}')
    if "arguments" not in record:
        raise ValueError(f'the call to "{tool}" has no arguments')
    payload = _payload(record["arguments"])
    return Call(
        line=number,
        tool=tool,
        origin=str(record["id"]) if "id" in record else (tool, payload),
        payload=payload,
        result=_text(record.get("result", "")),
        error=None if record.get("error") is None else _text(record["error"]),
        latency_s=_latency(record),
        at_s=_time(record.get("at")),
    )


def _nearest(name, names):
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else ""


def _payload(arguments):
    """A string is the model's own text, as chat interfaces log it: kept as it is."""
    if isinstance(arguments, str):
        return arguments.encode("utf-8", "surrogatepass")
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(arguments, separators=(",", ":")).encode("ascii")


def _text(value):
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(value, separators=(",", ":"))


def _latency(record):
    value = record.get("latency_ms")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"latency_ms is not a number: {json.dumps(value)}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"latency_ms is not a time: {value}")
    return value / 1000


def _time(at):
    if at is None:
        return None
    if isinstance(at, (int, float)) and not isinstance(at, bool) and math.isfinite(at):
        return float(at)
    try:
        return datetime.datetime.fromisoformat(at).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"at is not a time: {json.dumps(at)}") from None
