# SPDX-License-Identifier: MIT
"""Makes traffic of BFCL's calls, which are each made once and have no latencies.

Synthetic, and said so wherever it is shown: each real call occurs at least once; the
rest of the stream repeats them by Zipf's law, and each tool has a latency of its own.
"""

import itertools
import random

SEED = 8785
LENGTH = 10_000
ZIPF = 1.0  # exponent: call number n of the ranking is made 1/n as often as the first
MEDIAN_MS = 250.0
SPREAD_OF_TOOLS = 0.8  # sigma of the log of a tool's median latency
SPREAD_OF_CALLS = 0.4  # sigma of the log around that median


def traffic(calls):
    """The calls as they come in: a list of records for calls.jsonl."""
    rng = random.Random(SEED)
    order = calls + _repeats(rng, calls, LENGTH - len(calls))
    rng.shuffle(order)
    medians = {}
    return [
        {**call, "latency_ms": _latency(rng, medians, call["tool"])} for call in order
    ]


def _repeats(rng, calls, number):
    ranked = rng.sample(calls, len(calls))
    weights = [1 / rank**ZIPF for rank in range(1, len(ranked) + 1)]
    return rng.choices(ranked, cum_weights=[*itertools.accumulate(weights)], k=number)


def _latency(rng, medians, tool):
    if tool not in medians:
        medians[tool] = rng.lognormvariate(0, SPREAD_OF_TOOLS) * MEDIAN_MS
    return round(medians[tool] * rng.lognormvariate(0, SPREAD_OF_CALLS), 1)
