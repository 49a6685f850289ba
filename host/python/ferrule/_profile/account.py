# SPDX-License-Identifier: MIT
"""account - from what was recorded to rows that sum to the wall time, and verdicts.

The main thread's time is the wall time. Where it waits for other threads, the path goes
on in the thread that ended last: what that one did is what was waited for.
"""

from bisect import bisect_left, bisect_right

from ferrule._profile import record as rec
from ferrule._profile.record import Label

SHARE = 0.03  # of the wall time: below it nothing is worth a change
NEARLY_EVERY = 0.8  # of the turns
CPU_BOUND = 0.5  # of a row's time
WOKEN_NS = 5_000_000  # a thread that ended so shortly after a wait still ended it
TIMER_SLACK_NS = 150_000  # by which a timer is late without anybody's fault
NEAR_NS = 150_000_000  # delays measured so near to a wait speak for it
WAITING = frozenset((rec.MODEL, rec.TOOL, rec.WAIT))
AT_REST = frozenset((rec.IDLE, rec.THREADS))
OWN = Label("orchestration")
LOCK = Label(rec.LOCK)
UNSEEN = Label(rec.WAIT)

TITLES = {
    rec.IMPORTS: "start and imports",
    rec.MODEL: "model",
    rec.TOOL: "tool",
    rec.LOCK: "interpreter lock",
    rec.CACHE: "cache",
    rec.GUARD: "guard",
    rec.JSON: "json",
    rec.GC: "garbage collection",
    rec.WAIT: "other waits",
    OWN.kind: "orchestration",
}
ORDER = tuple(TITLES)


def key_of(label):
    return (label.kind, label.name if label.kind in (rec.TOOL, rec.MODEL) else "")


# ---- the critical path -------------------------------------------------------------


def _whole(line, begin, end):
    """All of a thread's time between two moments, gaps being its own Python."""
    at = begin
    for a, b, label in line:
        if b <= begin or a >= end:
            continue
        a, b = max(a, begin), min(b, end)
        if a > at:
            yield at, a, OWN
        yield a, b, label
        at = b
    if at < end:
        yield at, end, OWN


class Paths:
    """The other threads' pasts, and which of them a wait was for."""

    def __init__(self, record):
        self.lines = []
        for line in record.lines.values():
            if line is not record.main and line.name:
                died = line.since if line.is_over else record.end
                self.lines.append((line.born, died, line.segments))

    @staticmethod
    def _stopped(born, died, segments, end):
        """When a thread stopped being active, seen from shortly after a wait's end;
        that moment itself for one that goes on. None: it was idle all the time."""
        at = min(died, end + WOKEN_NS)
        i = bisect_right(segments, at, key=lambda s: s[0]) - 1
        while i >= 0 and segments[i][1] >= at and segments[i][2].kind in AT_REST:
            at = segments[i][0]
            i -= 1
        return at if at > born else None

    def _waker(self, begin, end):
        """The thread that came to rest as the wait ended; else one that went on."""
        best, chosen = None, None
        for line in self.lines:
            stopped = self._stopped(*line, end)
            if stopped is None or stopped <= begin:
                continue
            went_on = stopped >= end + WOKEN_NS
            rank = (went_on, abs(stopped - end))
            if best is None or rank < best:
                best, chosen = rank, line
        return chosen

    def follow(self, begin, end):
        """What the thread did, between two moments, that a wait was for."""
        waker = self._waker(begin, end)
        if waker is None:
            yield begin, end, Label(rec.WAIT, "threads")
            return
        born, _, segments = waker
        first = min(max(begin, born), end)
        i = bisect_left(segments, first, key=lambda s: s[1])
        near = []
        while i < len(segments) and segments[i][0] < end:
            near.append(segments[i])
            i += 1
        for a, b, label in _whole(near, first, end):
            yield a, b, OWN if label.kind in AT_REST else label


