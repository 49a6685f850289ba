# SPDX-License-Identifier: MIT
"""Draws where the answers came from over time: a share above, the calls below.

Both panels have the same time axis, so a dip of the share can be read against the
traffic that made it.
"""

import math

import svg
from records import Source

WIDTH, HEIGHT = 960, 580
LEFT, RIGHT = 76, 936
SHARE_TOP, SHARE_BOTTOM = 134, 300
CALLS_TOP, CALLS_BOTTOM = 346, 500
BINS_MIN, BINS_MAX = 12, 60
CALLS_PER_BIN = 12  # fewer make the share jump between 0 and 100 %

# Drawn from the bottom up; the colours stay apart for colour-blind readers too.
KINDS = (
    ((Source.CACHE, Source.JOINED), "answered from the cache", "#0072b2"),
    ((Source.TOOL, Source.AGED), "had to run the tool", "#e69f00"),
    ((Source.UNCACHED,), "always runs (changes things)", "#9aa4ae"),
    ((Source.GUARD,), "stopped by the guard", "#d1242f"),
)
GRID = {"stroke": "#d8dee4", "stroke_width": 1}
MUTED = "#57606a"


def draw(replay, summary):
    outcomes = [outcome for outcome in replay.outcomes if outcome is not None]
    span_s = max((outcome.at_s for outcome in outcomes), default=0.0) or 1e-3
    bins = _count(outcomes, span_s)
    shapes = [
        *_heading(summary),
        *_legend(bins),
        *_share_panel(bins),
        *_calls_panel(bins, span_s),
        *_time_axis(span_s, summary["input"]["speed"]),
    ]
    return svg.document(WIDTH, HEIGHT, _title(summary), shapes)


