# SPDX-License-Identifier: MIT
"""loop - an agent's turns, without any waiting: a generator that yields events, and Ask
and Run for what takes time. driving.py does that, blocking or not, and sends the answer.
"""

from ferrule.kit import events, textcalls
from ferrule.kit.answer import Call
from ferrule.turns import turn

__all__ = ["Ask", "Run", "Turns"]

BAD_TURNS_MAX = 3  # turns in a row in which no call could be run
REPEATS_MAX = 2  # turns in a row with calls that were made before

_AGAIN = "[You made this very call before; this is its result. Answer now.]\n"
_DONE = "[This was done already and is not done again; this is its result. Answer now.]\n"
_UNCERTAIN = (
    "{} was running when the program was killed. Whether it took effect is not known, and "
    "it was not run again. Say so, or check with another tool."
)
_NO_CALLS = "No more tool calls are allowed in this run. Answer with what you have."


class Ask:
    """Ask the model; send the Answer. options: for Chat.stream()."""

    __slots__ = ("messages", "options", "is_silent", "may_call")

    def __init__(self, messages, options, is_silent, may_call):
        self.messages = messages
        self.options = options
        self.is_silent = is_silent  # the text is not for people
        self.may_call = may_call


class Run:
    """Run these jobs beside each other; send anything."""

    __slots__ = ("jobs",)

    def __init__(self, jobs):
        self.jobs = jobs


