# SPDX-License-Identifier: MIT
from typing import Any

class Usage:
    input: int
    output: int
    is_estimate: bool
    @property
    def total(self) -> int: ...

class Call:
    id: str
    name: str
    arguments: str | Any

class Answer:
    text: str
    reasoning: str
    calls: list[Call]
    usage: Usage
    finish: str | None
    model: str
    value: Any
    def as_message(self) -> dict[str, Any]: ...
