# SPDX-License-Identifier: MIT
"""answer - what a model said: text, tool calls, tokens."""

import json

__all__ = ["Answer", "Call", "Usage"]


class Usage:
    """Tokens. input, output: as the server counts them; is_estimate: it did not, and
    four characters are taken for a token."""

    __slots__ = ("input", "output", "is_estimate")

    def __init__(self, input=0, output=0, is_estimate=False):
        self.input = input
        self.output = output
        self.is_estimate = is_estimate

    @property
    def total(self):
        return self.input + self.output

    def __add__(self, other):
        return Usage(self.input + other.input, self.output + other.output,
                     self.is_estimate or other.is_estimate)  # fmt: skip

    def as_dict(self):
        return {"input": self.input, "output": self.output,
                "is_estimate": self.is_estimate}  # fmt: skip

    def __repr__(self):
        about = ", estimated" if self.is_estimate else ""
        return f"<Usage {self.input} + {self.output} tokens{about}>"


class Call:
    """A tool call of the model. id: unique in the conversation. arguments: as sent."""

    __slots__ = ("id", "name", "arguments")

    def __init__(self, id, name, arguments):
        self.id = id
        self.name = name
        self.arguments = arguments

    def as_message_part(self):
        arguments = self.arguments
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        return {"id": self.id, "type": "function",
                "function": {"name": self.name, "arguments": arguments}}  # fmt: skip

    def __repr__(self):
        return f"<Call {self.name} {self.id}>"


class Answer:
    """text; reasoning (of models that show it); calls: list of Call; usage; finish:
    "stop", "length", "tool_calls", ... or None when it broke off; model: as the server
    names it; value: what a response_schema made of the text."""

    __slots__ = ("text", "reasoning", "calls", "usage", "finish", "model", "value")

    def __init__(self, text="", reasoning="", calls=(), usage=None, finish=None, model=""):
        self.text = text
        self.reasoning = reasoning
        self.calls = list(calls)
        self.usage = usage
        self.finish = finish
        self.model = model
        self.value = None

    def as_message(self):
        """The answer as a message of the conversation."""
        message = {"role": "assistant", "content": self.text}
        if self.calls:
            message["tool_calls"] = [call.as_message_part() for call in self.calls]
            message["content"] = self.text or None
        return message

    def __repr__(self):
        calls = f", {len(self.calls)} calls" if self.calls else ""
        return f"<Answer of {len(self.text)} characters{calls}>"
