# SPDX-License-Identifier: MIT
"""running - tools at work: those of a group at once, each with its deadline.

A function runs in a thread of its own, for a thread that hangs cannot be ended, only
left; a coroutine is cancelled. Results are in the order of the calls.
"""

import contextvars
import threading
import time

from ferrule.kit.threads import start

__all__ = ["arun_group", "groups", "run_group"]


def groups(jobs):
    """Lists of jobs that may run at once: a side effect runs alone."""
    found = []
    for job in jobs:
        if found and not job.has_side_effects and not found[-1][-1].has_side_effects:
            found[-1].append(job)
        else:
            found.append([job])
    return found


def run_group(jobs, store, deadline):
    """Run jobs to their end or deadline. store: function that returns the ToolCache."""
    waits = []
    for job in jobs:
        limit = job.begin(deadline)
        if limit is None and len(jobs) == 1 and not job.tool.is_coroutine:
            _run(job, store, None)
        else:
            waits.append((job, limit, _in_thread(job, store)))
    try:
        for job, limit, done in waits:
            started = job.info.deadline
            left = None if started is None else max(0.0, started - time.monotonic())
            if not done.wait(left) and job.outcome is None:
                job.give_up()
                job.seconds = limit
    except BaseException:
        for job, _, _ in waits:
            job.info.is_cancelled = True
        raise


def _in_thread(job, store):
    """Start the job; returns the Event that is set at its end."""
    done = threading.Event()
    context = contextvars.copy_context()
    start(lambda: context.run(_run, job, store, done), f"ferrule-{job.tool.name}")
    return done


def _run(job, store, done):
    started = time.monotonic()
    try:
        outcome, result = _result(job, store)
        if not job.info.is_cancelled:
            job.end(outcome, result)
    except BaseException as error:  # whatever a tool does, the model hears of it
        if not job.info.is_cancelled:
            if isinstance(error, TimeoutError) and _is_late(job):
                job.give_up()
            else:
                job.fail(error)
        if done is None and isinstance(error, KeyboardInterrupt):
            raise
    finally:
        if not job.info.is_cancelled:
            job.seconds = time.monotonic() - started
        if done is not None:
            done.set()


def _is_late(job):
    return job.info.deadline is not None and time.monotonic() >= job.info.deadline


def _result(job, store):
    """(outcome, text) of a job, from the store where it may be."""
    tool = job.tool
    if tool.cache is None:
        return "done", job.written(_called(job))
    loaded = []

    def load():
        loaded.append(True)
        return job.written(_called(job))

    ttl = None if tool.cache is True else tool.cache
    text = store().get_or_call(tool.cache_name, job.text, load, ttl=ttl)
    return ("done" if loaded else "cached"), text


def _called(job):
    if not job.tool.is_coroutine:
        return job.call_function()
    import asyncio

    async def run():
        left = job.info.deadline
        if left is not None:
            left = max(0.0, left - time.monotonic())
        return await asyncio.wait_for(job.call_function(), left)

    return asyncio.run(run())


async def arun_group(jobs, store, deadline):
    """run_group() for an event loop: coroutines run in it, functions in threads."""
    import asyncio

    for job in jobs:
        job.begin(deadline)
    await asyncio.gather(*(_arun(job, store) for job in jobs))


async def _arun(job, store):
    import asyncio

    started = time.monotonic()
    end = job.info.deadline
    left = None if end is None else max(0.0, end - started)
    try:
        outcome, result = await asyncio.wait_for(_aresult(job, store), left)
        job.end(outcome, result)
    except TimeoutError as error:
        if _is_late(job):
            job.give_up()
        else:
            job.fail(error)
    except asyncio.CancelledError:
        job.info.is_cancelled = True
        raise
    except Exception as error:
        job.fail(error)
    job.seconds = time.monotonic() - started


async def _aresult(job, store):
    tool = job.tool
    if tool.cache is None:
        return "done", job.written(await _acalled(job))
    loaded = []

    async def load():
        loaded.append(True)
        return job.written(await _acalled(job))

    ttl = None if tool.cache is True else tool.cache
    text = await store().aget_or_call(tool.cache_name, job.text, load, ttl=ttl)
    return ("done" if loaded else "cached"), text


async def _acalled(job):
    if job.tool.is_coroutine:
        return await job.call_function()
    import asyncio

    loop = asyncio.get_running_loop()
    future = loop.create_future()
    context = contextvars.copy_context()

    def run():
        try:
            value, error = context.run(job.call_function), None
        except BaseException as raised:  # handed to who waits for it
            value, error = None, raised
        try:
            loop.call_soon_threadsafe(_settle, future, value, error)
        except RuntimeError:
            pass  # the loop is closed: nobody waits

    start(run, f"ferrule-{job.tool.name}")
    return await future


def _settle(future, value, error):
    if future.done():
        return
    if error is None:
        future.set_result(value)
    elif isinstance(error, Exception) and not isinstance(error, StopIteration):
        future.set_exception(error)
    else:
        future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
