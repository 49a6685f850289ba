# SPDX-License-Identifier: MIT
"""Brings tools, calls and compiled guards together."""

import json

from ferrule import InvalidSchema, SchemaGuard

from reading import read_calls, read_text, read_tools
from records import BadInput, Problem, Traffic


def read_traffic(tools_file, calls_file):
    tools, problems = read_tools(tools_file)
    calls, more = read_calls(calls_file, tools)
    return Traffic(
        str(tools_file),
        str(calls_file),
        tools,
        calls,
        problems + more,
        **_about(tools_file.parent, calls_file.parent),
    )


def _about(tools_folder, calls_folder):
    """Title and note of a data folder; none where the two files lie apart."""
    file = tools_folder / "about.json"
    if tools_folder != calls_folder or not file.is_file():
        return {}
    try:
        about = json.loads(read_text(file))
        return {"title": str(about["title"]), "note": str(about["note"])}
    except (ValueError, LookupError, TypeError):
        raise BadInput(file, 1, "expected an object with title and note") from None


def compile_guards(traffic):
    """Returns {tool: SchemaGuard}; calls to a tool with a bad schema are dropped."""
    guards = {}
    for tool in traffic.tools.values():
        try:
            guards[tool.name] = SchemaGuard(tool.schema)
        except (InvalidSchema, TypeError) as error:
            _drop_tool(traffic, tool, error)
    traffic.calls = [call for call in traffic.calls if call.tool in guards]
    if not traffic.calls:
        first = traffic.problems[0]
        text = f"{first.text}\nno call is left to replay"
        raise BadInput(first.file, first.line, text)
    return guards


def _drop_tool(traffic, tool, error):
    lost = sum(call.tool == tool.name for call in traffic.calls)
    text = f'tool "{tool.name}" has a bad schema: {error}'
    if lost:
        calls = "1 call to it is" if lost == 1 else f"{lost} calls to it are"
        text += f" ({calls} left out)"
    traffic.problems.append(Problem(traffic.tools_file, tool.line, text))
