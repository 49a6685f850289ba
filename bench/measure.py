# SPDX-License-Identifier: MIT
"""Measuring that several benches share: interleaved runs, medians, spread."""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ferrule"
FERRULE = os.environ.get("FERRULE", str(ROOT / "build/release/ferrule"))


def spawn_seconds(command):
    """Wall time of one process, from spawn to its end."""
    started = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status = os.waitpid(process, 0)
    if status != 0:
        sys.exit(f"bench: {' '.join(command)} ended with status {status}")
    return time.perf_counter() - started


def interleave(commands, rounds):
    """{name: [seconds]}: one run of each command a round, so that noise hits all."""
    samples = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            samples[name].append(spawn_seconds(command))
    return samples


def spread(values):
    """Half the distance between the quartiles, as a fraction of the median."""
    low, middle, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / middle


def ratio(samples, name, control):
    return statistics.median(samples[name]) / statistics.median(samples[control])


def print_times(samples, control):
    """One line a row: median, spread, and the ratio to the control."""
    for name, values in samples.items():
        print(
            f"{name:34} {statistics.median(values) * 1e3:9.2f} ms  "
            f"+-{spread(values) * 100:3.0f} %  {ratio(samples, name, control):5.2f}x"
        )


def verdict(what, value, must, reach, unit=""):
    """One line of the figures table: measured, the bound, whether it holds."""
    word = "reached" if value <= reach else "met" if value <= must else "MISSED"
    print(f"{what}: {value:.2f}{unit} (must <= {must:.3g}{unit}, reach {reach:.3g}{unit}): {word}")


def bars(unit, groups):
    """An SVG of horizontal bars: groups is [(title, {name: value})], each to its own
    scale, the first row of each the one that the others are compared to."""
    shapes, y = [], 28
    for title, rows in groups:
        shapes.append(f'<text x="10" y="{y}" font-weight="600">{_text(title)}</text>')
        most = max(rows.values())
        for number, (name, value) in enumerate(rows.items()):
            y += 20
            width = max(1, 380 * value / most)
            fill = "#2563eb" if number == 0 else "#9ca3af"
            shapes.append(f'<text x="10" y="{y}">{_text(name)}</text>')
            shapes.append(
                f'<rect x="310" y="{y - 10}" width="{width:.0f}" height="12" fill="{fill}"/>'
            )
            shapes.append(f'<text x="{316 + width:.0f}" y="{y}">{value:,.0f}</text>')
        y += 38
    shapes.append(f'<text x="310" y="{y - 14}" fill="#6b7280">{_text(unit)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 {y}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="780" height="{y}" fill="#fff"/>\n' + "\n".join(shapes) + "\n</svg>\n"
    )


def _text(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cpython(variant):
    """The folder of an interpreter built by host/cpython/build.py."""
    done = subprocess.run(
        [sys.executable, ROOT / "host/cpython/build.py", "--variant", variant],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"bench: CPython ({variant}) could not be built, see above")
    return Path(done.stdout.strip())


def machine():
    """What the figures were measured on."""
    model = next((line.partition(":")[2].strip()
                  for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")  # fmt: skip
    return f"{os.cpu_count()} x {model}, Linux {os.uname().release}"


def ferrule_info():
    done = subprocess.run([FERRULE, "info", "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)
