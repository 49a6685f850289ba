# SPDX-License-Identifier: MIT
"""The two agents of row a, and how they run beside each other; runs in any CPython.

    agent.py run SPEC      the measuring agent and its neighbours, as SPEC says
    agent.py serve SPEC    the measuring agent alone; the launcher starts the others
    agent.py burn SPEC     one neighbour, for the launcher
    agent.py alone SPEC    one neighbour without anybody beside it: what the build can do
    agent.py again SPEC    notes when it is ready and when it ends, to be started again

The measuring agent sleeps until each request is due, looks one result up, and notes how
long after the due time it was done: open loop, so that a late start is not forgiven. A
neighbour does units of plain Python work as fast as it may. Both import what agents
import. Requests are due at random (exponential gaps), the same ones for all variants.
"""

import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
if HERE not in sys.path:
    sys.path.insert(0, HERE)
SETTLE_S = 0.25  # after neighbours were added
START_MAX_S = 60


def import_usual():
    """What an agent imports before its first line."""
    import argparse, asyncio, concurrent.futures, dataclasses, hashlib  # noqa: E401, F401
    import http.client, json, logging, pathlib, re, ssl, subprocess  # noqa: E401, F401
    import typing, urllib.request  # noqa: E401, F401


def unit():
    """One loop of a neighbour: calls, a dictionary, text, a sort; 50 to 100 us."""
    rows = {}
    for number in range(60):
        rows[f"row {number}"] = _score(number, number * 7 % 13)
    ranked = sorted(rows.items(), key=lambda row: row[1])
    return sum(len(name) for name, _ in ranked[:20])


def _score(a, b):
    return (a * a + b) % 17


def burn(folder, number, nice=0, spec=None):
    """A neighbour: ready, then at work while the level says so."""
    from board import COUNT, LEVEL, PID, READY, STOP, TID, Board

    import_usual()
    if nice:
        os.nice(nice)
    if spec is not None:  # an agent of its own holds a store of its own
        from stores import open_store

        sys.path.extend(p for p in spec["path"] if p not in sys.path)
        keep = open_store(spec)
    board = Board(folder)
    cells, mine = board.cells, board.cell(number, COUNT)
    wake = board.wake_file(number)
    cells[board.cell(number, PID)] = os.getpid()
    cells[board.cell(number, TID)] = threading.get_native_id()
    cells[board.cell(number, READY)] = time.monotonic_ns()
    while not cells[STOP]:
        os.read(wake, 1)
        while number < cells[LEVEL]:
            unit()
            cells[mine] += 1
    os.close(wake)


# ---- the measuring agent ------------------------------------------------------------


def serve(get, rate, seconds, seed):
    """Nanoseconds from due to done of each request."""
    import random

    from stores import keys

    chance = random.Random(seed)
    names = keys()
    gaps = [chance.expovariate(rate) * 1e9 for _ in range(int(rate * seconds))]
    wanted = [names[min(int(chance.paretovariate(0.9)), len(names)) - 1] for _ in gaps]
    found = []
    due = time.monotonic_ns()
    for gap, args in zip(gaps, wanted):
        due += int(gap)
        rest = due - time.monotonic_ns()
        if rest > 0:
            time.sleep(rest / 1e9)
        get(args)
        found.append(time.monotonic_ns() - due)
    return found


def wait_ready(board, agents):
    """Until all neighbours wait for work."""
    from board import READY

    end = time.monotonic() + START_MAX_S
    while not all(board.values(agents, READY)):
        if time.monotonic() > end:
            raise RuntimeError(f"neighbours not ready after {START_MAX_S} s")
        time.sleep(0.002)


def measure(spec, board, get):
    """[{level, seconds, work, latencies}] level by level, neighbours only added."""
    from board import COUNT

    rows = []
    for level, seconds in spec["levels"]:
        board.set_level(level)
        time.sleep(SETTLE_S)
        before, started = sum(board.values(level, COUNT)), time.monotonic()
        found = serve(get, spec["rate"], seconds, spec["seed"] + level)
        took = time.monotonic() - started
        work = sum(board.values(level, COUNT)) - before
        rows.append({"level": level, "work": work / took, "latencies": found})
    return rows


def finish(spec, board, rows, extra):
    from board import PID

    agents = spec["agents"]
    pids = {p for p in board.values(agents, PID) if p and p != os.getpid()}
    extra["private_kb"] = sorted(private_kb(pid) for pid in pids)
    board.end(agents)
    result = {"levels": rows, "version": sys.version.split()[0], **extra}
    with open(os.path.join(spec["folder"], "result.json"), "w") as out:
        json.dump(result, out)


