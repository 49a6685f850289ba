# SPDX-License-Identifier: MIT
"""Counts what happened. The summary is what --json prints and the table shows."""

import math
from collections import Counter

from records import Source

REASONS_SHOWN = 5


def summarise(replay, interrupted):
    pairs = [
        (call, outcome)
        for call, outcome in zip(replay.traffic.calls, replay.outcomes)
        if outcome is not None
    ]
    by_source = Counter(outcome.source for _, outcome in pairs)
    return {
        "title": replay.traffic.title,
        "note": replay.traffic.note,
        "input": _input(replay),
        "interrupted": interrupted,
        "elapsed_s": round(replay.elapsed_s, 3),
        **_verdicts(pairs, by_source),
        "cache": _cache(by_source),
        "tool_time_s": _tool_time(pairs),
        "latency_us": _latencies(pairs),
        "problems": [_problem(problem) for problem in replay.traffic.problems],
    }


def _input(replay):
    settings = replay.settings
    return {
        "tools_file": replay.traffic.tools_file,
        "calls_file": replay.traffic.calls_file,
        "tools": len(replay.traffic.tools),
        "clients": settings.clients,
        "speed": settings.speed,
        "ttl_s": settings.ttl_s,
        "max_entries": settings.max_entries,
    }


def _verdicts(pairs, by_source):
    verdict_of = {
        call.origin: outcome.source is not Source.GUARD for call, outcome in pairs
    }
    counts = Counter(text for _, outcome in pairs for text in outcome.reasons)
    return {
        "calls": len(pairs),
        "valid": len(pairs) - by_source[Source.GUARD],
        "invalid": by_source[Source.GUARD],
        "distinct": {
            "calls": len(verdict_of),
            "valid": sum(verdict_of.values()),
            "invalid": len(verdict_of) - sum(verdict_of.values()),
        },
        "reasons": [
            {"text": text, "calls": count}
            for text, count in counts.most_common(REASONS_SHOWN)
        ],
        "reasons_in_all": len(counts),
    }


def _cache(by_source):
    hits, joined = by_source[Source.CACHE], by_source[Source.JOINED]
    aged = by_source[Source.AGED]
    misses = by_source[Source.TOOL] + aged
    asked = hits + joined + misses
    return {
        "asked": asked,
        "hits": hits,
        "joined": joined,
        "misses": misses,
        "aged": aged,
        "uncached": by_source[Source.UNCACHED],
        "hit_rate": round((hits + joined) / asked, 4) if asked else None,
    }


def _tool_time(pairs):
    spent = Counter()
    for call, outcome in pairs:
        spent[outcome.source] += call.latency_s or 0.0
    return {
        "recorded": round(sum(spent.values()), 3),
        "saved_by_cache": round(spent[Source.CACHE] + spent[Source.JOINED], 3),
        "saved_by_guard": round(spent[Source.GUARD], 3),
        "calls_without_latency": sum(call.latency_s is None for call, _ in pairs),
    }


def _latencies(pairs):
    guard = [outcome.guard_ns for _, outcome in pairs]
    cache = [outcome.cache_ns for _, outcome in pairs if outcome.cache_ns is not None]
    return {"guard": _percentiles(guard), "cache": _percentiles(cache)}


def _percentiles(values_ns):
    """Nearest rank, in microseconds."""
    if not values_ns:
        return None
    ordered = sorted(values_ns)
    return {
        name: round(ordered[math.ceil(len(ordered) * share) - 1] / 1000, 3)
        for name, share in (("p50", 0.50), ("p99", 0.99))
    }


def _problem(problem):
    return {"file": problem.file, "line": problem.line, "text": problem.text}
