# SPDX-License-Identifier: MIT
"""Scripts compiled before the fork: once for all agents that run them, who share the code.

The launcher's parent compiles and runs nothing. An agent takes the code if the file is
still what was compiled, and else compiles it as `ferrule run SCRIPT` does
(agents-script.c).
"""

import importlib.machinery
import os
import stat
import time
import warnings

SOURCE_MAX = 4 << 20  # bytes
REQUIREMENTS = b"# /// script"  # how they begin
# What was written later than that may be written again within a tick of the file
# system's clock, and look the same.
SETTLED_NS = 20_000_000

compiled = {}  # script, as the plan names it -> (identity, code, file, loader)


def identity(status):
    """What tells a file from itself before it was changed."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns,
            status.st_ctime_ns)  # fmt: skip


def add(script, filename):
    """Compile a script, unless it has mistakes or warnings, which each agent reports, or
    requirements, which each checks."""
    if script in compiled:
        return  # several agents run it
    try:
        if stat.S_ISREG(os.stat(script).st_mode):
            found, source = _read(script)
            if REQUIREMENTS in source:
                return
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                code = compile(source, filename, "exec", dont_inherit=True)
            loader = importlib.machinery.SourceFileLoader("__main__", filename)
            compiled[script] = found, code, filename, loader
    except Exception:
        pass


def _read(script):
    with open(script, "rb") as file:
        before = os.fstat(file.fileno())
        source = file.read(SOURCE_MAX + 1)
        after = os.fstat(file.fileno())
    found = identity(before)
    age = time.time_ns() - before.st_mtime_ns
    if found != identity(after) or age < SETTLED_NS or len(source) > SOURCE_MAX:
        raise ValueError("changes while it is read, or is too long")
    return found, source
