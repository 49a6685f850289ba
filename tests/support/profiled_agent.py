# SPDX-License-Identifier: MIT
"""profiled_agent - spends given times in given ways, turn by turn, for the profiler.

Usage: profiled_agent.py SERVER OUT SPEC, where SPEC is JSON:
{"turns": 4, "marked": false, "spend": {"model": 50, "json": 20, ...}} in ms per turn.
What was really spent is written to OUT as JSON: {"wall": seconds, "import": [least,
most], ...}, by its processor time and by its clock. What is computed is as much on a
machine that is busy with others: these count processor time.
"""

import sys
import threading
import time

clock = time.perf_counter
cpu_clock = time.thread_time
COMPUTED = frozenset(("own", "json", "guard", "cache", "gc"))
began = clock()
server, out, spec = sys.argv[1:]
spent = {}


def burn(seconds):
    end = cpu_clock() + seconds
    count = 0
    while cpu_clock() < end:
        for _ in range(200):
            count += 1
    return count


def burn_threads(state):
    while not state["over"]:
        for _ in range(1000):
            pass


class Agent:
    def __init__(self):
        import http.client
        import json

        from ferrule import SchemaGuard, ToolCache

        host, port = server.split(":")
        self.json = json
        self.model_connection = http.client.HTTPConnection(host, int(port))
        self.tool_connection = http.client.HTTPConnection(host, int(port))
        self.cache = ToolCache()
        rows = [{"name": f"n{i}", "value": [i, i / 3, None]} for i in range(200)]
        self.text = json.dumps(rows)
        self.guard = SchemaGuard({"type": "array", "items": {"required": ["name"]}})
        self.cache.set("tool", {"rows": rows}, "x")
        self.rows = {"rows": rows}

    def model(self, seconds):
        body = self.json.dumps({"wait": seconds})
        self.model_connection.request("POST", "/v1/chat/completions", body)
        self.model_connection.getresponse().read()

    def tool(self, seconds):
        self.tool_connection.request("GET", f"/wait?{seconds}")
        self.tool_connection.getresponse().read()

    def program(self, seconds):
        import subprocess

        subprocess.run(["sleep", str(seconds)], check=True)

    def sleep(self, seconds):
        time.sleep(seconds)

    def pooled(self, seconds):
        """A tool in another thread, which the agent waits for."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            pool.submit(self.tool, seconds).result()

    def own(self, seconds):
        burn(seconds)

    def until(self, seconds, call):
        end = cpu_clock() + seconds
        while cpu_clock() < end:
            call()

    def json_work(self, seconds):
        self.until(seconds, lambda: self.json.loads(self.text))

    def guard_work(self, seconds):
        self.until(seconds, lambda: self.guard.is_valid(self.text))

    def cache_work(self, seconds):
        self.until(seconds, lambda: self.cache.get("tool", self.rows))

    def gc_work(self, seconds):
        import gc

        self.until(seconds, gc.collect)

    def lock(self, seconds):
        """Own work beside busy threads: most of its time is waiting for the lock."""
        state = {"over": False}
        threads = [threading.Thread(target=burn_threads, args=(state,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        end = clock() + seconds
        while clock() < end:
            for _ in range(1000):
                pass
        state["over"] = True
        for thread in threads:
            thread.join()

    def asyncio_tool(self, seconds):
        import asyncio

        async def ask():
            host, port = server.split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /wait?{seconds} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await reader.readline()
            writer.close()

        asyncio.run(ask())


def spend(agent, kind, seconds):
    begin, cpu_begin = clock(), cpu_clock()
    getattr(agent, {"json": "json_work", "guard": "guard_work", "cache": "cache_work",
                    "gc": "gc_work"}.get(kind, kind))(seconds)  # fmt: skip
    most = clock() - begin
    least = cpu_clock() - cpu_begin if kind in COMPUTED else most
    before = spent.get(kind, (0, 0))
    spent[kind] = before[0] + least, before[1] + most


def main():
    import json

    wanted = json.loads(spec)
    if "import" in wanted:
        begin = clock()
        sys.path.insert(0, wanted["import"])
        import slow_module  # noqa: F401

        spent["import"] = (clock() - begin,) * 2
    agent = Agent()
    import contextlib

    from ferrule import turn

    for n in range(wanted["turns"]):
        with turn(f"turn {n}") if wanted.get("marked") else contextlib.nullcontext():
            for kind, ms in wanted["spend"].items():
                if n == 0 or kind not in wanted.get("once", ()):
                    spend(agent, kind, ms / 1000)
    spent["wall"] = clock() - began
    with open(out, "w") as file:
        json.dump(spent, file)


main()
