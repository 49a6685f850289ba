# SPDX-License-Identifier: MIT
"""process - run one test program to its end, with a limit, leaving nothing behind."""

import os
import resource
import signal
import subprocess
import tempfile
import threading

_lock = threading.Lock()
_running = set()  # process groups; guarded by _lock
_stopping = False  # guarded by _lock


def call(command, env, limit, cwd=None, memory=None):
    """(exit code, or None when it ran longer than `limit` seconds; its output).

    The program leads a session of its own, and all of it is killed at the end.
    `memory` bounds its address space in bytes.
    """
    def bound():
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    with tempfile.TemporaryFile() as out:
        try:
            process = _start(command, env, cwd, out, bound if memory else None)
        except OSError as error:
            return 127, f"{command[0]}: {error.strerror}"
        try:
            code = process.wait(limit or None)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill(process.pid)
            process.wait()
        out.seek(0)
        return code, out.read().decode(errors="replace")


def _start(command, env, cwd, out, bound):
    with _lock:
        if _stopping:
            raise KeyboardInterrupt
        process = subprocess.Popen(
            [str(word) for word in command], env=env, cwd=cwd, preexec_fn=bound,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )
        _running.add(process.pid)
        return process


def _kill(group):
    with _lock:
        _running.discard(group)
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stop_all():
    """After an interrupt: kill what runs and let nothing new start."""
    global _stopping
    with _lock:
        _stopping = True
        groups = list(_running)
    for group in groups:
        _kill(group)
