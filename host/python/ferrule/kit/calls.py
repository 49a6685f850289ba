# SPDX-License-Identifier: MIT
"""calls - one tool call: from what the model sent to what it is given back."""

import contextvars
import json
import time

from ferrule.kit import arguments
from ferrule.kit.results import as_text

__all__ = ["Job", "OUTCOMES", "ThisCall", "plan", "sendable", "this_call"]

OUTCOMES = (
    "done",  # it ran
    "cached",  # the store had the result
    "repeated",  # the model has had the result already
    "invalid",  # the arguments do not fit
    "unknown",  # there is no such tool
    "failed",  # it raised
    "timeout",  # it took too long
    "uncertain",  # it was running when the process died
    "refused",  # the budget is used up
)
SHOWN_MAX = 500  # characters of an exception
_current = contextvars.ContextVar("ferrule_call", default=None)


class ThisCall:
    """What a running tool may ask about its call: this_call().

    id: the model's. key: the same whenever this very call is repeated after a crash, and
    for no other: hand it to a service as its idempotency key. deadline:
    time.monotonic() at which nobody waits any more, or None. is_cancelled: nobody does.
    """

    __slots__ = ("id", "key", "deadline", "is_cancelled")

    def __init__(self, id, key, deadline):
        self.id = id
        self.key = key
        self.deadline = deadline
        self.is_cancelled = False


def this_call():
    """The ThisCall of the tool that is running here; None outside of an agent."""
    return _current.get()


class Job:
    """One call on its way: what will run, then what came of it.

    text: the arguments as checked JSON. outcome, result, seconds: set when it is over.
    """

    __slots__ = ("call", "tool", "text", "key", "outcome", "result", "seconds", "info")

    def __init__(self, call, key):
        self.call = call
        self.key = key
        self.tool = None
        self.text = ""
        self.outcome = None
        self.result = ""
        self.seconds = 0.0
        self.info = None

    def end(self, outcome, result):
        self.outcome = outcome
        self.result = result

    @property
    def has_side_effects(self):
        return self.tool is not None and bool(self.tool.side_effects)

    def begin(self, deadline):
        """Set up `info`; returns the seconds the tool may take, or None. deadline: the
        run's."""
        now = time.monotonic()
        ends = [deadline] if deadline is not None else []
        if self.tool.timeout is not None:
            ends.append(now + self.tool.timeout)
        end = min(ends, default=None)
        self.info = ThisCall(self.call.id, self.key, end)
        return None if end is None else max(0.0, end - now)

    def call_function(self):
        """What the function returns: a coroutine of a coroutine function."""
        _current.set(self.info)
        first, named = self.tool.bind(self.tool.guard.loads(self.text))
        return self.tool(*first, **named)

    def written(self, value):
        return as_text(value, self.tool.max_result)

    def fail(self, error):
        """The tool raised; its words go to the model."""
        said = f"{type(error).__name__}: {error}"
        if len(said) > SHOWN_MAX:
            said = said[:SHOWN_MAX] + "..."
        self.end("failed", f"{self.tool.name} failed: {said}")

    def give_up(self):
        """Nobody waits for the tool any more."""
        self.info.is_cancelled = True
        limit = self.tool.timeout
        said = f" after {limit:g} s" if limit is not None else ""
        self.end("timeout", f"{self.tool.name} did not end{said} and was given up")


def plan(job, tools):
    """Find the job's tool and check its arguments; ends the job if that fails."""
    tool = tools.get(job.call.name) or _same_but_spelling(job.call.name, tools)
    if tool is None:
        job.end("unknown", _unknown(job.call.name, tools))
        return
    job.tool = tool
    job.text, is_valid = arguments.read(tool.guard, job.call.arguments)
    if not is_valid:
        job.end("invalid", _invalid(tool, job.text))


def sendable(job):
    """The arguments as they may stand in the conversation: servers fail on those that
    are no JSON object."""
    text = job.text or job.call.arguments
    try:
        if isinstance(text, str) and isinstance(json.loads(text), dict):
            return text
    except (ValueError, RecursionError):
        pass
    return json.dumps({"unreadable": str(text)[:SHOWN_MAX]}, ensure_ascii=False)


def _same_but_spelling(name, tools):
    """functions.read_file, Read_File: there is one it can be."""
    plain = name.rpartition(".")[2].strip().lower().replace("-", "_")
    found = [t for n, t in tools.items() if n.lower().replace("-", "_") == plain]
    return found[0] if len(found) == 1 else None


def _unknown(name, tools):
    from difflib import get_close_matches

    shown = name[:80]
    near = get_close_matches(shown, tools, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no tool {shown!r}.{hint} The tools are: {', '.join(tools) or 'none'}."


def _invalid(tool, text):
    problem = tool.guard.explain(text)
    stream = tool.guard.stream()
    if stream.feed(text) == "valid-so-far" and text.strip():
        problem += "\nThe arguments end in the middle: send them whole, and shorter."
    return f"The arguments of {tool.name} do not fit:\n{problem}\nCall it again, corrected."
