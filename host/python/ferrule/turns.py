# SPDX-License-Identifier: MIT
"""turns - where an agent's turn begins and ends, for those who watch the run.

Example:
    >>> from ferrule import turn
    >>> with turn("what is the weather?"):
    ...     pass

Nothing happens unless the run is watched, as `ferrule profile` does.
"""

# What a watcher put here: called with a name when a turn begins, with None at its end.
watcher = None


class turn:
    """A context manager, also for `async with`, around one turn of an agent."""

    def __init__(self, name=""):
        self.name = str(name)

    def __enter__(self):
        if watcher is not None:
            watcher(self.name)
        return self

    def __exit__(self, *_):
        if watcher is not None:
            watcher(None)

    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, *_):
        self.__exit__()
