# SPDX-License-Identifier: MIT
"""table - the terminal of the desk: as any agent's, and the tool calls at the end."""

import sys

from ferrule.kit import terminal

ARGUMENTS_MAX = 40  # columns
CHECKED = {"unknown": "no such tool", "invalid": "no"}


class Screen(terminal.Screen):
    """Takes events; print_table() at the end."""

    def __init__(self, **streams):
        super().__init__(**streams)
        self._calls = []

    def take(self, event):
        super().take(event)
        if event.kind == "tool-ended":
            self._calls.append(event)

    def print_table(self):
        if not self._calls:
            return
        rows = [("tool", "arguments", "valid", "result", "time")]
        rows += [
            (call.name, _short(call.arguments), CHECKED.get(call.outcome, "yes"),
             call.outcome, f"{call.seconds * 1e3:,.1f} ms")
            for call in self._calls
        ]  # fmt: skip
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        print(file=sys.stderr)
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            cells[-1] = row[-1].rjust(widths[-1])
            print("  ".join(cells), file=sys.stderr)


def _short(text):
    text = terminal.printable(text)
    return text if len(text) <= ARGUMENTS_MAX else text[: ARGUMENTS_MAX - 3] + "..."
