# SPDX-License-Identifier: MIT
"""What the agents of one measurement share: a page of numbers and a pipe for each.

Works between threads, interpreters and processes of any kind, and costs a busy agent one
store a unit of work. An idle one sleeps in read().
"""

import mmap
import os
from pathlib import Path

AGENTS_MAX = 16
LEVEL, STOP = 0, 1  # numbers of the page: how many work; whether all shall end
_FIRST = 8
_ROW = 4  # numbers an agent
COUNT, READY, PID, TID = range(_ROW)


class Board:
    def __init__(self, folder):
        self.folder = Path(folder)
        descriptor = os.open(self.folder / "board", os.O_RDWR)
        self._map = mmap.mmap(descriptor, mmap.PAGESIZE)
        os.close(descriptor)
        self.cells = memoryview(self._map).cast("Q")

    @classmethod
    def create(cls, folder, agents):
        folder = Path(folder)
        (folder / "board").write_bytes(bytes(mmap.PAGESIZE))
        for number in range(agents):
            os.mkfifo(folder / f"wake-{number}")
        return cls(folder)

    def cell(self, number, what):
        """Index in `cells` of an agent's number."""
        return _FIRST + number * _ROW + what

    def values(self, agents, what):
        return [self.cells[self.cell(number, what)] for number in range(agents)]

    def wake_file(self, number):
        """Both ends, so that opening never waits."""
        return os.open(self.folder / f"wake-{number}", os.O_RDWR)

    def wake(self, agents):
        for number in range(agents):
            descriptor = self.wake_file(number)
            os.write(descriptor, b"!")
            os.close(descriptor)

    def set_level(self, level):
        self.cells[LEVEL] = level
        self.wake(level)

    def end(self, agents):
        self.cells[LEVEL] = 0
        self.cells[STOP] = 1
        self.wake(agents)