def critical_path(record):
    """(begin, end, label) of the waits of the main thread, waits for threads resolved."""
    paths = Paths(record)
    for begin, end, label in record.main.segments:
        if label.kind == rec.THREADS:
            yield from paths.follow(begin, end)
        elif label.kind == rec.IDLE:
            yield begin, end, Label(rec.WAIT, "")
        else:
            yield begin, end, label


# ---- turns -------------------------------------------------------------------------


def turns_of(record):
    """[(name, begin, end)]; the end of one found by its model call is the next one."""
    found = []
    for i, (name, begin, end) in enumerate(record.turns):
        if not record.marked or end is None:
            later = record.turns[i + 1][1] if i + 1 < len(record.turns) else record.end
            end = later
        found.append((name or f"turn {i + 1}", begin, min(end, record.end)))
    return found


class Sheet:
    """Time by turn and component; turn -1 is what lies outside all turns."""

    def __init__(self, record):
        self.record = record
        self.turns = turns_of(record)
        self.begins = [begin for _, begin, _ in self.turns]
        self.cells = {turn: {} for turn in range(-1, len(self.turns))}
        self.path = [x for x in critical_path(record) if x[2] is not OWN]
        for begin, end, label in self.path:
            for turn, spent in self._by_turn(begin, end):
                self._add(turn, key_of(label), spent)
        for label, spent in record.main.lost.items():
            self._add(-1, key_of(label), spent)
        for (turn, label), spent in record.main.sums.items():
            self._add(turn if turn < len(self.turns) else -1, key_of(label), spent)
        self._fill_up()

    def _add(self, turn, key, spent):
        cell = self.cells[turn]
        cell[key] = cell.get(key, 0) + spent

    def _by_turn(self, begin, end):
        """Parts of an interval: (turn, ns)."""
        i = max(bisect_right(self.begins, begin) - 1, 0)
        at = begin
        while at < end and i < len(self.turns):
            _, first, last = self.turns[i]
            if first >= end:
                break
            if at < first:
                yield -1, first - at
                at = first
            if at < last:
                yield i, min(end, last) - at
                at = min(end, last)
            i += 1
        if at < end:
            yield -1, end - at

    def _fill_up(self):
        """What nothing accounts for is the agent's own Python."""
        inside = 0
        for turn, (_, begin, end) in enumerate(self.turns):
            known = sum(self.cells[turn].values())
            self._add(turn, key_of(OWN), max(end - begin - known, 0))
            inside += end - begin
        known = sum(self.cells[-1].values())
        outside = self.record.end - self.record.begin - inside
        self._add(-1, key_of(OWN), max(outside - known, 0))

    def move(self, source, target, part):
        """Give a part (0..1) of a component's time to another, in every turn."""
        for cell in self.cells.values():
            moved = cell.get(source, 0) * part
            if moved:
                cell[source] -= moved
                cell[target] = cell.get(target, 0) + moved

    def totals(self):
        totals = {}
        for cell in self.cells.values():
            for key, spent in cell.items():
                totals[key] = totals.get(key, 0) + spent
        return totals

    def presence(self, key):
        """In which part of the turns the component has a share that counts."""
        if not self.turns:
            return 1.0
        there = sum(
            self.cells[i].get(key, 0) > 0.01 * (end - begin)
            for i, (_, begin, end) in enumerate(self.turns)
        )
        return there / len(self.turns)


# ---- the interpreter lock ----------------------------------------------------------


