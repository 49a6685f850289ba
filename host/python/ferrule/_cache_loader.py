# SPDX-License-Identifier: MIT
"""_cache_loader - calling a loader, and how long to wait for one."""

import time


def text_of(error):
    try:
        return str(error)
    except Exception:
        return "(no text)"


def left(deadline, most, tool):
    """Seconds to wait at a time, at most `most`; deadline: by time.monotonic(), or None."""
    if deadline is None:
        return most
    rest = deadline - time.monotonic()
    if rest <= 0:
        raise TimeoutError(f"the loader of {tool!r} takes too long elsewhere")
    return min(rest, most)


async def in_time(load, timeout, tool):
    """The value of the coroutine; a TimeoutError of the loader's own passes as it is."""
    import asyncio

    try:
        async with asyncio.timeout(timeout) as limit:
            return await load
    except TimeoutError:
        if not limit.expired():
            raise
        text = f"the loader of {tool!r} takes longer than {timeout:g} s"
        raise TimeoutError(text) from None


def caller(loader, tool, args):
    """loader() for a function without parameters, else loader(tool, args)."""
    code = getattr(loader, "__code__", None)
    if code is not None and not hasattr(loader, "__self__"):
        needed = code.co_argcount - len(loader.__defaults__ or ())
    else:
        needed = _needed(loader)
    return loader if needed <= 0 else lambda: loader(tool, args)


def _needed(loader):
    import inspect

    try:
        parameters = inspect.signature(loader).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in parameters
    )
