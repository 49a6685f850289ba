# SPDX-License-Identifier: MIT
"""agent - a model, tools, and the turns between them.

Example:
    agent = Agent(tools=[weather], instructions="Answer in one sentence.")
    for event in agent.events("Do I need an umbrella in Bergen?"):
        if event.kind == "text":
            print(event.text, end="", flush=True)

Guarantees: what a model sends is checked before a tool sees it; tools of one answer run
    beside each other, those with side effects alone and in order; results are given back
    in the order of the calls. With a transcript, a run that was killed goes on where it
    was, and no side effect happens twice: a call that was running then is reported as
    uncertain, or repeated with its old key where the tool is side_effects="keyed".
Limits: those of the Budget; a tool's timeout and max_result.
Errors: NotConfigured, ModelError; transcript.Damaged for a file that is none. What tools
    raise goes to the model.
"""

from ferrule.kit.events import Result
from ferrule.kit.tools import Tool

__all__ = ["Agent", "Result"]

STORE = "tools"  # the run's store that results are kept in


class Setup:
    """What the turns of an agent have in common."""

    def __init__(self, agent, chat, tools, instructions, parameters):
        self.chat = chat
        self.tools = tools
        self.parameters = parameters
        self.wanted = self.strict = self.stop = None
        self.opening = []
        self._agent = agent
        if instructions:
            self.opening = [{"role": "system", "content": instructions}]

    def store(self):
        return self._agent.cache


class Agent:
    """See the module's text.

    model: a Chat, a model's name, or None for the one of the environment. tools: Tools
    or functions. instructions: the system message. budget: a Budget for each run.
    cache: a ToolCache instead of the run's store "tools". transcript: a file. strict:
    ask by response_format for every step, for models that miss the form of tool calls.
    response_schema: JSON Schema or type of the last answer. stop: names of tools after
    which a run ends, or a function of (answer, ended calls). Other parameters go with
    every request.

    An agent remembers its conversation: a second run() goes on with it.
    """

    def __init__(self, model=None, tools=(), instructions="", budget=None, *, cache=None,
                 transcript=None, strict=False, response_schema=None, stop=None,
                 **parameters):
        if isinstance(model, str) or model is None:
            from ferrule.kit.chat import Chat

            model = Chat(model=model)
        self.chat = model
        self.tools = _by_name(tools)
        self.budget = budget or _default_budget()
        self._cache = cache
        self._setup = Setup(self, model, self.tools, instructions, parameters)
        self._setup.stop = _checked_stop(stop, self.tools)
        if response_schema is not None:
            from ferrule.kit.structured import Wanted

            self._setup.wanted = Wanted.of(response_schema)
        if strict:
            from ferrule.kit.strict import Strict

            self._setup.strict = Strict(self.tools, self._setup.wanted)
            self._setup.opening = self._setup.strict.opening(instructions)
            self._setup.wanted = None
        from ferrule.kit.transcript import Transcript

        self._record = Transcript(transcript, getattr(model, "scrub", None))

    @property
    def cache(self):
        """The ToolCache of this agent's tools."""
        if self._cache is None:
            from ferrule.cache import ToolCache

            self._cache = ToolCache.open(STORE)
        return self._cache

    @property
    def messages(self):
        """The conversation so far, in the form of the API."""
        return list(self._record.messages)

    @property
    def is_unfinished(self):
        """Whether a question of the transcript waits for resume()."""
        return not self._record.is_finished

    def run(self, question):
        """Ask; return the Result."""
        return _last(self.events(question))

    def resume(self):
        """Go on with the question that was interrupted; return the Result."""
        return _last(self.events())

    def events(self, question=None):
        """Ask, or without a question go on; yield what happens, Finished at last."""
        from ferrule.kit import driving

        turns = self._turns(question)
        yield from driving.events(turns)
        yield driving.Finished(Result(turns))

    async def arun(self, question):
        """run() as a coroutine; cancelling it ends what is under way."""
        async for event in self.aevents(question):
            pass
        return event.result

    async def aevents(self, question=None):
        """events() for `async for`."""
        from ferrule.kit import driving

        turns = self._turns(question)
        async for event in driving.aevents(turns):
            yield event
        yield driving.Finished(Result(turns))

    def close(self):
        """Let go of the transcript and of kept connections."""
        self._record.close()
        if hasattr(self.chat, "close"):
            self.chat.close()

    def main(self, arguments=None):
        """Be a program in the terminal: the question is the command line's, or stdin's;
        returns the exit code."""
        from ferrule.kit.terminal import main

        return main(self, arguments)

    def _turns(self, question):
        record = self._record
        if question is None:
            if record.is_finished:
                raise ValueError("there is no question to go on with")
        elif not isinstance(question, str) or not question.strip():
            raise ValueError(f"a question is text, not {question!r}")
        elif record.is_finished or not _asks(record, question):
            _give_up_pending(record)
            record.add({"role": "user", "content": question})
        from ferrule.kit.budget import Meter
        from ferrule.kit.loop import Turns

        return Turns(self._setup, record, Meter(self.budget))


def _default_budget():
    from ferrule.kit.budget import Budget

    return Budget()


def _asks(record, question):
    """Whether the unfinished question is this very one."""
    asked = [m["content"] for m in record.messages if m["role"] == "user"]
    return bool(asked) and asked[-1] == question


def _give_up_pending(record):
    """A new question: calls of an old one that were never answered get an answer, for
    servers want one for each."""
    for part in record.pending():
        from ferrule.kit.answer import Call
        from ferrule.kit.calls import Job

        job = Job(Call(part["id"], part["function"]["name"], ""), "")
        job.end("refused", "interrupted")
        record.end(job)


def _by_name(tools):
    found = {}
    for item in tools:
        made = item if isinstance(item, Tool) else Tool(item)
        if made.name in found:
            raise ValueError(f"two tools are called {made.name}: give one a name=")
        found[made.name] = made
    return found


def _checked_stop(stop, tools):
    if stop is None or callable(stop):
        return stop
    names = {stop} if isinstance(stop, str) else set(stop)
    for name in sorted(names - set(tools)):
        raise ValueError(f"stop: there is no tool {name!r}")
    return names


def _last(events):
    for event in events:
        pass
    return event.result
