# SPDX-License-Identifier: MIT
"""Live progress on stderr: one line that is redrawn on a terminal, plain lines else."""

import sys
import time

from records import Source

PLAIN_EVERY_S = 2.0  # a log file needs no more than this


class Progress:
    def __init__(self, total, stream=None):
        self.total = total
        self.stream = stream or sys.stderr
        self.live = bool(self.stream) and self.stream.isatty()
        self._began = self._shown = time.monotonic()
        self._width = 0

    def update(self, tally):
        now = time.monotonic()
        if self.live:
            self._redraw(self._line(tally, now))
        elif self.stream and now - self._shown >= PLAIN_EVERY_S:
            self._shown = now
            print(self._line(tally, now), file=self.stream, flush=True)

    def finish(self):
        """Leaves a clean line for what is printed next."""
        if self.live:
            self._redraw("")
            print(end="\r", file=self.stream, flush=True)

    def _redraw(self, line):
        padded = line.ljust(self._width)  # covers what a longer line left
        print(f"\r{padded}", end="", file=self.stream, flush=True)
        self._width = len(line)

    def _line(self, tally, now):
        done = sum(tally.values())
        served = tally[Source.CACHE] + tally[Source.JOINED]
        asked = served + tally[Source.TOOL] + tally[Source.AGED]
        line = f"{done:,} of {self.total:,} calls"
        line += f" · {served / asked:.0%} from the cache" if asked else ""
        line += f" · {tally[Source.GUARD]:,} invalid"
        if 0 < done < self.total:
            left = (now - self._began) * (self.total - done) / done
            line += f" · {left:.0f} s left"
        return line
