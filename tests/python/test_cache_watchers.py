# SPDX-License-Identifier: MIT
"""The threads that watch leaders elsewhere for an event loop."""

import asyncio
import threading
import unittest

from ferrule import _cache_flights


class Blocked:
    """Takes the place of a flight, and a watcher's time."""

    def __init__(self, event):
        self.event = event

    def wait(self, seconds):
        self.event.wait(60)
        return "done", ""


class Watchers(unittest.IsolatedAsyncioTestCase):
    async def test_many_leaders_elsewhere_are_watched_in_short_turns(self):
        turns = []

        class Flight:
            def wait(self, seconds):
                turns.append(seconds)
                return "done", ""

        loop, block = asyncio.get_running_loop(), threading.Event()
        flights = [Blocked(block) for _ in range(_cache_flights._WATCHERS_MAX)]
        flights += [Flight() for _ in range(800)]
        futures = [loop.create_future() for _ in flights]
        for flight, future in zip(flights, futures, strict=True):
            _cache_flights._watch(loop, flight, future)
        block.set()
        await asyncio.gather(*futures)
        self.assertLess(min(turns), 0.005)
        self.assertGreater(max(turns), 0.02)
        self.assertFalse(_cache_flights._watched.intersection(flights))


if __name__ == "__main__":
    unittest.main()
