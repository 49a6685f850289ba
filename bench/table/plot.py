# SPDX-License-Identifier: MIT
"""One picture a row, SVG and PNG; run with the folder of matplotlib on its path.

    plot.py REPORT.json FOLDER
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

OURS, OTHER, DARK, PALE = "#d9480f", "#5c7cfa", "#343a40", "#ced4da"
plt.rcParams.update({
    "font.size": 11, "font.family": "DejaVu Sans", "axes.spines.top": False,
    "axes.spines.right": False, "svg.fonttype": "path", "svg.hashsalt": "ferrule",
    "axes.titlesize": 11, "axes.titleweight": "bold",
})  # fmt: skip


def colour(row):
    return OURS if row["ours"] else OTHER


def named(axis, rows):
    axis.set_yticks(range(len(rows)), [row["name"] for row in rows])
    for label, row in zip(axis.get_yticklabels(), rows):
        label.set_color(OURS if row["ours"] else DARK)
        label.set_fontweight("bold" if row["ours"] else "normal")
    axis.set_ylim(len(rows) - 0.4, -0.6)


def bars(axis, rows, value, title, form):
    values = [value(row) for row in rows]
    top = max((v for v in values if v is not None), default=1)
    for y, (row, one) in enumerate(zip(rows, values)):
        if one is None:
            axis.text(0, y, " not measured", va="center", color=DARK, fontsize=9)
            continue
        axis.barh(y, one, color=colour(row), height=0.62)
        axis.text(one + top * 0.02, y, form(one), va="center", fontsize=9.5, color=DARK)
    axis.set_title(title, loc="left")
    axis.set_xlim(0, top * 1.28)
    axis.xaxis.set_visible(False)
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(axis="y", length=0)


def milliseconds(value, _=None):
    return f"{value:g}"


def draw_a(rows, about):
    figure, (late, work, memory) = plt.subplots(
        1, 3, figsize=(13.5, 0.42 * len(rows) + 1.7), sharey=True,
        gridspec_kw={"width_ratios": [5, 2, 2]})  # fmt: skip
    for y, row in enumerate(rows):
        one = row["levels"]["4"]
        late.plot([one["p50_ms"], one["p99_ms"]], [y, y], color=colour(row), lw=3,
                  alpha=0.45, solid_capstyle="round")  # fmt: skip
        late.plot(one["p50_ms"], y, "o", ms=5, mfc="white", mec=colour(row), mew=1.6)
        late.plot(one["p99_ms"], y, "o", ms=8.5, color=colour(row))
        late.text(one["p99_ms"] * 1.22, y, f"{one['p99_ms']:.2g}" if one["p99_ms"] < 10
                  else f"{one['p99_ms']:.0f}", va="center", fontsize=9.5, color=DARK)  # fmt: skip
    late.set_xscale("log")
    late.xaxis.set_major_formatter(FuncFormatter(milliseconds))
    late.grid(axis="x", color=PALE, lw=0.7)
    late.set_axisbelow(True)
    low, high = late.get_xlim()
    late.set_xlim(low, high * 2)
    late.set_title("ms from due to done: p50 (ring), p99 (dot)", loc="left")
    named(late, rows)
    bars(work, rows, lambda row: row["levels"]["4"].get("work_ratio"),
         "work the 4 get done", lambda v: f"{v:.2f}x")  # fmt: skip
    bars(memory, rows, lambda row: row["memory_kb"] / 1024, "memory, one agent more",
         lambda v: f"{v:.1f} MB")  # fmt: skip
    figure.suptitle("An agent answers 100 requests a second beside 4 that compute",
                    x=0.01, ha="left", fontsize=14, fontweight="bold")  # fmt: skip
    return finish(figure, about + "; work: one-GIL threads of a stock CPython = 1, builds made comparable")


def draw_b(rows, about):
    parts = [part for part in ("validation", "cache")
             if any(row["part"] == part for row in rows)]  # fmt: skip
    groups = [[row for row in rows if row["part"] == part] for part in parts]
    figure, axes = plt.subplots(
        len(parts), 2, figsize=(11.5, 0.45 * len(rows) + 1.9), squeeze=False,
        gridspec_kw={"height_ratios": [len(group) for group in groups]})  # fmt: skip
    for (share, cpu), part, group in zip(axes, parts, groups):
        bars(share, group, lambda row: row["share"] * 100, f"{part}: share of a request",
             lambda v: f"{v:.1f} %")  # fmt: skip
        bars(cpu, group, lambda row: row["cpu_s"], "CPU seconds of 100,000 requests",
             lambda v: f"{v:.2f} s")  # fmt: skip
        named(share, group)
        cpu.set_yticks([])
        cpu.set_ylim(share.get_ylim())
    figure.suptitle("What validation and cache take at 500 requests a second", x=0.01,
                    ha="left", fontsize=14, fontweight="bold")  # fmt: skip
    return finish(figure, about)


def draw_c(rows, about):
    columns = (("disk", "MB on disk", 1e6), ("download", "MB to download", 1e6),
               ("start_ms", "ms to the first line", 1), ("resident", "MB resident", 1e6))
    figure, axes = plt.subplots(1, 4, figsize=(13.5, 0.45 * len(rows) + 1.6), sharey=True)
    for axis, (column, title, unit) in zip(axes, columns):
        bars(axis, rows, lambda row: row[column] / unit, title,
             lambda v: f"{v:.1f}" if v < 20 else f"{v:.0f}")  # fmt: skip
    named(axes[0], rows)
    figure.suptitle("One agent that prints a line: what it takes to have it", x=0.01,
                    ha="left", fontsize=14, fontweight="bold")  # fmt: skip
    return finish(figure, about)


def finish(figure, about):
    figure.text(0.01, 0.008, about, fontsize=8.5, color="#868e96")
    figure.tight_layout(rect=(0, 0.03, 1, 0.98))
    return figure


def main():
    report = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(sys.argv[2])
    for name, draw in (("a", draw_a), ("b", draw_b), ("c", draw_c)):
        if report[name]:
            about = f"{report['machine']}; the {report['size']} form of the bench"
            figure = draw(report[name], about)
            drawing = folder / f"row-{name}.svg"
            figure.savefig(drawing, metadata={"Date": None})
            lines = map(str.rstrip, drawing.read_text().splitlines())
            drawing.write_text("\n".join(lines) + "\n")
            figure.savefig(folder / f"row-{name}.png", dpi=130)


if __name__ == "__main__":
    main()
