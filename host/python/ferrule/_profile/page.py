# SPDX-License-Identifier: MIT
"""page - the report as one HTML file with a timeline."""

from html import escape

from ferrule._profile import record as rec
from ferrule._profile.account import OWN, TITLES, key_of
from ferrule._profile.text import percent, seconds, title

COLOURS = {
    rec.IMPORTS: "#8d6e63",
    rec.MODEL: "#3f7fbf",
    rec.TOOL: "#e0a030",
    rec.LOCK: "#c0392b",
    rec.CACHE: "#16a085",
    rec.GUARD: "#27ae60",
    rec.JSON: "#8e44ad",
    rec.GC: "#d35480",
    rec.WAIT: "#b0b8c0",
    OWN.kind: "#55606b",
}
WIDTH = 1000
LANE = 22
LANES_MAX = 400  # turns that get a line of their own
PIECES_MAX = 20_000  # drawn in all; what is narrower than a third of a pixel is not
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:1100px;padding:0 1em;
color:#222;background:#fff}
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}
table{border-collapse:collapse;width:100%}td,th{padding:.3em .6em;text-align:left;
vertical-align:top;border-bottom:1px solid #eee}td.n{text-align:right;white-space:nowrap}
.bar{height:.8em;border-radius:2px;min-width:1px}.why{color:#666}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#444}
@media(prefers-color-scheme:dark){body{background:#1c1f22;color:#ddd}.why{color:#999}
td,th{border-color:#333}svg text{fill:#bbb}}
"""


def write(report, sheet, start):
    script = escape(report["script"])
    wall = seconds(report["wall_s"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>profile of {script}</title><style>{STYLE}</style>"
        f"<h1>{script}: {wall}</h1>"
        f"{_table(report)}<h2>Timeline</h2>{_legend(report)}"
        f"{_timeline(report, sheet, start)}{_functions(report)}</html>\n"
    )


def _colour(component):
    kind = next(kind for kind, name in TITLES.items() if name == component)
    return COLOURS[kind]


def _table(report):
    cells = []
    for row in report["rows"]:
        colour = _colour(row["component"])
        cells.append(
            f'<tr><td><span class="key" style="background:{colour}"></span>'
            f'{escape(title(row))}</td><td class="n">{seconds(row["wall_s"])}</td>'
            f'<td class="n">{seconds(row["cpu_s"])}</td>'
            f'<td class="n">{percent(row["share"])}</td><td style="width:25%">'
            f'<div class="bar" style="width:{100 * row["share"]:.2f}%;background:{colour}">'
            f"</div></td><td><b>{escape(row['verdict'])}</b> "
            f'<span class="why">{escape(row["why"])}</span></td></tr>'
        )
    return ("<table><tr><th>component<th>wall<th>cpu<th>share<th><th>verdict</tr>"
            f"{''.join(cells)}</table>")  # fmt: skip


def _legend(report):
    there = {row["component"] for row in report["rows"] if row["wall_s"] > 0}
    return "<p>" + " ".join(
        f'<span class="key" style="background:{COLOURS[kind]}"></span>{escape(name)}&ensp;'
        for kind, name in TITLES.items() if name in there
    ) + "</p>"  # fmt: skip


def _timeline(report, sheet, start):
    """The whole run in one line, and below it a line for each turn."""
    record = sheet.record
    begin = record.begin - start
    pieces = [(begin, record.begin, key_of(rec.Label(rec.IMPORTS)))]
    pieces += [(a, b, key_of(label)) for a, b, label in sheet.path]
    pieces += [(a, b, key_of(label)) for a, b, label in record.main.drawn]
    pieces.sort()
    lanes = [("the run", begin, record.end)]
    lanes += [(name, a, b) for name, a, b in sheet.turns[:LANES_MAX]]
    longest = max([b - a for _, a, b in lanes[1:]], default=1) or 1
    left = PIECES_MAX
    drawn = []
    for i, (name, a, b) in enumerate(lanes):
        scale = (WIDTH - 170) / ((b - a or 1) if i == 0 else longest)
        lane = _lane(name, a, b, scale, 8 + i * LANE + (14 if i else 0), pieces, left)
        left -= len(lane)
        drawn += lane
    height = 30 + len(lanes) * LANE
    more = len(sheet.turns) - LANES_MAX
    note = f"<p>... and {more} turns more</p>" if more > 0 else ""
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="timeline">{"".join(drawn)}</svg>{note}')  # fmt: skip


def _lane(name, begin, end, scale, y, pieces, left):
    """One line: its own Python as the ground, everything else over it."""
    x0 = 110
    width = (end - begin) * scale
    lane = [
        f'<text x="{x0 - 8}" y="{y + 12}" text-anchor="end">{escape(name[:16])}</text>'
        f'<rect x="{x0}" y="{y}" width="{max(width, 1):.1f}" height="16" '
        f'fill="{COLOURS[OWN.kind]}"/>'
        f'<text x="{x0 + width + 5:.1f}" y="{y + 12}">{seconds((end - begin) / 1e9)}</text>'
    ]
    for a, b, key in pieces:
        a, b = max(a, begin), min(b, end)
        if (b - a) * scale < 0.3 or len(lane) >= left:
            continue
        told = f"{TITLES[key[0]]} {key[1]}".strip()
        lane.append(
            f'<rect x="{x0 + (a - begin) * scale:.1f}" y="{y}" '
            f'width="{(b - a) * scale:.1f}" height="16" fill="{COLOURS[key[0]]}">'
            f"<title>{escape(told)}, {seconds((b - a) / 1e9)}</title></rect>"
        )
    return lane


def _functions(report):
    rows = next((r for r in report["rows"] if r.get("functions")), None)
    if rows is None:
        return ""
    cells = "".join(
        f'<tr><td class="n">{percent(f["share"])}</td><td>{escape(f["function"])}</td>'
        f'<td class="why">{escape(f["file"])}:{f["line"]}</td></tr>'
        for f in rows["functions"]
    )
    return f"<h2>Its own Python, by function</h2><table>{cells}</table>"
