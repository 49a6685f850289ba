# SPDX-License-Identifier: MIT
"""The few SVG shapes that the picture needs."""

from html import escape


def document(width, height, title, shapes):
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="13" fill="#24292f">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *shapes,
            "</svg>\n",
        ]
    )


def text(x, y, words, **style):
    return f'<text x="{x:.1f}" y="{y:.1f}"{_style(style)}>{escape(words)}</text>'


def rect(x, y, width, height, tip="", **style):
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    if not tip:
        return f"{shape}{_style(style)}/>"
    return f"{shape}{_style(style)}><title>{escape(tip)}</title></rect>"


def line(x1, y1, x2, y2, **style):
    place = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f"<line {place}{_style(style)}/>"


def curve(points, **style):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none"{_style(style)}/>'


def _style(style):
    return "".join(
        f' {name.replace("_", "-")}="{escape(str(value))}"'
        for name, value in style.items()
    )
