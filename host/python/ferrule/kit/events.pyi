# SPDX-License-Identifier: MIT
from typing import Any

from ferrule.kit.answer import Usage

class Event:
    kind: str
    def as_dict(self) -> dict[str, Any]: ...

class Asking(Event):
    turn: int

class Text(Event):
    text: str

class Reasoning(Event):
    text: str

class Retrying(Event):
    reason: str
    seconds: float

class TurnEnded(Event):
    turn: int
    usage: Usage
    calls: int

class ToolStarted(Event):
    id: str
    name: str
    arguments: str

class ToolEnded(Event):
    id: str
    name: str
    arguments: str
    outcome: str
    text: str
    seconds: float

class Finished(Event):
    result: Result

class Result:
    text: str
    value: Any
    stopped: str | None
    turns: int
    usage: Usage
    seconds: float
    money: float | None
    calls: list[ToolEnded]
    def as_dict(self) -> dict[str, Any]: ...
