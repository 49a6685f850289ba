# SPDX-License-Identifier: MIT
"""1,000 times kill -9 of an agent at work: who is restarted, who else waits for it.

Stands for agents that crash all the time beside one that must answer. That one gets 100
requests a second in an open loop, each looks into the store that all write to; its
lateness counts from the moment a request was due. The others write into the store, pass
messages in a channel and compute. Control: the same seconds without a kill.

    ./dev bench kills [--kills N]
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import agents
import measure

WORKERS = 60
PERIOD_S = 0.03  # between kills
ALIVE_S = 1.3  # who failed within a second of its start would wait for its restart
HANG_S = 30
SETTLE_S = 1  # after the last kill
CONTROL_MIN_S = 1
LATE_MS = 10

TOML = f"""
[stores.tools]
max_entries = 5_000
[[agent]]
name = "answers"
script = "answers.py"
[[agent]]
name = "works"
script = "works.py"
restart = "on-failure"
workers = {WORKERS}
priority = "batch"
"""
ANSWERS = """
import json, os, random, time
from ferrule import ToolCache
tools, chance, late, wrong = ToolCache.open("tools"), random.Random(6), [], 0
tools.set("ours", {"n": 1}, "value")
due = time.monotonic()
while not os.path.exists("stop"):
    due += chance.expovariate(100)
    rest = due - time.monotonic()
    if rest > 0:
        time.sleep(rest)
    wrong += tools.get("ours", {"n": 1}) not in ("value", None)
    tools.set("ours", {"n": 1}, "value")
    late.append((time.time(), time.monotonic() - due))
with open("result", "w") as out:
    json.dump({"late": late, "wrong": wrong}, out)
"""
WORKS = """
import os, random, time
from ferrule import Channel, ToolCache
tools, channel, number = ToolCache.open("tools"), Channel.open("x"), 0
busy = os.environ["FERRULE_WORKER"] in ("0", "1")
while True:
    number += 1
    tools.set("theirs", {"n": random.randrange(10_000)}, "v" * random.randrange(2_000))
    tools.get("theirs", {"n": random.randrange(10_000)})
    try:
        channel.put(b"x" * random.choice((10, 1_000, 100_000)), 0)
        channel.get(0)
    except TimeoutError:
        pass
    if not busy:
        time.sleep(0.02)
"""


def workers(launcher):
    return [agent for agent in launcher.agents() if agent["name"] == "works"]


def kill_some(launcher, count, chance):
    """Kill `count` that have lived for ALIVE_S, one a PERIOD_S."""
    done, dead = 0, set()
    while done < count:
        ripe = [agent["pid"] for agent in workers(launcher)
                if agent.get("pid") and agent["uptime_ms"] > ALIVE_S * 1000]
        ripe = [pid for pid in ripe if pid not in dead]
        chance.shuffle(ripe)
        for pid in ripe[: min(8, count - done)]:
            os.kill(pid, signal.SIGKILL)
            dead.add(pid)
            done += 1
            time.sleep(PERIOD_S)
        if not ripe:
            time.sleep(0.1)


def all_run(launcher, restarts):
    """Whether all are there again, after so many restarts, within HANG_S."""
    until = time.monotonic() + HANG_S
    while time.monotonic() < until:
        now = workers(launcher)
        if (sum(agent["restarts"] for agent in now) == restarts
                and all(agent["state"] == "running" for agent in now)):
            return True
        time.sleep(0.1)
    return False


def lateness(rows):
    ms = sorted(late * 1000 for _, late in rows)
    return (f"{len(ms)} requests, p50 {ms[len(ms) // 2]:.2f} ms, "
            f"p99 {ms[int(len(ms) * 0.99)]:.2f}, max {ms[-1]:.1f}, "
            f"later than {LATE_MS} ms: {sum(late > LATE_MS for late in ms)}")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench kills")
    parser.add_argument("--kills", type=int, default=1000)
    kills = parser.parse_args().kills
    print(f"{measure.machine()}; load before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        with agents.Launcher(folder, TOML, stderr=subprocess.DEVNULL,
                             answers=ANSWERS, works=WORKS) as launcher:
            time.sleep(2 * ALIVE_S)
            began = time.time()
            kill_some(launcher, kills, random.Random(6))
            ended = time.time()
            is_whole = all_run(launcher, kills)
            time.sleep(SETTLE_S + max(CONTROL_MIN_S, ended - began))
            Path("stop").touch()
            while not Path("result").exists() and launcher.process.poll() is None:
                time.sleep(0.1)
            time.sleep(0.5)
            result = json.loads(Path("result").read_text())
            restarts = sum(agent["restarts"] for agent in workers(launcher))
    print(f"{kills} kills in {ended - began:.0f} s, {restarts} restarts, "
          f"{'all run again' if is_whole else 'SOME DO NOT RUN'}; "
          f"{result['wrong']} wrong answers")
    print("while they are killed:", lateness(
        [row for row in result["late"] if began <= row[0] <= ended]))
    print("control, no kills:    ", lateness(
        [row for row in result["late"] if row[0] > ended + SETTLE_S]))
    return 0 if is_whole and restarts == kills and result["wrong"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
