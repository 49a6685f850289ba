# SPDX-License-Identifier: MIT
"""The figures of the table that have a bound, each a ratio or a time of the same run."""

from row_a import CONTROL, DEFAULT, MAIN_LEVEL

BATCH = 'same, priority = "batch"'
WARM = "processes, warm parent"
OWN_GIL = "same, busy ones batch"  # of the interpreters
ANEW = "multiprocessing, a cachebox each"


def figures(rows):
    """Rows of {what, value, unit, must, reach, least}; least: larger is better."""
    by_name = {row["name"]: row for row in rows}
    found = []

    def add(what, value, must, reach, unit, least=False):
        found.append({"what": what, "value": value, "must": must, "reach": reach,
                      "unit": unit, "least": least})  # fmt: skip

    def level(name, agents=MAIN_LEVEL):
        return by_name[name]["levels"][str(agents)]

    def has(*names):
        return all(name in by_name for name in names)

    if has(BATCH, CONTROL):
        add("p99 beside 4 batch agents, processes", level(BATCH)["p99_ms"], 0.5, 0.2, "ms")
        add("the same against its p99 without neighbours",
            level(BATCH)["p99_ms"] / level(BATCH, 0)["p99_ms"], 1.5, 1, "x")
        add("work these get done, one-GIL threads 1.0", level(BATCH)["work_ratio"], 1.9,
            2.0, "x", least=True)  # fmt: skip
        add("p99 beside 8 batch agents", level(BATCH, 8)["p99_ms"], 1, 0.3, "ms")
    if has(WARM):
        add("p99 beside 4, no priority", level(WARM)["p99_ms"], 5, 2, "ms")
    if has(OWN_GIL):
        add("p99 beside 4 batch agents, own-GIL interpreters", level(OWN_GIL)["p99_ms"], 1,
            0.3, "ms")  # fmt: skip
    if has(BATCH, ANEW):
        ours, anew = level(BATCH), level(ANEW)
        add("p99 against processes started anew", ours["p99_ms"] / anew["p99_ms"], 0.6,
            0.3, "x")  # fmt: skip
        add("work against theirs", ours["work"] / anew["work"], 0.95, 1.0, "x", least=True)
        add("private memory against theirs",
            by_name[BATCH]["memory_kb"] / by_name[ANEW]["memory_kb"], 0.25, 0.125, "x")
    if has(DEFAULT, CONTROL):
        own = level(DEFAULT)
        add("p99 of one agent beside 4 busy threads of its own", own["p99_ms"], 15, 2, "ms")
        add("work of those against CPython's own lock", own["work_ratio"], 0.95, 1.0, "x",
            least=True)  # fmt: skip
    return found


def better_on_both(rows):
    """Remedies whose p99 and whose neighbours' work are both better than ours at batch."""
    ours = next((row for row in rows if row["name"] == BATCH), None)
    if ours is None:
        return []
    mine = ours["levels"][str(MAIN_LEVEL)]
    found = []
    for row in rows:
        other = row["levels"][str(MAIN_LEVEL)]
        # Not the loops: builds are not equally fast.
        more = other.get("work_ratio", 0) > mine["work_ratio"]
        if not row["ours"] and more and other["p99_ms"] < mine["p99_ms"]:
            found.append(row["name"])
    return found


def footprint_figures(rows):
    """Row c against the best of PyInstaller and Nuitka in each column."""
    ours = next((row for row in rows if row["ours"]), None)
    packers = [row for row in rows if row["name"].startswith(("PyInstaller", "Nuitka"))]
    if ours is None or not packers:
        return []
    bounds = {"download": (0.6, 0.45), "disk": (0.5, 0.4), "start_ms": (0.85, 0.6)}
    return [
        {"what": f"{column.removesuffix('_ms')} against the best packer", "unit": "x",
         "value": ours[column] / min(row[column] for row in packers),
         "must": must, "reach": reach, "least": False}
        for column, (must, reach) in bounds.items()
    ]  # fmt: skip


def line(figure):
    """What was measured, the bounds, and whether they hold."""
    sign = -1 if figure["least"] else 1
    value, must, reach = (sign * figure[key] for key in ("value", "must", "reach"))
    word = "reached" if value <= reach else "met" if value <= must else "MISSED"
    relation = ">=" if figure["least"] else "<="
    unit = figure["unit"]
    return (f"{figure['what']:54} {figure['value']:8.2f} {unit:2}  (must {relation} "
            f"{figure['must']:g}, reach {figure['reach']:g}): {word}")
