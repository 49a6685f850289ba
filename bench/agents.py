# SPDX-License-Identifier: MIT
"""Agents in parallel: fork to first line, memory of each, 10,000 lives.

Stands for a desktop that starts an agent for every task: what the start costs, what
each further agent costs, and what is left when it has ended. Controls: the same script
started anew, with the same imports, in the same rounds.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure

STARTS = 200
TURNS = 200
LIVES = 10_000
LIVES_WORKERS = 64
REAPED_S = 5

# The moment before the fork, as the parent sees it: what a child inherits.
PROBE = """
import os, time
moment = 0
def note():
    global moment
    moment = time.monotonic_ns()
os.register_at_fork(before=note)
"""
FIRST_LINE = "import time; now = time.monotonic_ns(); import probe; print(now - probe.moment)"
# What `_warm.PRELOAD` has beyond this is small.
ANEW = "import asyncio, ssl, http.client, json, logging, subprocess, re, pathlib, dataclasses"
LIGHT_WORK = """
import asyncio, json, logging, re
from dataclasses import asdict, dataclass
from ferrule import SchemaGuard, ToolCache

@dataclass
class Turn:
    number: int
    tool: str
    answer: str

log = logging.getLogger("agent")
guard = SchemaGuard({"type": "object", "required": ["city"],
                     "properties": {"city": {"type": "string"}}})
cache = ToolCache.open("tools")
history = []

async def tool(arguments):
    await asyncio.sleep(0)
    return json.dumps({"weather": "rain", "at": arguments})

async def turn(number):
    arguments = json.dumps({"city": f"Oslo {number % 20}"})
    assert guard.is_valid(arguments)
    answer = await cache.aget_or_call("weather", arguments, lambda: tool(arguments))
    words = re.findall(r"\\w+", answer)
    history.append(asdict(Turn(number, "weather", " ".join(words))))
    log.debug("turn %d: %s", number, words)

async def main():
    for number in range(TURNS):
        await turn(number)

asyncio.run(main())
text = open("/proc/self/smaps_rollup").read()
print(sum(int(kb) for kb in __import__("re").findall(r"Private_\\w+: +(\\d+) kB", text)))
"""


class Launcher:
    """`ferrule run agents.toml` in a folder of its own."""

    def __init__(self, folder, toml, stderr=None, **scripts):
        for name, text in scripts.items():
            (folder / f"{name}.py").write_text(text)
        path = folder / "agents.toml"
        path.write_text(toml)
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        self.process = subprocess.Popen([measure.FERRULE, "run", path], text=True,
                                        env=self.environment, stdout=subprocess.PIPE,
                                        stderr=stderr)

    def numbers(self, count):
        """The first number of each line."""
        lines = (self.process.stdout.readline() for _ in range(count))
        return [int(line.rpartition(" | ")[2]) for line in lines]

    def agents(self):
        done = subprocess.run([measure.FERRULE, "status", "--json"], text=True,
                              env=self.environment, stdout=subprocess.PIPE, check=True)
        launchers = json.loads(done.stdout)["launchers"]
        return launchers[0].get("agents", []) if launchers else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()  # its agents go with it
            self.process.communicate()


def first_lines(folder):
    """ms from before the fork, hooks included, until the agent's first line runs, and
    from its start anew."""
    preload = ", ".join(f'"{name}"' for name in preload_list())
    toml = f'preload = ["probe", {preload}]\n[[agent]]\nscript = "a.py"\nrestart = "always"'
    with Launcher(folder, toml, probe=PROBE, a=FIRST_LINE) as launcher:
        forked = [ns / 1e6 for ns in launcher.numbers(STARTS)]
    anew = folder / "anew.py"
    anew.write_text(f"import time\n{ANEW}\nprint(time.monotonic_ns())")
    started = []
    for _ in range(STARTS // 10):
        began = time.monotonic_ns()
        said = subprocess.run([measure.FERRULE, anew], stdout=subprocess.PIPE, check=True)
        started.append((int(said.stdout) - began) / 1e6)
    return forked, started


def preload_list():
    """What the launcher preloads by itself."""
    code = "from ferrule._warm import PRELOAD; print(*PRELOAD)"
    return subprocess.run([measure.FERRULE, "-c", code], text=True, check=True,
                          stdout=subprocess.PIPE).stdout.split()


def private_memory(folder):
    """MB of an agent's own after TURNS turns of light work: forked, and anew."""
    script = f"TURNS = {TURNS}\n" + LIGHT_WORK
    toml = '[stores.tools]\nmax_entries = 1000\n[[agent]]\nscript = "a.py"\nworkers = 4'
    with Launcher(folder, toml, a=script) as launcher:
        forked = launcher.numbers(4)
    alone = subprocess.run([measure.FERRULE, folder / "a.py"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    return statistics.median(forked) / 1000, int(alone) / 1000


def own_memory(pid):
    """KB that only this process holds, apart from what it shares with children."""
    text = Path(f"/proc/{pid}/status").read_text()
    return sum(int(kb) for kb in re.findall(r"(?:RssAnon|VmSwap):\s+(\d+)", text))


def is_zombie(child):
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2][1] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before the open, or the read
        return False


def zombies(pid):
    """Children that are dead and stay so; for a moment every one is, until its parent
    hears of it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    left, until = children, time.monotonic() + REAPED_S
    while left and time.monotonic() < until:
        left = [child for child in left if is_zombie(child)]
        time.sleep(0.01)
    return len(left)


def lives(folder):
    """(growth in KB, descriptors too many, zombies, lives, seconds)"""
    toml = (f'[[agent]]\nscript = "a.py"\nworkers = {LIVES_WORKERS}\n'
            'restart = "always"\n[[agent]]\nname = "still"\nscript = "still.py"')
    with Launcher(folder, toml, a="x = [str(i) for i in range(1000)]",
                  still="import time; time.sleep(1e6)") as launcher:
        return _live(launcher)


def _live(launcher):
    pid, began, first, count = launcher.process.pid, time.monotonic(), None, 0
    while first is None or count - from_count < LIVES:
        time.sleep(0.5)
        count = sum(agent["restarts"] for agent in launcher.agents()) or count
        if first is None and count > 10 * LIVES_WORKERS:
            first, from_count = own_memory(pid), count
    # Those that live just now hold three each; 16 are the launcher's own.
    descriptors = len(os.listdir(f"/proc/{pid}/fd")) - 3 * LIVES_WORKERS - 16
    return (own_memory(pid) - first, max(descriptors, 0), zombies(pid),
            count - from_count, time.monotonic() - began)


def main():
    print(measure.machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        forked, anew = first_lines(folder)
        print(f"fork to first line: median {statistics.median(forked):.2f} ms, "
              f"quartiles {statistics.quantiles(forked)[0]:.2f} and "
              f"{statistics.quantiles(forked)[2]:.2f}; "
              f"started anew: {statistics.median(anew):.1f} ms")
        measure.verdict("fork to first line", statistics.median(forked), 1.5, 0.7, " ms")
        private, alone = private_memory(folder)
        print(f"private memory after {TURNS} turns: {private:.2f} MB, "
              f"started anew {alone:.2f} MB")
        measure.verdict("private memory", private, 3.5, 2.5, " MB")
        growth, descriptors, dead, count, seconds = lives(folder)
        print(f"{count} lives in {seconds:.0f} s: {descriptors} descriptors and {dead} "
              "zombies left")
        measure.verdict("growth of the launcher", growth / 1000, 1.0, 0.0, " MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
