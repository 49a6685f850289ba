# SPDX-License-Identifier: MIT
"""running - run the script as the main program, with the hooks in place."""

import _thread
import builtins
import posix
import sys
import time
from _frozen_importlib_external import _path_isdir

from ferrule import turns
from ferrule._profile import probe, seams
from ferrule._profile.record import clock, record


def _main_module(script, arguments):
    """A fresh __main__ for the script, and sys as it finds it."""
    path = script if script.startswith("/") else f"{posix.getcwd()}/{script}"
    module = type(sys)("__main__")
    module.__file__ = path
    module.__builtins__ = builtins
    sys.modules["__main__"] = module
    sys.argv[:] = [script, *arguments]
    sys.path.insert(0, path if _path_isdir(path) else path.rpartition("/")[0] or "/")
    return module


def _code(script):
    """The code of a script, or of the __main__.py of a folder or zip file."""
    if _path_isdir(script):
        script += "/__main__.py"
    with open(script, "rb") as file:
        return compile(file.read(), script, "exec", dont_inherit=True)


def _run(module):
    """Run it, wait for its threads, and return the exit code."""
    try:
        exec(_code(module.__file__), module.__dict__)
        code = 0
    except SystemExit as error:
        code = _exit_code(error.code)
    except BaseException as error:
        error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    return code


def _exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1


def _measure():
    own = _thread.get_native_id()
    return time.process_time_ns(), time.thread_time_ns(), probe.queued_ns(own)


def profile(options, script, arguments, start):
    out = _agent_output_to_stderr() if options["json"] else None
    module = _main_module(script, arguments)
    seams.install()
    turns.watcher = record.mark
    probe.sample()
    before = _measure()
    record.begin = record.main.since = clock()
    code = _run(module)
    record.main.change(clock())
    record.end = record.main.since
    cpu, main_cpu, queued = (b - a for a, b in zip(before, _measure(), strict=True))
    probe.stop()
    seams.remove()
    turns.watcher = None
    process = {
        "cpu": cpu + start,
        "main_cpu": main_cpu,
        "other_cpu": max(cpu - main_cpu, 0),
        "queued": queued,
    }
    return _report(options, script, start, process, out) or code


def _agent_output_to_stderr():
    """Keep stdout for the report; return a descriptor of it."""
    sys.stdout.flush()
    out = posix.dup(1)
    posix.dup2(2, 1)
    return out


def _report(options, script, start, process, out):
    """Write it; the exit code of a failure, else 0."""
    from ferrule._profile import account, text

    report, sheet = account.report_of(record, start, process)
    report["script"] = script
    try:
        sys.stdout.flush()
        if options["html"] is not None:
            from ferrule._profile import page

            with open(options["html"], "w", encoding="utf-8") as file:
                file.write(page.write(report, sheet, start))
        if out is None:
            sys.stdout.write("\n" + text.write(report, script))
            return 0
        with open(out, "w", encoding="utf-8") as file:
            file.write(text.write_json(report))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"ferrule: profile: {where}{error.strerror}", file=sys.stderr)
        return 1
    return 0
