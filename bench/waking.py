# SPDX-License-Identifier: MIT
"""Waking beside busy processes: what `priority = "batch"` has to be.

Stands for an agent that answers beside agents that compute. A process sleeps until random
moments, 100 a second, and notes how late it is there; beside it run 4 or 8 processes that
spin, as they are, at nice 10, at the idle policy, too, and with turns of 8 ms, too, which
batch is. Controls: no neighbour, and neighbours as they are. Rounds are interleaved; late
is over 1 ms.
"""

import ctypes
import os
import random
import signal
import statistics
import struct
import time

import measure

ROUNDS, SECONDS, RATE = 5, 4, 100
SETTLE_S = 0.2
SYS_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}[os.uname().machine]


def be_idle():
    os.nice(10)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def be_batch():
    """As sandbox_give_way() of host/sandbox/sandbox.c."""
    attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0, 0, 0, 8_000_000, 0, 0)
    ctypes.CDLL(None).syscall(SYS_SCHED_SETATTR, 0, attributes, 0)
    be_idle()


WAYS = {"as they are": lambda: None, "nice 10": lambda: os.nice(10), "idle": be_idle,
        "batch": be_batch}  # fmt: skip


def spinning(give_way):
    """The process id of a child that computes for ever."""
    pid = os.fork()
    if pid == 0:
        give_way()
        while True:
            pass
    return pid


def lateness(seed):
    """Seconds after the moment it was due, of each wake."""
    chance, found = random.Random(seed), []
    due = time.monotonic()
    for _ in range(SECONDS * RATE):
        due += chance.expovariate(RATE)
        time.sleep(max(0.0, due - time.monotonic()))
        found.append(time.monotonic() - due)
    return found


def beside(count, give_way, seed):
    children = [spinning(give_way) for _ in range(count)]
    try:
        time.sleep(SETTLE_S)
        return lateness(seed)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main():
    rows = {"none": (0, WAYS["as they are"])}
    rows |= {f"{count} {name}": (count, give_way)
             for count in (4, 8) for name, give_way in WAYS.items()}  # fmt: skip
    found = {name: [] for name in rows}
    for number in range(ROUNDS):
        for name, (count, give_way) in rows.items():
            found[name].append(beside(count, give_way, number))
    print(measure.machine())
    for name, rounds in found.items():
        late = [sum(s > 0.001 for s in one) / len(one) * 100 for one in rounds]
        p99 = statistics.median(statistics.quantiles(one, n=100)[98] for one in rounds)
        print(f"{name:24} p99 {p99 * 1e3:6.2f} ms  late {statistics.median(late):5.1f} % "
              f"({min(late):.1f}-{max(late):.1f})")  # fmt: skip


if __name__ == "__main__":
    main()
