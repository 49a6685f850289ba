# SPDX-License-Identifier: MIT
"""_profile - `ferrule profile`: where the time of a run and of each turn went.

    ferrule profile [--json] [--html OUT] SCRIPT [ARGS...]

record.py keeps what happened, seams.py makes it known, probe.py looks at the lock and at
functions, account.py makes rows and verdicts of it, text.py and page.py show them.
"""

import sys
import time

_STARTED_NS = time.process_time_ns()  # what the host's own start took

USAGE = """\
usage: ferrule profile [--json] [--html OUT] SCRIPT|FOLDER [ARGS...]

Runs an agent and says where its time went: start and imports, waiting for the model, for
each tool and for the interpreter lock, cache, guard, json, garbage collection, and the
rest, its own Python; and for each of them whether it is worth a change. A turn is what
`with ferrule.turn():` marks, else what lies between two calls of a model.

  --json       the report as JSON on stdout; what the agent prints goes to stderr
  --html OUT   also a page with a timeline, one file
"""


def _refuse(reason):
    print(f"ferrule: profile: {reason}", file=sys.stderr)
    return 2


def _options(words):
    """(options, script, its arguments), or the complaint."""
    options = {"json": False, "html": None}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        word, equals, value = words[at].partition("=")
        at += 1
        if word == "--json" and not equals:
            options["json"] = True
        elif word == "--html":
            if not equals:
                if at >= len(words):
                    return "--html needs a file"
                value, at = words[at], at + 1
            options["html"] = value
        elif word == "--":
            break
        else:
            return f"unknown option {word}; there are --json and --html OUT"
    if at >= len(words):
        return "which script? ferrule profile [--json] [--html OUT] SCRIPT [ARGS...]"
    return options, words[at], words[at + 1 :]


def main(words):
    if words and words[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    chosen = _options(words)
    if isinstance(chosen, str):
        return _refuse(chosen)
    options, script, arguments = chosen
    from ferrule._profile import running

    return running.profile(options, script, arguments, _STARTED_NS)
