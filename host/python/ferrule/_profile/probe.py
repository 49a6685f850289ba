# SPDX-License-Identifier: MIT
"""probe - how long a thread that wakes up waits for the interpreter lock, and which
functions compute.

The lock cannot be asked. So while an agent has threads of its own, one more sleeps and
looks how much later than asked it runs again: what it waited for is the lock. And a
timer of processor time samples where the main thread is.
"""

import _signal
import _thread
import time

from ferrule._profile.record import clock, left_out, record

INTERVAL_S = 0.02
SAMPLE_S = 0.005
DELAYS_MAX = 100_000

_sleep = time.sleep
_stop = _thread.allocate_lock()
_running = False


def start():
    """Begin to look, once."""
    global _running
    if not _running:
        _running = True
        _thread.start_new_thread(_look, ())


def queued_ns(task):
    """How long a thread of ours was ready to run and had no core, since it began."""
    try:
        with open(f"/proc/self/task/{task}/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _look():
    record.line().name = ""  # no thread of the agent's
    own = _thread.get_native_id()
    asked = int(INTERVAL_S * 1e9)
    queued = queued_ns(own)
    while _running and len(record.delays) < DELAYS_MAX:
        began = clock()
        _sleep(INTERVAL_S)
        now = clock()
        before, queued = queued, queued_ns(own)
        record.delays.append((now, now - began - asked - (queued - before)))


def _sample(_number, frame):
    line = record.main
    if line is None or line.stack[-1] is not None or frame is None or left_out[0]:
        return
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    code = frame.f_code
    key = (code.co_qualname, code.co_filename, code.co_firstlineno)
    record.samples[key] = record.samples.get(key, 0) + 1


def sample():
    """Begin to sample the main thread, by processor time of the process."""
    _signal.signal(_signal.SIGPROF, _sample)
    _signal.siginterrupt(_signal.SIGPROF, False)
    _signal.setitimer(_signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)


def stop():
    global _running
    _running = False
    _signal.setitimer(_signal.ITIMER_PROF, 0)
    _signal.signal(_signal.SIGPROF, _signal.SIG_IGN)
