# SPDX-License-Identifier: MIT
"""results - what a suite found, shown while it runs and summed up at the end."""

import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

OUTCOMES = ("passed", "failed", "skipped")


@dataclass(frozen=True)
class Result:
    name: str  # unique in its suite; `./dev test SUITE/NAME` runs it again
    outcome: str  # one of OUTCOMES
    detail: str = ""  # output of a failure, reason of a skip
    again: str = ""  # command that runs exactly this, when not the one above


class Report:
    """Collects results of all suites. Every method may be called from any thread."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.results = defaultdict(list)  # guarded by lock
        self.started = {}  # guarded by lock
        self.lock = threading.RLock()
        self.live = out.isatty()

    def start(self, suite):
        with self.lock:
            self.started[suite] = time.monotonic()
            self.results[suite]  # a suite without any test is shown too
            self._progress(suite, "")

    def add(self, suite, result):
        with self.lock:
            self.results[suite].append(result)
            if result.outcome == "failed":
                self._clear()
                self._show_failure(suite, result, full=True)
            self._progress(suite, result.name)

    def finish(self, suite):
        with self.lock:
            self._clear()
            took = time.monotonic() - self.started[suite]
            print(f"{suite:12} {self.counts(suite):42} {took:6.1f} s", file=self.out,
                  flush=True)

    def note(self, text):
        with self.lock:
            self._clear()
            print(text, file=self.out, flush=True)

    def counts(self, *suites):
        found = Counter(
            r.outcome for s in suites or list(self.results) for r in self.results[s]
        )
        return ", ".join(f"{found[outcome]} {outcome}" for outcome in OUTCOMES)

    def close(self):
        """Print skips with reasons, failures with how to run them again, and the
        closing line. Returns the exit code."""
        failures = [(s, r) for s, rs in self.results.items() for r in rs
                    if r.outcome == "failed"]
        self._show_skips()
        if failures:
            print("\nfailed:", file=self.out)
        for suite, result in failures:
            self._show_failure(suite, result, full=False)
        print(self.counts(), file=self.out, flush=True)
        return 1 if failures or not any(self.results.values()) else 0

    def _show_skips(self):
        reasons = defaultdict(list)
        for suite, results in self.results.items():
            for result in results:
                if result.outcome == "skipped":
                    reasons[suite, result.detail].append(result.name)
        if reasons:
            print("\nskipped:", file=self.out)
        for (suite, reason), names in reasons.items():
            shown = ", ".join(names[:3]) + (f", ... ({len(names)})" if names[3:] else "")
            print(f"  {suite}: {reason or 'no reason given'}: {shown}", file=self.out)

    def _show_failure(self, suite, result, full):
        print(f"FAILED {suite}/{result.name}", file=self.out)
        if full:
            lines = result.detail.rstrip().split("\n")
            hidden = len(lines) - 60
            if hidden > 0:
                lines = lines[:20] + [f"... {hidden} lines left out"] + lines[-40:]
            for line in lines:
                print(f"    {line}", file=self.out)
        again = result.again or f"./dev test '{suite}/{result.name}'"
        print(f"    again: {again}", file=self.out, flush=True)

    def _progress(self, suite, name):
        if self.live:
            text = f"{suite:12} {self.counts(suite)}  {name}"
            print(f"\r\033[K{text[:100]}", end="", file=self.out, flush=True)

    def _clear(self):
        if self.live:
            print("\r\033[K", end="", file=self.out)
