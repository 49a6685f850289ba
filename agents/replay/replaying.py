# SPDX-License-Identifier: MIT
"""Sends the recorded calls through the guard and the cache, with N clients at once.

A call that the cache cannot answer costs what the tool took when it was recorded,
divided by the speed. Each client takes the next call of the log when it is done with
the last, so the order is the log's and the overlap is the clients'.

Pauses between calls are not waited for. Where the log has times, a result carries the
time of its call, and one that had aged beyond the TTL by then is dropped; elsewhere the
cache's own TTL runs on the clock of the replay.
"""

import itertools
import threading
import time
from collections import Counter

from ferrule import ToolCache

from reasons import reasons
from records import Outcome, Problem, Source


UNTIL_DROPPED_S = 10 * 365 * 86400.0  # the cache's own clock plays no part


class ToolFailed(Exception):
    """The recorded call had failed: its answer must not be kept."""


class Replay:
    """Threads: `outcomes[i]` is written once, by the client that took call i."""

    def __init__(self, traffic, guards, settings):
        self.traffic = traffic
        self.guards = guards
        self.settings = settings
        self.outcomes = [None] * len(traffic.calls)
        self.timed = traffic.timed
        ttl = UNTIL_DROPPED_S if self.timed else settings.ttl_s / settings.speed
        self.cache = ToolCache(max_entries=settings.max_entries, ttl=ttl)
        self.elapsed_s = 0.0
        self._tickets = itertools.count()  # next() is atomic: it is one C call
        self._stop = threading.Event()
        self._tallies = [Counter() for _ in range(settings.clients)]
        self._faults = []

    def run(self, on_tick, tick_s=0.1):
        """Returns True when the whole log was replayed, False when interrupted."""
        self._started = time.perf_counter()
        clients = [
            threading.Thread(target=self._client, args=(tally,), daemon=True)
            for tally in self._tallies
        ]
        for client in clients:
            client.start()
        try:
            self._wait(clients, on_tick, tick_s)
            whole = True
        except KeyboardInterrupt:
            self._stop.set()
            self._wait(clients, lambda _tally: None, tick_s)
            whole = False
        self.elapsed_s = time.perf_counter() - self._started
        self.traffic.problems.extend(self._faults)
        return whole

    def _wait(self, clients, on_tick, tick_s):
        for client in clients:
            while client.is_alive():
                client.join(tick_s)
                on_tick(sum(self._tallies, Counter()))

    def _client(self, tally):
        calls = self.traffic.calls
        while not self._stop.is_set():
            index = next(self._tickets)
            if index >= len(calls):
                return
            try:
                outcome = self._serve(calls[index])
            except Exception as error:
                self._note_fault(calls[index], error)
                continue
            self.outcomes[index] = outcome
            tally[outcome.source] += 1

    def _note_fault(self, call, error):
        text = f'the call to "{call.tool}" broke off: {type(error).__name__}: {error}'
        self._faults.append(Problem(self.traffic.calls_file, call.line, text))

    def _serve(self, call):
        guard = self.guards[call.tool]
        began = time.perf_counter_ns()
        valid = guard.is_valid(call.payload)
        guard_ns = time.perf_counter_ns() - began
        if not valid:
            why = reasons(self.traffic.tools[call.tool], guard, call.payload)
            return Outcome(Source.GUARD, self._now(), guard_ns, reasons=why)
        if not self.traffic.tools[call.tool].cacheable:
            self._spend(call)
            return Outcome(Source.UNCACHED, self._now(), guard_ns)
        source, cache_ns = self._answer(call)
        return Outcome(source, self._now(), guard_ns, cache_ns)

    def _answer(self, call):
        began = time.perf_counter_ns()
        known = self.cache.get(call.tool, call.payload)
        cache_ns = time.perf_counter_ns() - began
        if known is None:
            return self._load(call, Source.TOOL), cache_ns
        if not self._is_aged(known, call):
            return Source.CACHE, cache_ns
        self.cache.delete(call.tool, call.payload)
        return self._load(call, Source.AGED), cache_ns

    def _is_aged(self, known, call):
        if not self.timed:
            return False
        loaded_at, _, _result = known.partition(" ")
        return call.at_s - float(loaded_at) >= self.settings.ttl_s

    def _load(self, call, missed):
        """One load per key, however many clients miss it at once."""
        loaded = []

        def loader(*_key):
            loaded.append(True)
            self._spend(call)
            if call.error is not None:
                raise ToolFailed(call.error)
            return f"{call.at_s!r} {call.result}" if self.timed else call.result

        try:
            self.cache.get_or_call(call.tool, call.payload, loader)
        except ToolFailed:
            pass
        return missed if loaded else Source.JOINED

    def _spend(self, call):
        if call.latency_s:
            time.sleep(call.latency_s / self.settings.speed)

    def _now(self):
        return time.perf_counter() - self._started
