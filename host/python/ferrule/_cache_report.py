# SPDX-License-Identifier: MIT
"""_cache_report - a cache's counters in the text format that Prometheus reads."""

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
_CAUSES = ("expired", "evicted", "invalidated")


def prometheus(stats, prefix):
    """Return the metrics of ToolCache.stats() as text."""
    lines = []
    for name, (kind, help_text) in _TOTALS.items():
        metric = f"{prefix}_{name}" + ("_total" if kind == "counter" else "")
        lines += [f"# HELP {metric} {help_text}", f"# TYPE {metric} {kind}"]
        lines.append(f"{metric} {stats[name]}")
    tools = sorted(stats["tools"].items())
    for name, help_text in (
        ("hits", "Results answered from the store."),
        ("sets", "Results stored."),
        ("refused", "Results larger than the bounds."),
    ):
        lines += _counter(f"{prefix}_{name}_total", help_text)
        lines += [
            f'{prefix}_{name}_total{{tool="{_escape(tool)}"}} {counts[name]}'
            for tool, counts in tools
        ]
    metric = f"{prefix}_misses_total"
    lines += _counter(metric, "Results that were not there, by cause.")
    for tool, counts in tools:
        causes = {cause: counts[f"misses_{cause}"] for cause in _CAUSES}
        causes["unknown"] = counts["misses"] - sum(causes.values())
        lines += [
            f'{metric}{{tool="{_escape(tool)}",cause="{cause}"}} {count}'
            for cause, count in causes.items()
        ]
    return "\n".join(lines) + "\n"


def _counter(metric, help_text):
    return [f"# HELP {metric} {help_text}", f"# TYPE {metric} counter"]


def _escape(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
