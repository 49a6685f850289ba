# SPDX-License-Identifier: MIT
"""The summary as a table for a person."""

import textwrap

WIDTH = 88


def render(summary):
    parts = [_head(summary), _verdicts(summary), _savings(summary), _speed(summary)]
    if summary["interrupted"]:
        parts.append("Interrupted: the figures are those of the calls replayed so far.")
    return "\n\n".join(part for part in parts if part)


def _head(summary):
    given = summary["input"]
    lines = [
        summary["title"] or f"Replay of {given['calls_file']}",
        f"{_plural(given['tools'], 'tool')}, "
        f"{_plural(given['clients'], 'client')} at once, "
        f"{given['speed']:g}x recorded speed, results kept {given['ttl_s']:g} s",
    ]
    note = summary["note"]
    return "\n".join(lines + textwrap.wrap(note, WIDTH, break_on_hyphens=False))


def _verdicts(summary):
    calls, distinct = summary["calls"], summary["distinct"]
    lines = [
        f"{'':14}{'calls':>8}{'':9}{'distinct':>10}",
        f"{'calls':14}{calls:8,}{'':9}{distinct['calls']:10,}",
    ]
    for verdict in ("valid", "invalid"):
        share = _share(summary[verdict], calls)
        lines.append(
            f"{verdict:14}{summary[verdict]:8,}{share:>9}{distinct[verdict]:10,}"
        )
    return "\n".join(lines + _reasons(summary))


def _reasons(summary):
    lines = []
    for reason in summary["reasons"]:
        first = f"{reason['calls']:12,}  "
        lines += textwrap.wrap(
            reason["text"],
            WIDTH,
            initial_indent=first,
            subsequent_indent=" " * 18,
            break_on_hyphens=False,
        )
    more = summary["reasons_in_all"] - len(summary["reasons"])
    if more > 0:
        lines.append(f"{'':14}and {_plural(more, 'rarer reason')}")
    return lines


def _savings(summary):
    cache, time = summary["cache"], summary["tool_time_s"]
    lines = []
    if cache["asked"]:
        served = cache["hits"] + cache["joined"]
        lines.append(
            f"{'hit rate':14}{cache['hit_rate']:8.1%}   "
            f"{served:,} of {cache['asked']:,} answered without the tool; "
            f"{cache['joined']:,} of them"
        )
        lines.append(f"{'':25}joined an equal call already under way")
    if cache["aged"]:
        lines.append(
            f"{'aged':14}{cache['aged']:8,}   more were known, but older than --ttl"
        )
    if cache["uncached"]:
        lines.append(
            f"{'not cached':14}{cache['uncached']:8,}   to tools that change things"
        )
    lines.append(_time_line("tool time", time["recorded"], ""))
    for name, key in (
        ("saved by cache", "saved_by_cache"),
        ("  by guard", "saved_by_guard"),
    ):
        lines.append(_time_line(name, time[key], _share(time[key], time["recorded"])))
    if time["calls_without_latency"]:
        count = _plural(time["calls_without_latency"], "call")
        lines.append(f"{'':14}{count} without a recorded latency counted as 0 s")
    return "\n".join(lines)


def _time_line(name, seconds, share):
    return f"{name:14}{_duration(seconds):>12}{share:>9}".rstrip()


def _speed(summary):
    lines = [f"{'':14}{'p50':>10}{'p99':>10}"]
    for name, title in (("guard", "one verdict"), ("cache", "one look-up")):
        figures = summary["latency_us"][name]
        if figures:
            p50, p99 = figures["p50"], figures["p99"]
            lines.append(f"{name:14}{_micro(p50):>10}{_micro(p99):>10}   {title}")
    lines.append(f"{'':14}replayed in {summary['elapsed_s']:.1f} s")
    return "\n".join(lines)


def _plural(count, noun):
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _share(part, whole):
    return f"{part / whole:.1%}" if whole else "-"


def _micro(microseconds):
    if microseconds >= 1000:
        return f"{microseconds / 1000:.1f} ms"
    return f"{microseconds:.2f} us"


def _duration(seconds):
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return f"{int(minutes // 60)} h {int(minutes % 60)} min"
    if minutes >= 1:
        return f"{int(minutes)} min {int(rest)} s"
    return f"{seconds:.1f} s"
