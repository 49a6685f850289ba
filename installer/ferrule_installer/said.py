# SPDX-License-Identifier: MIT
"""said - how the commands speak: to stderr, and refusals with an exit code."""

import sys

EXIT_USAGE = 2
EXIT_CONFIG = 3
EXIT_REFUSED = 4
EXIT_FAILED = 1


class Refused(Exception):
    """What was wrong, where, and what to do; each argument is a line."""

    code = EXIT_CONFIG

    def __init__(self, *lines, code=None):
        super().__init__("\n".join(lines))
        self.lines = lines
        if code is not None:
            self.code = code


def say(text):
    print(f"ferrule: {text}", file=sys.stderr)


def reason_of(error):
    """An OSError in a person's words: what, and of which file."""
    name = error.filename2 or error.filename
    return f"{name}: {error.strerror}" if name else str(error.strerror or error)


def run(command, arguments):
    """Exit code of `command(arguments)`; refusals are printed, never traced back."""
    try:
        return command(arguments) or 0
    except Refused as refusal:
        for line in refusal.lines:
            say(line)
        return refusal.code
    except OSError as error:
        say(reason_of(error))
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130
