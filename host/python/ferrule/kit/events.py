# SPDX-License-Identifier: MIT
"""events - what happens during a run, one after the other, for a terminal or any other
front end. Each has a `kind` and as_dict(), which is plain JSON."""

__all__ = [
    "Asking", "Event", "Finished", "Reasoning", "Result", "Retrying", "Text",
    "ToolEnded", "ToolStarted", "TurnEnded",
]  # fmt: skip


class Event:
    """Fields are the __slots__."""

    __slots__ = ()
    kind = ""

    def __init__(self, *values):
        for name, value in zip(self.__slots__, values, strict=True):
            setattr(self, name, value)

    def as_dict(self):
        found = {"kind": self.kind}
        for name in self.__slots__:
            value = getattr(self, name)
            found[name] = value.as_dict() if hasattr(value, "as_dict") else value
        return found

    def __repr__(self):
        said = ", ".join(f"{n}={getattr(self, n)!r}" for n in self.__slots__)
        return f"{type(self).__name__}({said})"


class Asking(Event):
    """The model is asked. turn: 1, 2, ..."""

    __slots__ = ("turn",)
    kind = "asking"


class Text(Event):
    """A piece of the answer's text."""

    __slots__ = ("text",)
    kind = "text"


class Reasoning(Event):
    """A piece of what the model thinks, from models that show it."""

    __slots__ = ("text",)
    kind = "reasoning"


class Retrying(Event):
    """The request is repeated. reason: why. seconds: until then."""

    __slots__ = ("reason", "seconds")
    kind = "retrying"


class TurnEnded(Event):
    """The model has answered. usage: answer.Usage; calls: how many it makes."""

    __slots__ = ("turn", "usage", "calls")
    kind = "turn-ended"


class ToolStarted(Event):
    """A tool is about to run. arguments: JSON text."""

    __slots__ = ("id", "name", "arguments")
    kind = "tool-started"


class ToolEnded(Event):
    """A tool call is over. outcome: one of calls.OUTCOMES. text: what the model is
    given. seconds: it took."""

    __slots__ = ("id", "name", "arguments", "outcome", "text", "seconds")
    kind = "tool-ended"


class Finished(Event):
    """The run is over. result: a Result."""

    __slots__ = ("result",)
    kind = "finished"


class Result:
    """How a run ended. text: the answer; value: what a response_schema made of it;
    stopped: None when the model was done, else the bound that was reached ("turns",
    "tokens", "seconds", "money", "calls"), "stop" or "response_schema"; turns, usage,
    seconds, money: what was used; calls: the ToolEnded events."""

    __slots__ = ("text", "value", "stopped", "turns", "usage", "seconds", "money", "calls")

    def __init__(self, turns):
        answer, meter = turns.answer, turns.meter
        self.text = answer.text if answer else ""
        self.value = answer.value if answer else None
        self.stopped = turns.stopped
        self.turns = meter.turns
        self.usage = meter.usage
        self.seconds = meter.seconds
        self.money = meter.money
        self.calls = turns.ended

    def as_dict(self):
        found = {name: getattr(self, name) for name in self.__slots__}
        found["usage"] = self.usage.as_dict()
        found["calls"] = [call.as_dict() for call in self.calls]
        return found

    def __repr__(self):
        how = f", stopped by {self.stopped}" if self.stopped else ""
        return f"<Result of {self.turns} turns, {len(self.calls)} calls{how}>"