def private_kb(pid="self"):
    """Memory that no other process has a part in."""
    with open(f"/proc/{pid}/smaps_rollup") as text:
        return sum(int(line.split()[1]) for line in text if line.startswith("Private_"))


# ---- neighbours as threads, interpreters, processes ----------------------------------


class Neighbours:
    """Starts them one after another; notes what each took and what memory it took."""

    def __init__(self, spec, board):
        self.spec, self.board = spec, board
        self.started = []

    def start(self):
        from board import READY

        before = private_kb()
        create_ms = []
        for number in range(self.spec["agents"]):
            began = time.monotonic_ns()
            self.started.append(self.start_one(number))
            cell = self.board.cell(number, READY)
            while not self.board.cells[cell]:
                time.sleep(0.0001)
                self.check(began)
            create_ms.append((self.board.cells[cell] - began) / 1e6)
        grown = (private_kb() - before) / max(1, self.spec["agents"])
        return {"create_ms": create_ms, "grown_kb": grown}

    def check(self, began):
        if time.monotonic_ns() - began > START_MAX_S * 1e9:
            raise RuntimeError("a neighbour did not start")

    def join(self):
        for one in self.started:
            one.join(10)


class Threads(Neighbours):
    def start_one(self, number):
        thread = threading.Thread(target=burn, args=(self.spec["folder"], number))
        thread.daemon = True
        thread.start()
        return thread


class Interpreters(Neighbours):
    """Each agent an interpreter with a lock of its own: a pool's worker."""

    def start_one(self, number):
        from ferrule import InterpreterPoolExecutor

        pool = InterpreterPoolExecutor(1, priority=self.spec.get("priority", "normal"))
        return pool.submit(burn, self.spec["folder"], number, 0, dict(self.spec))

    def join(self):
        for future in self.started:
            future.result(10)


class Processes(Neighbours):
    """Worker processes as multiprocessing starts them anew."""

    def start_one(self, number):
        import multiprocessing

        process = multiprocessing.get_context("spawn").Process(
            target=burn,
            args=(self.spec["folder"], number, self.spec.get("nice", 0), self.spec))  # fmt: skip
        process.start()
        return process


KINDS = {"threads": Threads, "interpreters": Interpreters, "processes": Processes}


def run(spec):
    from board import Board
    from stores import open_store

    if spec.get("interval"):
        sys.setswitchinterval(spec["interval"])
    import_usual()
    get = open_store(spec)
    board = Board(spec["folder"])
    neighbours = KINDS[spec["kind"]](spec, board)
    extra = neighbours.start()
    extra["interval"] = sys.getswitchinterval()
    if hasattr(sys, "_is_gil_enabled"):
        extra["gil"] = sys._is_gil_enabled()
    rows = measure(spec, board, get)
    finish(spec, board, rows, extra)
    neighbours.join()


def serve_alone(spec):
    from board import Board
    from stores import open_store

    import_usual()
    get = open_store(spec)
    board = Board(spec["folder"])
    wait_ready(board, spec["agents"])
    rows = measure(spec, board, get)
    finish(spec, board, rows, {})


def alone(spec):
    import_usual()
    began, count = time.monotonic(), 0
    while (took := time.monotonic() - began) < spec["seconds"]:
        unit()
        count += 1
    with open(os.path.join(spec["folder"], "result.json"), "w") as out:
        json.dump(count / took, out)


def end_and_return(spec):
    """For the launcher: how long it takes from an agent's end until it is there anew."""
    import_usual()
    path = os.path.join(spec["folder"], "times")
    with open(path, "a") as times:
        print(time.monotonic_ns(), file=times)
    with open(path) as times:
        starts = len(times.readlines()) // 2 + 1
    time.sleep(spec["alive"])
    with open(path, "a") as times:
        print(time.monotonic_ns(), file=times)
    os._exit(1 if starts < spec["starts"] else 0)


def main():
    what, path = sys.argv[1:3]
    with open(path) as text:
        spec = json.load(text)
    sys.path.extend(spec["path"])
    if what == "run":
        run(spec)
    elif what == "serve":
        serve_alone(spec)
    elif what == "alone":
        alone(spec)
    elif what == "again":
        end_and_return(spec)
    else:
        burn(spec["folder"], int(os.environ["FERRULE_WORKER"]), 0, spec)


if __name__ == "__main__":
    main()
