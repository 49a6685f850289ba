# SPDX-License-Identifier: MIT
"""Interpreters of one process: start, memory, a pool's speed-up, cycles; the profiler.

Stands for an agent that hands CPU-bound work to InterpreterPoolExecutor, and for its
author who profiles it. Controls in the same run: an interpreter that only exists, a pool
of threads under one lock, processes without a pool, the same agent without the profiler.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import FERRULE, machine

CREATE = """
import time, _interpreters
from ferrule import interpreter_pool as pool
def now():
    import time
    return time.perf_counter()
settings = pool._settings()
ours, bare = [], []
for _ in range(60):
    began = time.perf_counter()
    worker = pool._Worker(settings)
    ours.append(worker.run(now, (), {}) - began)
    worker.close()
    began = time.perf_counter()
    one = _interpreters.create()
    bare.append(time.perf_counter() - began)
    _interpreters.destroy(one)
calls = []
worker = pool._Worker(settings)
for _ in range(5):
    began = time.perf_counter()
    for _ in range(2000):
        worker.run(abs, (-1,), {})
    calls.append((time.perf_counter() - began) / 2000)
worker.close()
print([ours, bare, calls])
"""

MEMORY = """
import threading
from ferrule import interpreter_pool as pool
def private():
    text = open("/proc/self/smaps_rollup").read().split("\\n")
    return sum(int(x.split()[1]) for x in text if x.startswith("Private"))
settings = pool._settings()
go, ready = threading.Event(), threading.Semaphore(0)
def idle():
    worker = pool._Worker(settings)
    worker.run(abs, (-1,), {})
    ready.release()
    go.wait()
    worker.close()
def start():
    thread = threading.Thread(target=idle)
    thread.start()
    ready.acquire()
    return thread
threads = [start() for _ in range(2)]
before = private()
threads += [start() for _ in range(30)]
print((private() - before) / 30 / 1024)
go.set()
for thread in threads:
    thread.join()
"""

SPEED = """
import os, time, warnings
from concurrent.futures import ThreadPoolExecutor
from ferrule import InterpreterPoolExecutor
def work(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total
def seconds(kind, workers):
    with kind(workers) as pool:
        list(pool.map(work, [1000] * 8))
        began = time.perf_counter()
        list(pool.map(work, [400_000] * 12))
        return time.perf_counter() - began
# A pool's thread may still be ending at the fork.
warnings.simplefilter("ignore", DeprecationWarning)
def apart(processes):
    began = time.perf_counter()
    for _ in range(processes):
        if os.fork() == 0:
            for _ in range(12 // processes):
                work(400_000)
            os._exit(0)
    for _ in range(processes):
        os.wait()
    return time.perf_counter() - began
if __name__ == "__main__":
    rows = []
    for _ in range(15):
        rows.append([seconds(InterpreterPoolExecutor, 1), seconds(InterpreterPoolExecutor, 2),
                     seconds(ThreadPoolExecutor, 1), seconds(ThreadPoolExecutor, 2),
                     apart(1), apart(2)])
    print(rows)
"""

CYCLES = """
import os, time
from ferrule import interpreter_pool as pool
settings = pool._settings()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
def cycle(count):
    for _ in range(count):
        worker = pool._Worker(settings)
        worker.run(abs, (-1,), {})
        worker.close()
cycle(500)
before, files = resident(), len(os.listdir("/proc/self/fd"))
cycle(10_000)
print([(resident() - before) / 1e6, len(os.listdir("/proc/self/fd")) - files])
"""

AGENT = """
import sys, time
began = time.perf_counter()
import http.client, http.server, json, threading
class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(0.04)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
from ferrule import SchemaGuard, ToolCache
model = http.client.HTTPConnection("127.0.0.1", server.server_port)
cache, guard = ToolCache(), SchemaGuard({"type": "object"})
text = json.dumps({"rows": [{"name": str(i), "value": i} for i in range(300)]})
for turn in range(25):
    model.request("POST", "/v1/chat/completions", text)
    model.getresponse().read()
    for n in range(20):
        json.loads(text)
        guard.is_valid(text)
        cache.get_or_call("tool", [n], lambda: "value")
    sum(i * i for i in range(40_000))
print(time.perf_counter() - began, file=sys.stderr)
"""


def ask(code, timeout=1200):
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(code)
        done = subprocess.run([FERRULE, script], stdout=subprocess.PIPE, text=True,
                              timeout=timeout, check=True)  # fmt: skip
    return json.loads(done.stdout)


def at_most(what, value, must, reach, unit):
    word = "reached" if value <= reach else "met" if value <= must else "MISSED"
    print(f"{what}: {value:.2f} {unit} (must <= {must}, reach {reach}): {word}")


def at_least(what, value, must, reach):
    word = "reached" if value >= reach else "met" if value >= must else "MISSED"
    print(f"{what}: {value:.2f}x (must >= {must}, reach {reach}): {word}")


def start():
    ours, bare, calls = ask(CREATE)
    at_most("create to first line, median", 1e3 * statistics.median(ours), 4, 3, "ms")
    at_most("create to first line, best", 1e3 * min(ours), 4, 3, "ms")
    print(f"  the first one of the process, which makes what all share: {1e3 * ours[0]:.2f} ms")
    print(f"  control: an interpreter that runs nothing {1e3 * statistics.median(bare):.2f} "
          f"ms, best {1e3 * min(bare):.2f}")  # fmt: skip
    print(f"  one call of a pool's worker: {1e6 * min(calls):.1f} us")


def memory():
    at_most("idle memory of a worker", ask(MEMORY), 2.0, 1.8, "MB")


def speed():
    rows = ask(SPEED)
    ours, threads, processes = (
        statistics.median(row[at] / row[at + 1] for row in rows) for at in (0, 2, 4))
    best, _, best_processes = (
        min(row[at] for row in rows) / min(row[at + 1] for row in rows) for at in (0, 2, 4))
    at_least("pool map on 2 workers against 1, median of runs", ours, 1.9, 1.97)
    at_least("pool map on 2 workers against 1, best of runs", best, 1.9, 1.97)
    print(f"  control: a pool of threads {threads:.2f}x; two processes without a pool "
          f"{processes:.2f}x, best of runs {best_processes:.2f}x")


def cycles():
    growth, files = ask(CYCLES)
    at_most("growth by 10,000 create-run-end cycles", growth, 1, 0, "MB")
    print(f"  descriptors left: {files}")


def profiler(rounds=21):
    """Wall time by the agent's own clock, interleaved; each profiled run against the one
    just before it."""
    plain, profiled, gaps = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "agent.py")
        script.write_text(AGENT)
        for _ in range(rounds):
            for words, times in (((), plain), (("profile", "--json"), profiled)):
                done = subprocess.run([FERRULE, *words, script], capture_output=True,
                                      text=True, check=True)  # fmt: skip
                times.append(float(done.stderr.split()[-1]))
                if words:
                    report = json.loads(done.stdout)
                    total = sum(row["wall_s"] for row in report["rows"])
                    gaps.append(abs(1 - total / report["wall_s"]))
    at_most("profile: rows against wall", 100 * max(gaps), 2, 2, "%")
    more = [100 * (ours / alone - 1) for ours, alone in zip(profiled, plain, strict=True)]
    low, middle, high = statistics.quantiles(more, n=4)
    at_most("profile: overhead, median of pairs", middle, 1, 0.5, "%")
    print(f"  quartiles {low:.2f} and {high:.2f} %")


def main():
    print(machine())
    for part in (start, memory, speed, cycles, profiler):
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part()


if __name__ == "__main__":
    main()
