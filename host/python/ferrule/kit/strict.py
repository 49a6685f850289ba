# SPDX-License-Identifier: MIT
"""strict - every step of the model asked for by response_format, the one thing that
servers enforce: {"step": {"tool": NAME, "arguments": {...}}} or {"step": {"answer": ...}}.
For models that otherwise miss the form of tool calls."""

import copy
import json

from ferrule.kit import schemas
from ferrule.kit.answer import Call
from ferrule.kit.structured import Wanted

__all__ = ["Strict"]

_RULES = """Answer with one JSON object and nothing else. Either call one of these tools:
{}
by {{"step": {{"tool": NAME, "arguments": {{...}}}}}}, whose result you are told then, or, \
when you know enough, finish with {{"step": {{"answer": ...}}}}."""


class Strict:
    """tools: {name: Tool}; wanted: structured.Wanted of the last answer, or None."""

    def __init__(self, tools, wanted):
        self._tools = tools
        self._final = wanted
        self._made = {}

    def opening(self, instructions):
        """The first messages of every request."""
        lines = [
            f"- {tool.name}: {tool.description or 'no description'}\n"
            f"  arguments: {json.dumps(tool.schema, ensure_ascii=False)}"
            for tool in self._tools.values()
        ]
        rules = _RULES.format("\n".join(lines) or "(none)")
        text = f"{instructions}\n\n{rules}" if instructions else rules
        return [{"role": "system", "content": text}]

    def wanted(self, may_call):
        """What the next answer has to fit."""
        if may_call not in self._made:
            self._made[may_call] = Wanted(self._schema(may_call))
        return self._made[may_call]

    def _schema(self, may_call):
        definitions, steps = {}, []
        for tool in self._tools.values() if may_call else ():
            arguments = _moved(tool.name, tool.schema, definitions)
            steps.append(_object(tool={"const": tool.name}, arguments=arguments))
        answer = {"type": "string"}
        if self._final is not None:
            answer = _moved("answer", self._final.schema, definitions)
        steps.append(_object(answer=answer))
        schema = _object(step={"anyOf": steps} if len(steps) > 1 else steps[0])
        if definitions:
            schema["$defs"] = definitions
        return schema

    def messages(self, messages):
        """The conversation without the API's own form of calls."""
        names, found = {}, []
        for message in messages:
            calls = message.get("tool_calls")
            if calls:
                names.update((c["id"], c["function"]["name"]) for c in calls)
                found += [
                    {"role": "assistant", "content": _written(c["function"])}
                    for c in calls
                ]
            elif message["role"] == "tool":
                name = names.get(message["tool_call_id"], "the tool")
                text = f"Result of {name}:\n{message['content']}"
                found.append({"role": "user", "content": text})
            else:
                found.append(message)
        return found

    def understand(self, answer):
        """Make the Answer what it would be without this."""
        try:
            step = json.loads(answer.text)["step"]
            if "tool" in step:
                arguments = json.dumps(step["arguments"], ensure_ascii=False)
                answer.calls = [Call("", step["tool"], arguments)]
                answer.text = ""
                return
            said = step["answer"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return  # cut off, or of a server that enforces nothing: it is the answer
        if self._final is None:
            answer.text = str(said)
        else:
            answer.text = json.dumps(said, ensure_ascii=False)
            self._final.check(answer)


def _object(**properties):
    return schemas.object_schema([(n, part, True) for n, part in properties.items()])


def _moved(owner, schema, definitions):
    """A schema as a part of another one, its "$defs" moved to the whole's."""
    schema = copy.deepcopy(schema)
    parts = schema.pop("$defs", {}) if isinstance(schema, dict) else {}
    names = {f"#/$defs/{name}": f"{owner}.{name}" for name in parts}
    for name, part in parts.items():
        definitions[names[f"#/$defs/{name}"]] = part
        schemas.rename(part, names)
    schemas.rename(schema, names)
    return schema


def _written(function):
    try:
        arguments = json.loads(function["arguments"])
    except (ValueError, RecursionError):
        arguments = function["arguments"]
    step = {"tool": function["name"], "arguments": arguments}
    return json.dumps({"step": step}, ensure_ascii=False)
