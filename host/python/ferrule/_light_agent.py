# SPDX-License-Identifier: MIT
"""_light_agent - what runs inside the interpreter of an agent, see _light_agents."""

import _imp
import io
import marshal
import os
import sys

from ferrule import _interpreter_worker as worker


def enter(settings):
    """Run the agent; returns its exit code as text."""
    _prepare(marshal.loads(settings))
    try:
        exec(marshal.loads(_script), sys.modules["__main__"].__dict__)
        code = 0
    except SystemExit as error:
        code = _exit_code(error.code)
    except BaseException as error:
        code = _uncaught(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    return (str(code).encode(),)


def _prepare(settings):
    global _script
    _script = settings["code"]
    sys.path[:] = settings["path"]
    sys.argv[:] = settings["argv"]
    sys.modules["__main__"].__file__ = settings["file"]
    sys.stdout = sys.__stdout__ = _stream(settings["out"], "surrogateescape")
    sys.stderr = sys.__stderr__ = _stream(settings["err"], "backslashreplace")
    for name, value in settings["env"].items():
        # Not os.environ[name]: that would set it for all agents of the process.
        os.environ._data[os.fsencode(name)] = os.fsencode(value)
    _imp.create_dynamic = worker.create_dynamic


def _stream(descriptor, errors):
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", errors, line_buffering=True)


def _exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1


def _uncaught(error):
    error = worker.plain_refusal(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
    return 130 if isinstance(error, KeyboardInterrupt) else 1
