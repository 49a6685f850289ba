# SPDX-License-Identifier: MIT
"""The table as text: one block a row, ours marked with an asterisk."""

from figures import better_on_both, figures, footprint_figures, line
from row_a import LEVELS, MAIN_LEVEL, PAIRED


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


def table(head, lines):
    """Columns as wide as they need to be; the first to the left, the others right."""
    rows = [head, *lines]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    for row in rows:
        first, *rest = (cell.ljust(w) if n == 0 else cell.rjust(w)
                        for n, (cell, w) in enumerate(zip(row, widths)))  # fmt: skip
        yield "  ".join([first, *rest]).rstrip()


def _name(row):
    return ("* " if row["ours"] else "  ") + row["name"]


def row_a(rows):
    samples = rows[0]["levels"]
    yield (f"a. 100 requests a second beside N agents that compute; p50 / p99 / max in ms "
           f"({samples[str(MAIN_LEVEL)]['samples']:,} requests at N = {MAIN_LEVEL}, "
           f"{samples['8']['samples']:,} at 8, {rows[0]['runs']} runs; of the pair whose work "
           f"is compared {rows[0]['runs'] * PAIRED} runs more at {MAIN_LEVEL})")  # fmt: skip
    lines = []
    for row in rows:
        cells = [_name(row)]
        for level in LEVELS:
            one = row["levels"][str(level)]
            cells.append(f"{one['p50_ms']:.2f}/{one['p99_ms']:.2f}/{one['max_ms']:.0f}")
        lines.append(cells)
    yield from table(["", *(f"N = {level}" for level in LEVELS)], lines)
    yield "   (one-GIL and free-threaded threads: stock CPython, but for the host's default)"
    yield ""
    yield (f"   the same: work of the neighbours at N = {MAIN_LEVEL}, what one agent more "
           "costs, and what goes with it")  # fmt: skip
    head = ["", "loops/s", "one-GIL = 1", "memory", "create", "cache shared", "numpy",
            "pydantic"]  # fmt: skip
    lines = []
    for row in rows:
        one = row["levels"][str(MAIN_LEVEL)]
        create = row["create_ms"]
        lines.append([
            _name(row), f"{one['work']:,.0f}", f"{one.get('work_ratio', 0):.2f}x",
            f"{row['memory_kb'] / 1024:.2f} MB",
            "-" if create is None else f"{create:.1f} ms", row["shared"],
            row["loads"]["numpy"], row["loads"]["pydantic"],
        ])  # fmt: skip
    yield from table(head, lines)


def row_b(rows):
    yield (f"b. 500 requests a second: what a part takes of a request "
           f"({rows[0]['samples']:,} requests each, {rows[0]['runs']} runs)")  # fmt: skip
    for part in ("validation", "cache"):
        lines = [
            [_name(row), f"{row['part_us']:.1f} us", f"{row['request_us']:.1f} us",
             f"{row['share'] * 100:.1f} %", f"{row['cpu_s']:.2f} s",
             f"{row['p50_ms']:.2f}/{row['p99_ms']:.2f}"]
            for row in rows if row["part"] == part
        ]  # fmt: skip
        yield from table([f"   {part}", "part", "request", "share", "CPU of 100,000",
                          "p50/p99 ms"], lines)  # fmt: skip


def row_c(rows):
    yield f"c. footprint of one agent (median of {rows[0]['samples']} starts)"
    lines = [[_name(row), megabytes(row["disk"]), megabytes(row["download"]),
              f"{row['start_ms']:.0f} ms", megabytes(row["resident"])] for row in rows]  # fmt: skip
    yield from table(["", "on disk", "download", "first line", "resident"], lines)


def bounds(report):
    if report["a"]:
        for figure in figures(report["a"]):
            yield line(figure)
        others = better_on_both(report["a"])
        verdict = f"MISSED: {', '.join(others)}" if others else "met"
        yield f"no remedy better on both p99 and work: {verdict}"
    for figure in footprint_figures(report["c"]):
        yield line(figure)
