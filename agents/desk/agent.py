# SPDX-License-Identifier: MIT
"""desk - answers questions about a folder of your files.

Run it with `./dev run desk FOLDER "question"`, or `ferrule run agents/desk` and a model
in FERRULE_MODEL_URL, FERRULE_MODEL and FERRULE_MODEL_KEY.
"""

import argparse
import json
import sys

import table
from looking import Desk

from ferrule import Agent, Budget, ModelError
from ferrule.kit import terminal

INSTRUCTIONS = """You answer questions about the files in a folder of the user. Begin \
with search, with the telling words of the question; read shows a whole file. Paths are \
relative to the folder. Answer shortly, from what the files say. The folder holds:
{}"""


def main(arguments):
    options = parse(arguments)
    try:
        desk = Desk(options.folder)
    except OSError as error:
        print(f"desk: {options.folder}: {error.strerror}", file=sys.stderr)
        return terminal.EXIT_USAGE
    try:
        agent = Agent(
            None, desk.tools(), INSTRUCTIONS.format(desk.outline()),
            Budget(turns=12, seconds=options.seconds), strict=options.strict,
            transcript=options.transcript, temperature=0,
        )  # fmt: skip
    except ModelError as error:
        print(f"ferrule: {error}", file=sys.stderr)
        return error.exit_code
    except (OSError, ValueError) as error:  # the transcript
        print(f"desk: {error}", file=sys.stderr)
        return terminal.EXIT_USAGE
    events = agent.events(" ".join(options.question))
    if options.json:
        return terminal.show(events, JsonLines())
    screen = table.Screen()
    code = terminal.show(events, screen)
    screen.print_table()
    return code


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="desk", description="Answers questions about a folder of your files. Only "
        "that folder is read, and nothing is written.",
    )  # fmt: skip
    parser.add_argument("folder", help="the folder")
    parser.add_argument("question", nargs="+", help="what you want to know")
    parser.add_argument("--transcript", metavar="FILE",
                        help="keep the conversation there, and go on with it")
    parser.add_argument("--seconds", type=float, default=600.0,
                        help="give up after (default: 600)")
    parser.add_argument("--strict", action="store_true",
                        help="ask every step by response_format")
    parser.add_argument("--json", action="store_true",
                        help="print what happens as JSON lines")
    return parser.parse_args(arguments)


class JsonLines:
    """Takes events, for another front end."""

    def take(self, event):
        print(json.dumps(event.as_dict()), flush=True)

    def end(self):
        pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