def _lock_after_waits(record, sheet):
    """{component: ns}: by how much waits were longer because the lock was taken."""
    late = {}
    if not record.delays:
        return late
    whens = [when for when, _ in record.delays]
    delays = [max(delay - TIMER_SLACK_NS, 0) for _, delay in record.delays]
    for begin, end, label in sheet.path:
        if label.kind not in WAITING:
            continue
        a = bisect_left(whens, end - NEAR_NS)
        b = bisect_right(whens, end + NEAR_NS)
        if b > a:
            usual = sorted(delays[a:b])[(b - a) // 2]
            key = key_of(label)
            late[key] = late.get(key, 0) + min(usual, 0.9 * (end - begin))
    return late


def move_lock(record, sheet, process):
    """Take the time that was spent waiting for the lock out of the other rows."""
    totals = sheet.totals()
    for key, late in _lock_after_waits(record, sheet).items():
        sheet.move(key, key_of(LOCK), late / totals[key])
    computing = [key for key in totals if key[0] not in WAITING and key[0] != rec.LOCK]
    at_rest = WAITING | AT_REST
    in_waits = sum(cpu for label, cpu in record.main.cpu.items() if label.kind in at_rest)
    waits = sum(b - a for a, b, label in record.main.segments if label.kind in at_rest)
    wall = record.end - record.begin - waits - sum(record.main.lost.values())
    blocked = max(wall - (process["main_cpu"] - in_waits) - process["queued"], 0)
    lock = min(blocked, process["other_cpu"]) if len(record.lines) > 1 else 0
    for key in computing:
        if lock > 0.005 * wall:
            sheet.move(key, key_of(LOCK), min(lock / wall, 1))
    # What is left was a wait that no hook saw, of a file or in an extension.
    unseen = blocked - lock
    own = sheet.totals()[key_of(OWN)]
    if unseen > 0.01 * (record.end - record.begin):
        sheet.move(key_of(OWN), key_of(UNSEEN), min(unseen / max(own, 1), 1))


# ---- what the hooks themselves cost ------------------------------------------------


def hook_cost(record, rounds=8, calls=4 * (rec.LEFT_OUT_MAX + 1)):
    """(ns inside, ns outside the time that is credited) of a hooked computing call.

    The least of several short rounds: one that somebody else interrupts says nothing.
    As many calls are measured in each: every (LEFT_OUT_MAX + 1)-th.
    """
    label = Label(rec.JSON, "hook")
    hooked = rec.computing(len, label)
    sums = record.main.sums
    costs = []
    for _ in range(rounds):
        began = rec.clock()
        for _ in range(calls):
            len("")
        bare = rec.clock() - began
        began = rec.clock()
        for _ in range(calls):
            hooked("")
        whole = rec.clock() - began - bare
        inside = sum(sums.pop(key) for key in list(sums) if key[1] is label) - bare
        costs.append((max(inside, 0) / calls, max(whole, 0) / calls))
    inside, whole = (min(part) for part in zip(*costs, strict=True))
    return inside, max(whole - inside, 0)


def take_out_hooks(record, sheet):
    """Take the cost of hooked computing calls out of all rows; returns the sum, ns."""
    totals, taken = sheet.totals(), 0
    calls = [(label, count) for label, count in record.main.calls.items()
             if label.kind in rec.COMPUTING and totals.get(key_of(label))]  # fmt: skip
    cost = hook_cost(record) if calls else None
    for label, count in calls:
        key = key_of(label)
        for cell in sheet.cells.values():
            part = count * cell.get(key, 0) / totals[key]
            for place, ns in ((key, cost[0]), (key_of(OWN), cost[1])):
                less = min(part * ns, 0.9 * cell.get(place, 0))
                if less:
                    cell[place] -= less
                    taken += less
    return taken


# ---- rows and verdicts -------------------------------------------------------------


def rows_of(record, sheet, start, process, wall):
    totals = sheet.totals()
    imports = key_of(Label(rec.IMPORTS))
    totals[imports] = totals.get(imports, 0) + start
    cpu = _cpu_of(record, totals, start, process)
    ready = 1 + process["queued"] / max(process["main_cpu"], 1)
    rows = []
    for key, spent in totals.items():
        row = {
            "component": TITLES[key[0]],
            "name": key[1],
            "wall_s": spent / 1e9,
            "cpu_s": min(cpu.get(key, 0), spent) / 1e9,
            "share": spent / wall,
            "turns": sheet.presence(key),
            "gain_percent": 100 * spent / wall,
        }
        row |= _verdict(key, row, row["cpu_s"] * ready >= CPU_BOUND * row["wall_s"])
        rows.append(row)
    rows.sort(key=lambda row: -row["wall_s"])
    return rows


def _cpu_of(record, totals, start, process):
    """{component: ns of processor time}: measured for waits; computing rows share what
    the main thread used besides."""
    cpu, used = {}, 0
    for label, spent in record.main.cpu.items():
        if label.kind not in (rec.THREADS, rec.IDLE):
            key = key_of(label)
            cpu[key] = cpu.get(key, 0) + spent
        used += spent
    computing = {
        k: t for k, t in totals.items()
        if k[0] in (rec.CACHE, rec.GUARD, rec.JSON, rec.GC, OWN.kind)
    }  # fmt: skip
    whole = sum(computing.values())
    rest = max(process["main_cpu"] - used, 0)
    for key, spent in computing.items():
        cpu[key] = spent * min(rest / whole, 1) if whole else 0
    imports = key_of(Label(rec.IMPORTS))
    cpu[imports] = cpu.get(imports, 0) + start
    return cpu


def _verdict(key, row, is_busy):
    """is_busy: it has a core for most of its time, or would if there were one."""
    share, kind = row["share"], key[0]
    ceiling = f"at zero cost the run would gain {_percent(share)}"
    if share <= SHARE:
        return {"verdict": "leave in Python", "why": ceiling}
    if kind == rec.LOCK:
        return {
            "verdict": "shorter switch interval, or agents in parallel",
            "why": f"as agents in parallel (ferrule run --workers) the run would gain "
                   f"{_percent(share)}; sys.setswitchinterval() little, for who comes "
                   f"back from a wait goes first as it is",
        }  # fmt: skip
    if kind == rec.IMPORTS:
        return {"verdict": "vendor less or import lazily", "why": ceiling}
    if kind in WAITING or not is_busy:
        return {"verdict": "cache, parallelise or stream", "why": ceiling}
    if row["turns"] < NEARLY_EVERY:
        return {
            "verdict": "leave in Python",
            "why": f"only {row['turns']:.0%} of the turns have it; {ceiling}",
        }
    return {"verdict": "worth native code", "why": ceiling}


def _percent(share):
    value = 100 * share
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


def functions_of(record, limit=8):
    """Which functions the main thread's own computing was in, by samples."""
    whole = sum(record.samples.values())
    found = sorted(record.samples.items(), key=lambda item: -item[1])[:limit]
    return [
        {"function": name, "file": file, "line": line, "share": count / whole}
        for (name, file, line), count in found
    ]


def report_of(record, start, process):
    """Everything the report says, as JSON has it."""
    sheet = Sheet(record)
    hooks = take_out_hooks(record, sheet)
    move_lock(record, sheet, process)
    wall = record.end - record.begin + start - hooks
    rows = rows_of(record, sheet, start, process, wall)
    functions = functions_of(record)
    for row in rows:
        if row["component"] == TITLES[OWN.kind] and functions:
            row["functions"] = functions
    turns = []
    for i, (name, begin, end) in enumerate(sheet.turns):
        parts = {}
        for key, spent in sheet.cells[i].items():
            if spent:
                title = f"{TITLES[key[0]]} {key[1]}".strip()
                parts[title] = parts.get(title, 0) + spent / 1e9
        turns.append({"name": name, "begin_s": (begin - record.begin + start) / 1e9,
                      "wall_s": sum(parts.values()), "parts": parts})  # fmt: skip
    return {
        "wall_s": wall / 1e9,
        "hooks_s": hooks / 1e9,
        "cpu_s": max(process["cpu"] - hooks, 0) / 1e9,
        "rows": rows,
        "turns": turns,
        "turns_from": "ferrule.turn()" if record.marked else "model calls",
        "threads": sum(bool(line.name) for line in record.lines.values()),
    }, sheet