class Turns:
    """One run. setup: agent.Setup; record: Transcript; meter: budget.Meter."""

    def __init__(self, setup, record, meter):
        self.setup = setup
        self.record = record
        self.meter = meter
        self.ended = []  # ToolEnded events of this run
        self.answer = None
        self.stopped = None
        self._made = {}  # (tool, checked arguments) -> result, of this run
        self._bad = self._repeats = self._missed = 0

    def steps(self):
        """The generator; when it ends, `answer` and `stopped` say how."""
        yield from self._finish_pending()
        while self.stopped is None:
            self.stopped = self.meter.spent()
            if self.stopped is not None:
                break
            with turn(f"turn {self.meter.turns + 1}"):
                is_last = yield from self._turn()
            if is_last:
                break
        self.record.finish(self.stopped)

    def _turn(self):
        """Ask once and run what was called; returns whether that was the answer."""
        self.meter.turns += 1
        yield events.Asking(self.meter.turns)
        may_call = self._repeats <= REPEATS_MAX and self._bad <= BAD_TURNS_MAX
        ask = self._ask(may_call)
        answer = yield ask
        self.answer = answer
        self.meter.usage += answer.usage
        self._understand(answer, may_call)
        if ask.is_silent and answer.text and not answer.calls:
            yield events.Text(answer.text)
        jobs = [self._job(call) for call in answer.calls]
        if jobs and not may_call:
            answer.calls, self.stopped = [], "calls"
        self.record.add(answer.as_message())
        yield events.TurnEnded(self.meter.turns, answer.usage, len(answer.calls))
        if not answer.calls:
            return self.stopped is not None or self._is_final(answer)
        yield from self._run(jobs)
        self._judge(jobs)
        return self._is_stop(answer, jobs)

    def _ask(self, may_call):
        setup = self.setup
        messages = setup.opening + self.record.to_send()
        options = {"deadline": self.meter.deadline, **setup.parameters}
        if self.meter.budget.tokens is not None:
            left = self.meter.budget.tokens - self.meter.usage.total
            options.setdefault("max_tokens", left)
        if setup.strict is not None:
            options["response_schema"] = setup.strict.wanted(may_call)
            return Ask(setup.strict.messages(messages), options, True, False)
        if may_call and setup.tools:
            options["tools"] = list(setup.tools.values())
        elif setup.wanted is not None:
            options["response_schema"] = setup.wanted
        return Ask(messages, options, False, bool(setup.tools) and may_call)

    def _understand(self, answer, may_call):
        """Calls in the text become calls; every call gets an id of its own."""
        if self.setup.strict is not None:
            self.setup.strict.understand(answer)
        elif self.setup.tools and not answer.calls:
            answer.calls, answer.text = textcalls.find(answer.text, self.setup.tools)
        answer.calls = [call for call in answer.calls if call.name or call.arguments]
        taken = set(self.record.started) | set(self.record.ended)
        for number, call in enumerate(answer.calls):
            if not call.id or call.id in taken:
                call.id = _free_id(call.id, self.meter.turns, number, taken)
            taken.add(call.id)

    def _is_final(self, answer):
        wanted = self.setup.wanted
        if wanted is None:
            return True
        problem = wanted.check(answer)
        if not problem:
            return True
        self._missed += 1
        if self._missed > BAD_TURNS_MAX:
            self.stopped = "response_schema"
            return True
        self.record.add(wanted.correction(problem))
        return False

    def _job(self, call):
        # Imported when the first call comes: the first request does not wait for it.
        from ferrule.kit import calls

        job = calls.Job(call, self.record.key(call.id))
        calls.plan(job, self.setup.tools)
        call.arguments = calls.sendable(job)
        if job.outcome is not None:
            return job
        before = self._made.get((job.tool.name, job.text))
        if before is not None and (job.has_side_effects or self._repeats):
            note = _DONE if job.has_side_effects else _AGAIN
            job.end("repeated", note + before)
        elif not self.meter.may_call:
            job.end("refused", _NO_CALLS)
        else:
            self.meter.calls += 1
        return job

    def _run(self, jobs):
        """Run what is to run, group by group; results are in the order of the calls."""
        from ferrule.kit.running import groups

        for job in jobs:
            if job.outcome is None:
                text = job.text
                yield events.ToolStarted(job.call.id, job.tool.name, text)
        for group in groups([job for job in jobs if job.outcome is None]):
            for job in group:
                self.record.start(job)
            yield Run(group)
            if group[0].has_side_effects:
                self.record.end(group[0])
        for job in jobs:
            if job.call.id not in self.record.ended:
                self.record.end(job)
            event = _ended(job)
            self.ended.append(event)
            yield event

    def _judge(self, jobs):
        """Count turns that led to nothing new."""
        useful = {"done", "cached", "failed", "timeout", "uncertain"}
        is_bad = all(job.outcome in ("invalid", "unknown", "refused") for job in jobs)
        self._bad = self._bad + 1 if is_bad else 0
        known = [
            job for job in jobs
            if job.outcome == "repeated" or (
                job.tool is not None and (job.tool.name, job.text) in self._made
            )
        ]  # fmt: skip
        self._repeats = self._repeats + 1 if len(known) == len(jobs) else 0
        for job in jobs:
            if job.outcome in useful:
                self._made[job.tool.name, job.text] = job.result

    def _is_stop(self, answer, jobs):
        stop = self.setup.stop
        if stop is None:
            return False
        if callable(stop):
            is_stop = stop(answer, [_ended(job) for job in jobs])
        else:
            is_stop = any(j.tool and j.tool.name in stop and j.outcome in ("done", "cached")
                          for j in jobs)  # fmt: skip
        if is_stop:
            self.stopped = "stop"
        return bool(is_stop)

    def _finish_pending(self):
        """Calls that a process before this one was killed in."""
        pending = self.record.pending()
        if not pending or self.record.is_finished:
            return
        jobs = []
        for part in pending:
            function = part["function"]
            job = self._job(Call(part["id"], function["name"], function["arguments"]))
            was_started = part["id"] in self.record.started
            if job.outcome is None and was_started and job.tool.side_effects is True:
                job.end("uncertain", _UNCERTAIN.format(job.tool.name))
            jobs.append(job)
        yield from self._run(jobs)
        self._judge(jobs)


def _ended(job):
    name = job.tool.name if job.tool is not None else job.call.name
    text = job.text or str(job.call.arguments)
    return events.ToolEnded(job.call.id, name, text, job.outcome, job.result, job.seconds)


def _free_id(given, turn, number, taken):
    """An id that no other call of the conversation has."""
    base = f"{given or 'call'}-{turn}-{number}"
    free, more = base, 2
    while free in taken:
        free, more = f"{base}-{more}", more + 1
    return free
