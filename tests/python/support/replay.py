# SPDX-License-Identifier: MIT
"""Finds agents/replay: its modules for unit tests, and the agent as a program."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "agents" / "replay"
SAMPLE = FOLDER / "sample"
TIMEOUT_S = 120

sys.path.insert(0, str(FOLDER))


def run(*options, **keywords):
    """The agent as a user starts it; stdout and stderr as text."""
    return subprocess.run(
        [sys.executable, FOLDER / "agent.py", *map(str, options)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        **keywords,
    )


def summary(*options):
    """What --json prints, parsed."""
    return json.loads(run("--json", *options).stdout)


def write_tools(folder, *tools):
    file = folder / "tools.json"
    file.write_text(json.dumps(list(tools)), encoding="utf-8")
    return file


def write_calls(folder, *lines):
    """Lines are records, or text that stays as it is."""
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file = folder / "calls.jsonl"
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    return file


def tool(name="weather", properties=None, **rest):
    """A tool whose schema has these properties; the first is required."""
    properties = properties or {"city": {"type": "string"}}
    schema = {
        "type": "object",
        "properties": properties,
        "required": [*properties][:1],
        "additionalProperties": False,
    }
    return {"name": name, "description": "", "parameters": schema, **rest}


def call(arguments, name="weather", **rest):
    return {"tool": name, "arguments": arguments, "latency_ms": 1, **rest}
