# SPDX-License-Identifier: MIT
"""Writes calls.jsonl: a working week of a desktop agent, always the same.

    python3 agents/replay/sample/make_sample.py

Sessions of two to six tasks (tasks.py); about one call in nine is spoiled
(mistakes.py), and the model then corrects itself as models do: the same call again,
right this time. Latencies are log-normal around a median for each tool.
"""

import datetime
import json
import random
from pathlib import Path

from mistakes import MISTAKES
from tasks import TASKS, Focus

SEED = 20260302
SESSIONS = 42
MISTAKE_SHARE = 0.11
ERROR_SHARE = 0.012  # time-outs of the tools that use the network

MEDIAN_MS = {
    "search_files": 140,
    "read_file": 9,
    "write_file": 14,
    "list_folder": 6,
    "web_search": 620,
    "fetch_page": 900,
    "get_weather": 240,
    "calendar_events": 310,
    "create_event": 420,
    "send_email": 380,
    "convert_currency": 190,
    "translate_text": 480,
}
NETWORK = {"web_search", "fetch_page", "get_weather", "convert_currency"}


class Log:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.clock = datetime.datetime(2026, 3, 2, 8, 31, tzinfo=datetime.UTC)
        self.records = []
        self.unused = list(MISTAKES)

    def session(self, number):
        functions, weights = zip(*TASKS)
        focus = Focus(self.random)
        for task in self.random.choices(
            functions, weights, k=self.random.randint(2, 6)
        ):
            for tool, arguments, result in task(self.random, focus):
                if self.random.random() < MISTAKE_SHARE:
                    self._mistake(number, tool, arguments)
                self._call(number, tool, arguments, result)
        self._wait(self.random.expovariate(1 / 4800))
        if self.clock.hour >= 18:
            self._next_morning()

    def _mistake(self, number, tool, arguments):
        """Each mistake of the table is made once before any is made twice."""
        spoils = [
            row for row in MISTAKES if row[0] == tool and row[2](arguments) != arguments
        ]
        row = self.random.choice(
            [row for row in spoils if row in self.unused] or spoils
        )
        if row in self.unused:
            self.unused.remove(row)
        spoiled = row[2](arguments)
        self._record(
            number,
            tool,
            spoiled,
            3 + self.random.random() * 9,
            error="invalid arguments",
        )

    def _call(self, number, tool, arguments, result):
        latency = self.random.lognormvariate(0, 0.45) * MEDIAN_MS[tool]
        if tool in NETWORK and self.random.random() < ERROR_SHARE:
            self._record(number, tool, arguments, 10_000, error="timed out")
        self._record(number, tool, arguments, latency, result=result)

    def _record(self, number, tool, arguments, latency_ms, **answer):
        at = self.clock.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.records.append(
            {
                "at": at,
                "session": f"s{number:02}",
                "tool": tool,
                "arguments": arguments,
                **answer,
                "latency_ms": round(latency_ms, 1),
            }
        )
        self._wait(
            latency_ms / 1000 + self.random.uniform(0.8, 3.0)
        )  # the model thinks

    def _wait(self, seconds):
        self.clock += datetime.timedelta(seconds=seconds)

    def _next_morning(self):
        tomorrow = self.clock + datetime.timedelta(days=1)
        self.clock = tomorrow.replace(hour=8, minute=self.random.randrange(20, 50))


def main():
    log = Log(SEED)
    for number in range(1, SESSIONS + 1):
        log.session(number)
    lines = [json.dumps(record, ensure_ascii=False) for record in log.records]
    file = Path(__file__).with_name("calls.jsonl")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    wrong = sum(record.get("error") == "invalid arguments" for record in log.records)
    print(f"{file.name}: {len(lines)} calls, {wrong} of them deliberate mistakes")


if __name__ == "__main__":
    main()