def _count(outcomes, span_s):
    """Calls a bin and a kind."""
    kind_of = {s: kind for kind, (group, *_) in enumerate(KINDS) for s in group}
    number = max(BINS_MIN, min(BINS_MAX, len(outcomes) // CALLS_PER_BIN))
    bins = [[0] * len(KINDS) for _ in range(number)]
    for outcome in outcomes:
        at = min(int(outcome.at_s / span_s * number), number - 1)
        bins[at][kind_of[outcome.source]] += 1
    return bins


# --- words ----------------------------------------------------------------------


def _title(summary):
    rate = summary["cache"]["hit_rate"]
    if rate is None:
        return f"None of {summary['calls']:,} calls could be answered from a cache"
    asked = summary["cache"]["asked"]
    return f"{rate:.0%} of {asked:,} tool calls were answered from the cache"


def _heading(summary):
    given = summary["input"]
    about = summary["title"] or given["calls_file"]
    sub = f"{about} · {given['clients']} clients at once"
    shapes = [
        svg.text(LEFT, 34, _title(summary), font_size=20, font_weight=600),
        svg.text(LEFT, 56, sub, fill=MUTED),
    ]
    if summary["note"]:
        shapes.append(
            svg.text(
                LEFT,
                HEIGHT - 10,
                _first_sentence(summary["note"]),
                fill=MUTED,
                font_size=12,
            )
        )
    return shapes


def _first_sentence(note):
    return note.split(". ")[0].rstrip(".") + "."


def _legend(bins):
    shapes, x = [], LEFT
    for kind, (_, label, colour) in enumerate(KINDS):
        count = sum(column[kind] for column in bins)
        if not count:
            continue
        words = f"{label}: {count:,}"
        shapes.append(svg.rect(x, 78, 12, 12, fill=colour, rx=2))
        shapes.append(svg.text(x + 18, 89, words, font_size=12))
        x += 18 + 6.6 * len(words) + 10
    return shapes


# --- panels ---------------------------------------------------------------------


def _share_panel(bins):
    height = SHARE_BOTTOM - SHARE_TOP
    shapes = [
        _panel_name(SHARE_TOP, "answered from the cache, % of the calls it may answer")
    ]
    for percent in (0, 25, 50, 75, 100):
        y = SHARE_BOTTOM - height * percent / 100
        shapes += _gridline(y, f"{percent} %")
    now, so_far = _shares(bins)
    shapes.append(
        _share_curve(now, stroke="#0072b2", stroke_opacity=0.35, stroke_width=1.5)
    )
    shapes.append(_share_curve(so_far, stroke="#0072b2", stroke_width=3))
    if so_far:
        _, last = so_far[-1]
        y = SHARE_BOTTOM - height * last
        above = y - 10 if last < 0.85 else y + 20
        shapes.append(
            svg.text(
                RIGHT - 4,
                above,
                f"{last:.0%} so far",
                text_anchor="end",
                fill="#0072b2",
                font_weight=600,
                stroke="#ffffff",
                stroke_width=4,
                paint_order="stroke",
            )
        )
    shapes.append(
        svg.text(
            RIGHT,
            SHARE_TOP - 8,
            "thick: so far, thin: at that moment",
            text_anchor="end",
            fill=MUTED,
            font_size=12,
        )
    )
    return shapes


def _shares(bins):
    """[(moment, share)] in each bin and so far, where the cache was asked at all.

    A moment runs from 0 to 1: the middle of its bin.
    """
    now, so_far, hits, asked = [], [], 0, 0
    for at, column in enumerate(bins):
        moment = (at + 0.5) / len(bins)
        if column[0] + column[1]:
            now.append((moment, column[0] / (column[0] + column[1])))
        hits, asked = hits + column[0], asked + column[0] + column[1]
        if asked:
            so_far.append((moment, hits / asked))
    return now, so_far


def _share_curve(shares, **style):
    height = SHARE_BOTTOM - SHARE_TOP
    points = [
        (LEFT + (RIGHT - LEFT) * moment, SHARE_BOTTOM - height * share)
        for moment, share in shares
    ]
    return svg.curve(points, stroke_linejoin="round", **style)


def _calls_panel(bins, span_s):
    top = _round_up(max(sum(column) for column in bins))
    height = CALLS_BOTTOM - CALLS_TOP
    every = _seconds(span_s / len(bins))
    shapes = [_panel_name(CALLS_TOP, f"calls answered every {every}")]
    for part in (0, 0.5, 1):
        shapes += _gridline(CALLS_BOTTOM - height * part, f"{top * part:,.0f}")
    width = (RIGHT - LEFT) / len(bins)
    for at, column in enumerate(bins):
        shapes += _column(LEFT + at * width, width, column, height / top)
    return shapes


def _column(x, width, column, scale):
    shapes, y = [], float(CALLS_BOTTOM)
    for count, (_, label, colour) in zip(column, KINDS):
        if count:
            y -= count * scale
            shapes.append(
                svg.rect(
                    x + 1,
                    y,
                    width - 2,
                    count * scale,
                    tip=f"{count:,} {label}",
                    fill=colour,
                )
            )
    return shapes


def _panel_name(top, words):
    return svg.text(LEFT, top - 8, words, font_weight=600)


def _gridline(y, label):
    return [
        svg.line(LEFT, y, RIGHT, y, **GRID),
        svg.text(LEFT - 8, y + 4, label, text_anchor="end", fill=MUTED, font_size=12),
    ]


def _time_axis(span_s, speed):
    unit, span = ("milliseconds", span_s * 1000) if span_s < 1 else ("seconds", span_s)
    step = _nice_step(span / 6)
    shapes = []
    for tick in range(int(span / step) + 1):
        x = LEFT + (RIGHT - LEFT) * tick * step / span
        shapes.append(svg.line(x, CALLS_BOTTOM, x, CALLS_BOTTOM + 5, stroke=MUTED))
        shapes.append(
            svg.text(
                x,
                CALLS_BOTTOM + 19,
                f"{tick * step:g}",
                text_anchor="middle",
                fill=MUTED,
                font_size=12,
            )
        )
    words = f"{unit} since the replay began ({speed:g}x recorded speed)"
    shapes.append(
        svg.text((LEFT + RIGHT) / 2, CALLS_BOTTOM + 37, words, text_anchor="middle")
    )
    return shapes


# --- numbers --------------------------------------------------------------------


def _nice_step(rough):
    """The 1, 2 or 5 of a power of ten at or above `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= rough * 0.999)


def _round_up(count):
    """An axis end that halves to a whole number."""
    return max(
        2, math.ceil(count / 2) * 2 if count < 20 else math.ceil(count / 20) * 20
    )


def _seconds(seconds):
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
