# SPDX-License-Identifier: MIT
"""record - what each thread was doing, as the hooks see it.

A thread is always in the label on top of its stack; None is the agent's own Python. The
time between two changes belongs to the label before. Waits are kept one by one, for the
timeline and for following the critical path through threads; calls that only compute
are summed up, for there may be millions.

Nothing is imported here that an agent might import: its imports are measured.
"""

import _thread
import time

clock = time.perf_counter_ns
thread_cpu = time.thread_time_ns

# Kinds of labels, which are the components of the report.
IMPORTS = "imports"
MODEL = "model"
TOOL = "tool"
LOCK = "lock"
CACHE = "cache"
GUARD = "guard"
JSON = "json"
GC = "gc"
WAIT = "wait"  # timers, and what no hook explains
THREADS = "threads"  # for other threads: resolved into what those did
IDLE = "idle"  # a worker thread without work

COMPUTING = frozenset((CACHE, GUARD, JSON))
WAITS = frozenset((IMPORTS, MODEL, TOOL, WAIT, THREADS, IDLE))

# More of them are only summed up, into their label's total.
SEGMENTS_MAX = 200_000
# A computing call this long is drawn in the timeline.
DRAWN_NS = 200_000


class Label:
    """What a wait is for. Its kind may be found out later, see seams.Peer."""

    __slots__ = ("kind", "name")

    def __init__(self, kind, name=""):
        self.kind = kind
        self.name = name


class Line:
    """One thread's past."""

    __slots__ = ("name", "born", "is_over", "stack", "since", "segments", "drawn",
                 "sums", "cpu", "lost", "calls", "inner_cpu")  # fmt: skip

    def __init__(self, name, now):
        self.name = name
        self.born = now
        self.is_over = False
        self.stack = [None]
        self.since = now
        self.segments = []  # (begin, end, label) of waits, one after the other
        self.drawn = []  # the same of long computing calls
        self.sums = {}  # (turn, label) -> ns of computing calls
        self.cpu = {}  # label -> ns of processor time in waits
        self.lost = {}  # label -> ns of waits beyond SEGMENTS_MAX
        self.calls = {}  # label -> count
        self.inner_cpu = 0  # of waits inside the present one

    def change(self, now):
        """Credit the time since the last change to the label on top."""
        label = self.stack[-1]
        if label is not None and now > self.since:
            if label.kind not in WAITS:
                key = (record.turn, label)
                self.sums[key] = self.sums.get(key, 0) + now - self.since
                if now - self.since > DRAWN_NS and len(self.drawn) < SEGMENTS_MAX:
                    self.drawn.append((self.since, now, label))
            elif len(self.segments) < SEGMENTS_MAX:
                self.segments.append((self.since, now, label))
            else:
                self.lost[label] = self.lost.get(label, 0) + now - self.since
        self.since = now

    def push(self, label):
        self.change(clock())
        self.stack.append(label)

    def push_wait(self, label):
        """Return what pop_wait() wants: processor time until now, and of waits inside."""
        self.push(label)
        outer, self.inner_cpu = self.inner_cpu, 0
        return thread_cpu(), outer

    def pop_wait(self, before):
        label = self.pop()
        began, outer = before
        spent = thread_cpu() - began
        self.cpu[label] = self.cpu.get(label, 0) + spent - self.inner_cpu
        self.inner_cpu = outer + spent

    def pop(self):
        self.change(clock())
        label = self.stack.pop()
        self.calls[label] = self.calls.get(label, 0) + 1
        return label


class Record:
    """The run. `turn` is the index of the present one, -1 before the first."""

    def __init__(self):
        self.lines = {}
        self.turns = []  # [name, begin, end or None]
        self.turn = -1
        self.marked = False  # turns come from ferrule.turn(), not from model calls
        self.delays = []  # (when, ns) a thread waited for the interpreter lock
        self.samples = {}  # (function, file, line) -> count, of orchestration
        self.begin = self.end = clock()
        self.main = None

    def line(self):
        """The calling thread's."""
        try:
            return _here.line
        except AttributeError:
            name = f"thread {len(self.lines)}" if self.lines else "main"
            line = _here.line = Line(name, clock())
            self.lines[_thread.get_ident(), line.since] = line
            return line

    def begin_turn(self, name):
        now = clock()
        self.main.change(now)
        self.end_turn(now)
        self.turns.append([name, now, None])
        self.turn = len(self.turns) - 1

    def end_turn(self, now=None):
        if self.turns and self.turns[-1][2] is None:
            self.turns[-1][2] = now or clock()

    def mark(self, name):
        """ferrule.turn(): turns are what it says, also those found before."""
        if not self.marked:
            self.turns.clear()
            self.main.sums = _merged(self.main.sums)
            self.marked, self.turn = True, -1
        if name is None:
            self.main.change(clock())
            self.end_turn()
            self.turn = -1
        else:
            self.begin_turn(name)

    def model_call(self):
        if not self.marked and self.main is not None:
            self.begin_turn("")


def _merged(sums):
    merged = {}
    for (_, label), spent in sums.items():
        merged[-1, label] = merged.get((-1, label), 0) + spent
    return merged


_here = _thread._local()
record = Record()


def waiting(function, label_of):
    """`function`, whose time is a wait for label_of(*its arguments)."""

    def waited(*args, **kwargs):
        label = label_of(*args, **kwargs)
        if label is None:
            return function(*args, **kwargs)
        line = record.line()
        before = line.push_wait(label)
        try:
            return function(*args, **kwargs)
        finally:
            line.pop_wait(before)

    return _like(waited, function)


# Calls that follow each other sooner than this are not all measured: each that is
# stands for those left out before it as well, twice as many each time.
FREQUENT_NS = 50_000
LEFT_OUT_MAX = 63

left_out = [False]  # in a call that is not measured: what it calls is its own


def computing(function, label):
    """`function`, whose time is computing for a component."""
    to_leave_out = stands_for = 0
    last = usual = 0  # end of the last one measured; what one takes that nobody interrupts

    def computed(*args, **kwargs):
        nonlocal to_leave_out, stands_for, last, usual
        if left_out[0]:
            return function(*args, **kwargs)
        if to_leave_out > 0:
            to_leave_out -= 1
            left_out[0] = True
            try:
                return function(*args, **kwargs)
            finally:
                left_out[0] = False
        try:
            line = _here.line
        except AttributeError:
            line = record.line()
        above = line.stack[-1]
        if above is not None and above.kind in COMPUTING:
            return function(*args, **kwargs)  # json inside the cache is the cache's
        began = clock()
        line.change(began)
        line.stack.append(label)
        try:
            return function(*args, **kwargs)
        finally:
            now = clock()
            line.change(now)
            line.stack.pop()
            line.calls[label] = line.calls.get(label, 0) + 1 + stands_for
            if stands_for:
                key = (record.turn, label)
                others = min(min(now - began, 4 * usual) * stands_for, began - last)
                line.sums[key] = line.sums.get(key, 0) + others
            usual += (min(now - began, 4 * usual or now - began) - usual) // 8
            is_frequent = began - last < FREQUENT_NS * (stands_for + 1)
            stands_for = min(2 * stands_for + 1, LEFT_OUT_MAX) if is_frequent else 0
            to_leave_out, last = stands_for, now

    return _like(computed, function)


def _like(wrapper, function):
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        try:
            setattr(wrapper, name, getattr(function, name))
        except (AttributeError, TypeError):
            pass
    wrapper.__wrapped__ = function
    return wrapper
