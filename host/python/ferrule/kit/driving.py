# SPDX-License-Identifier: MIT
"""driving - does what loop.py asks for, blocking or in an event loop, and hands the
events on. What a model has said when the run is interrupted stays in the transcript."""

from ferrule.kit.errors import ModelError
from ferrule.kit.events import Event, Finished, Text
from ferrule.kit.loop import Ask
from ferrule.kit.textcalls import Held

__all__ = ["Finished", "aevents", "events"]


def events(turns):
    """Yield the events of a run."""
    steps, reply = turns.steps(), None
    while (step := _next(steps, reply)) is not None:
        reply = None
        if isinstance(step, Event):
            yield step
        elif isinstance(step, Ask):
            reply = yield from _asked(turns, step)
        else:
            from ferrule.kit.running import run_group

            run_group(step.jobs, turns.setup.store, turns.meter.deadline)


def _next(steps, reply):
    """What the turns ask for next; None at their end."""
    try:
        return steps.send(reply)
    except StopIteration:
        return None


def _asked(turns, ask):
    stream = turns.setup.chat.stream(ask.messages, **ask.options)
    held = Held(ask.may_call)
    try:
        for piece in stream:
            shown = _shown(piece, held, ask)
            if shown is not None:
                yield shown
    except BaseException as error:
        stream.close()
        if _is_out_of_time(turns, error):
            return error.partial
        _keep(turns, stream, error)
        raise
    yield from _rest(stream, held, turns)
    return stream.answer


async def aevents(turns):
    """The same for `async for`."""
    steps, reply = turns.steps(), None
    while (step := _next(steps, reply)) is not None:
        reply = None
        if isinstance(step, Event):
            yield step
        elif isinstance(step, Ask):
            stream = turns.setup.chat.astream(step.messages, **step.options)
            held, reply = Held(step.may_call), None
            try:
                async for piece in stream:
                    shown = _shown(piece, held, step)
                    if shown is not None:
                        yield shown
            except BaseException as error:
                stream.cancel()
                if not _is_out_of_time(turns, error):
                    _keep(turns, stream, error)
                    raise
                reply = error.partial
            if reply is None:
                for shown in _rest(stream, held, turns):
                    yield shown
                reply = stream.answer
        else:
            from ferrule.kit.running import arun_group

            await arun_group(step.jobs, turns.setup.store, turns.meter.deadline)


def _shown(piece, held, ask):
    if not isinstance(piece, Text):
        return piece
    text = "" if ask.is_silent else held.take(piece.text)
    return Text(text) if text else None


def _rest(stream, held, turns):
    """Text that was held back and is no call."""
    from ferrule.kit.textcalls import find

    rest = held.rest()
    if rest and not find(stream.answer.text, turns.setup.tools)[0]:
        yield Text(rest)


def _is_out_of_time(turns, error):
    """Whether the run's own time ended the answer: then it ends like any budget."""
    if not isinstance(error, ModelError) or error.partial is None:
        return False
    if error.kind != "timeout" or turns.meter.spent() != "seconds":
        return False
    error.partial.calls = []
    turns.stopped = "seconds"
    return True


def _keep(turns, stream, error):
    """The answer as far as it came."""
    partial = error.partial if isinstance(error, ModelError) else stream.partial()
    if partial is not None and partial.text:
        partial.calls = []
        turns.answer = partial
        turns.record.add(partial.as_message(), is_partial=True)
