# SPDX-License-Identifier: MIT
"""_cache_report - a cache's counters: as a dict, and as text that Prometheus reads."""

_TOTALS = {
    "entries": ("gauge", "Entries in the store."),
    "bytes": ("gauge", "Bytes of entries, with their headers."),
    "max_entries": ("gauge", "Bound of entries."),
    "max_bytes": ("gauge", "Bound of bytes."),
    "evictions": ("counter", "Entries evicted for others."),
    "expirations": ("counter", "Entries freed after their time."),
    "invalidations": ("counter", "Calls of invalidate()."),
    "shards_lost": ("counter", "Shards emptied because a writer died."),
}
_PER_TOOL = {
    "hits": "Results answered from the store.",
    "sets": "Results stored.",
    "refused": "Results larger than the bounds.",
    "stale_served": "Results answered though no longer fresh.",
    "flights_joined": "Misses that waited for the load of another.",
    "loads_failed": "Loads that ended with an exception.",
}
_CAUSES = ("expired", "evicted", "invalidated")
_FIRST_S = 0.00025  # the first of the bounds, each twice the one before


def shape(raw, partition, entries):
    """Return Store._stats() as ToolCache.stats() does; `entries` of the partition."""
    rows = {name: _with_loads(counts) for name, counts in raw["tools"].items()}
    if partition is not None:
        tools = {tool: counts for (of, tool), counts in rows.items() if of == partition}
        whole = {name: raw[name] for name in ("max_entries", "max_bytes", "shards_lost")}
        return {"entries": entries, **_sum(tools.values()), **whole, "tools": tools}
    partitions = {}
    for (of, tool), counts in rows.items():
        if of is not None:
            partitions.setdefault(of, {"tools": {}})["tools"][tool] = counts
    for counts in partitions.values():
        counts.update(_sum(counts["tools"].values()))
    tools = {tool: counts for (of, tool), counts in rows.items() if of is None}
    return {**_with_loads(raw), "tools": tools, "partitions": partitions}


def _with_loads(counts):
    """loads and load_ns become load_seconds."""
    counts = dict(counts)
    loads, buckets, count = counts.pop("loads"), [], 0
    for number, part in enumerate(loads):
        count += part
        bound = _FIRST_S * 2**number if number + 1 < len(loads) else float("inf")
        buckets.append((bound, count))
    seconds = counts.pop("load_ns") / 1e9
    counts["load_seconds"] = {"count": count, "sum": seconds, "buckets": buckets}
    return counts


def _sum(rows):
    """The counters of several tools together."""
    total = _with_loads({"loads": [], "load_ns": 0})
    for counts in rows:
        for name, value in counts.items():
            if name != "load_seconds":
                total[name] = total.get(name, 0) + value
                continue
            seconds = total["load_seconds"]
            before = seconds["buckets"] or [(bound, 0) for bound, _ in value["buckets"]]
            total["load_seconds"] = {
                "count": seconds["count"] + value["count"],
                "sum": seconds["sum"] + value["sum"],
                "buckets": [
                    (bound, old + new)
                    for (bound, old), (_, new) in zip(
                        before, value["buckets"], strict=True
                    )
                ],
            }
    return total


def prometheus(stats, prefix):
    """Return the metrics of ToolCache.stats() as text."""
    lines = []
    for name, (kind, help_text) in _TOTALS.items():
        if name in stats:
            metric = f"{prefix}_{name}" + ("_total" if kind == "counter" else "")
            lines += _metric(metric, kind, help_text)
            lines.append(f"{metric} {stats[name]}")
    rows = _rows(stats)
    for name, help_text in _PER_TOOL.items():
        lines += _metric(f"{prefix}_{name}_total", "counter", help_text)
        lines += [f"{prefix}_{name}_total{{{labels}}} {c[name]}" for labels, c in rows]
    metric = f"{prefix}_misses_total"
    lines += _metric(metric, "counter", "Results that were not there, by cause.")
    for labels, counts in rows:
        causes = {cause: counts[f"misses_{cause}"] for cause in _CAUSES}
        causes["unknown"] = counts["misses"] - sum(causes.values())
        lines += [
            f'{metric}{{{labels},cause="{cause}"}} {count}'
            for cause, count in causes.items()
        ]
    return "\n".join(lines + _histogram(rows, f"{prefix}_load_seconds")) + "\n"


def _rows(stats):
    """[(labels, counts)] of every tool, those of partitions too."""
    rows = [(f'tool="{_escape(t)}"', c) for t, c in sorted(stats["tools"].items())]
    for partition, counts in sorted(stats.get("partitions", {}).items()):
        rows += [
            (f'tool="{_escape(tool)}",partition="{_escape(partition)}"', c)
            for tool, c in sorted(counts["tools"].items())
        ]
    return rows


def _histogram(rows, metric):
    lines = _metric(metric, "histogram", "How long loads took.")
    for labels, counts in rows:
        seconds = counts["load_seconds"]
        for bound, count in seconds["buckets"]:
            le = "+Inf" if bound == float("inf") else f"{bound:g}"
            lines.append(f'{metric}_bucket{{{labels},le="{le}"}} {count}')
        lines.append(f"{metric}_sum{{{labels}}} {seconds['sum']}")
        lines.append(f"{metric}_count{{{labels}}} {seconds['count']}")
    return lines


def _metric(metric, kind, help_text):
    return [f"# HELP {metric} {help_text}", f"# TYPE {metric} {kind}"]


def _escape(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
