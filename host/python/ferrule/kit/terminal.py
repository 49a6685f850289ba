# SPDX-License-Identifier: MIT
"""terminal - an agent as a program: the answer as it comes on stdout, what it is doing
on one line of stderr that vanishes, problems as sentences."""

import sys

from ferrule.kit.errors import ModelError

__all__ = ["EXIT_INTERRUPTED", "EXIT_USAGE", "Screen", "main", "printable", "show"]

EXIT_USAGE, EXIT_INTERRUPTED = 2, 130
WIDTH = 76  # columns of the progress line


def main(agent, arguments=None):
    """Answer the question of the command line, or of stdin; return the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    question = " ".join(words).strip()
    if not question and not sys.stdin.isatty():
        question = sys.stdin.read().strip()
    if not question:
        print(f"usage: {sys.argv[0]} QUESTION", file=sys.stderr)
        return EXIT_USAGE
    return show(agent.events(question), Screen())


def show(events, screen):
    """Show events as they come; return the exit code."""
    try:
        for event in events:
            screen.take(event)
    except ModelError as error:
        screen.end()
        print(f"ferrule: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        events.close()
        screen.end()
        print("ferrule: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    screen.end()
    return 0


def printable(text, kept=""):
    """The text with blanks for what is no character to be seen, but for `kept`."""
    return "".join(c if c.isprintable() or c in kept else " " for c in text)


class Screen:
    """Takes events. Without a terminal the progress line is left out."""

    def __init__(self, out=None, progress=None):
        self._out = out or sys.stdout
        self._progress = progress or sys.stderr
        self._has_progress = self._progress.isatty()
        self._is_line_open = False
        self._shown = ""

    def take(self, event):
        kind = event.kind
        if kind == "text":
            self._status("")
            # Files that a model quotes may hold sequences that command a terminal.
            self._out.write(printable(event.text, "\n\t"))
            self._out.flush()
            self._is_line_open = not event.text.endswith("\n")
        elif kind == "asking":
            self._status("thinking ...")
        elif kind == "tool-started":
            self._status(f"{event.name} {event.arguments} ...")
        elif kind == "tool-ended":
            self._status("")
        elif kind == "turn-ended" and event.calls:
            self.end()
        elif kind == "retrying":
            self.end()
            print(f"ferrule: {event.reason}; again in {event.seconds:.1f} s",
                  file=self._progress)  # fmt: skip
        elif kind == "finished" and event.result.stopped:
            self.end()
            print(f"ferrule: ended by its budget: {event.result.stopped}",
                  file=self._progress)  # fmt: skip

    def end(self):
        """Leave the cursor at the start of a line."""
        self._status("")
        if self._is_line_open:
            self._out.write("\n")
            self._out.flush()
            self._is_line_open = False

    def _status(self, text):
        if not self._has_progress or (text and self._is_line_open):
            return
        line = " ".join(printable(text).split())
        line = line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."
        if line != self._shown:
            self._progress.write("\r\x1b[K" + line)
            self._progress.flush()
            self._shown = line
