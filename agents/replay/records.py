# SPDX-License-Identifier: MIT
"""What the parts of the replay hand to each other. No behaviour lives here."""

import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the input: where it is, and what a person should know."""

    file: str
    line: int | None
    text: str

    def __str__(self):
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.text}"


class BadInput(Exception):
    """The input leaves nothing to replay. Carries one Problem."""

    def __init__(self, file, line, text):
        self.problem = Problem(str(file), line, text)
        super().__init__(str(self.problem))


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    schema: object
    cacheable: bool  # False for tools that change the world: they always run
    line: int


@dataclass(frozen=True, slots=True)
class Call:
    line: int
    tool: str
    origin: object  # equal for calls that repeat one another: by id, else by content
    payload: bytes  # the arguments as JSON text, as the model wrote them
    result: str  # "" where the log has none
    error: str | None  # the tool failed: nothing to keep
    latency_s: float | None  # None where the log has none
    at_s: float | None  # when it was made, since 1970; None where the log has no times


class Source(enum.Enum):
    """Where the answer to a call came from."""

    CACHE = "cache"
    JOINED = "joined"  # waited for an equal call already under way
    TOOL = "tool"  # not in the cache yet, or no longer
    AGED = "aged"  # in the cache, but older than the TTL by the log's times
    UNCACHED = "uncached"  # the tool changes the world and always runs
    GUARD = "guard"  # stopped: the arguments do not fit the schema


@dataclass(frozen=True, slots=True)
class Outcome:
    source: Source
    at_s: float  # since the replay began
    guard_ns: int
    cache_ns: int | None = None  # one look-up; None where none was made
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    clients: int
    speed: float
    ttl_s: float  # in recorded time
    max_entries: int


@dataclass(slots=True)
class Traffic:
    """Everything that was read: what can be replayed, and what could not be."""

    tools_file: str
    calls_file: str
    tools: dict[str, Tool]
    calls: list[Call]
    problems: list[Problem] = field(default_factory=list)
    title: str = ""
    note: str = ""

    @property
    def timed(self):
        """The log tells when each call was made, so results age as they did then."""
        return all(call.at_s is not None for call in self.calls)
