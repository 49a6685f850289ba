# SPDX-License-Identifier: MIT
"""text - the report for a terminal, and as JSON."""

import _json

BAR = 30
EIGHTHS = " ▏▎▍▌▋▊▉"
TURNS_SHOWN = 12


def write_json(report):
    """What json.dumps() makes; to import that takes longer than all of the report."""
    text = _json.encode_basestring_ascii
    encode = _json.make_encoder({}, None, text, None, ": ", ", ", False, False, True)
    return "".join(encode(report, 0)) + "\n"


def seconds(value):
    if value >= 100:
        return f"{value:.0f} s"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"


def percent(share):
    value = 100 * share
    return f"{value:.1f} %" if value >= 0.1 or value == 0 else f"{value:.2g} %"


def bar(share):
    eighths = max(0, min(round(share * BAR * 8), BAR * 8))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(BAR)


def title(row):
    return f"{row['component']} {row['name']}".strip()


def write(report, script):
    lines = [f"profile of {script}", ""]
    width = max([len(title(row)) for row in report["rows"]] + [20])
    lines.append(f"{'':{width}}  {'wall':>9} {'cpu':>9} {'share':>8}")
    for row in report["rows"]:
        lines.append(
            f"{title(row):{width}}  {seconds(row['wall_s']):>9} {seconds(row['cpu_s']):>9} "
            f"{percent(row['share']):>8}  {bar(row['share'])}"
        )
        lines.append(f"{'':{width}}  {row['verdict']}: {row['why']}")
        lines += [
            f"{'':{width}}    {percent(f['share']):>8} {f['function']}  {f['file']}:{f['line']}"
            for f in row.get("functions", ())[:4]
            if row["share"] > 0.03
        ]
    total = sum(row["wall_s"] for row in report["rows"])
    lines.append(f"{'sum':{width}}  {seconds(total):>9} of {seconds(report['wall_s'])} wall, "
                 f"{seconds(report['cpu_s'])} cpu")  # fmt: skip
    if report["hooks_s"] > 0.005 * report["wall_s"]:
        lines.append(f"{'':{width}}  without {seconds(report['hooks_s'])} that the "
                     "profiler's own hooks took")  # fmt: skip
    lines += ["", *_turns(report)]
    return "\n".join(lines) + "\n"


def _turns(report):
    turns = report["turns"]
    if not turns:
        return ["no turns: no model was called, and `with ferrule.turn():` marked none"]
    lines = [f"{len(turns)} turns, from {report['turns_from']}"]
    slow = max(turn["wall_s"] for turn in turns) or 1
    for turn in turns[:TURNS_SHOWN]:
        parts = sorted(turn["parts"].items(), key=lambda item: -item[1])[:3]
        said = ", ".join(f"{name} {seconds(spent)}" for name, spent in parts)
        lines.append(f"  {turn['name'][:24]:24} {seconds(turn['wall_s']):>9}  "
                     f"{bar(turn['wall_s'] / slow)[:12]}  {said}")  # fmt: skip
    if len(turns) > TURNS_SHOWN:
        lines.append(f"  ... and {len(turns) - TURNS_SHOWN} more")
    return lines
