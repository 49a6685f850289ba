# SPDX-License-Identifier: MIT
"""Row a: an agent that answers 100 requests a second beside agents that compute.

Every variant runs agent.py: the same requests at the same moments, the same neighbours,
0 to 8 of them. Threads that share CPython's own lock run in a stock build, for the lock
of the executable serves them otherwise; all else runs in the executable itself. What the
neighbours get done there is divided by how much faster one of them alone is than in the
stock build.
"""

import json
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import measure
import peers
import redis_server
from agent import SETTLE_S
from board import Board
from prepare import Skipped, percentile, run_to_end

HERE = Path(__file__).resolve().parent
RATE = 100  # requests a second
LEVELS = (0, 1, 2, 4, 8)
MAIN_LEVEL = 4
AGENTS = max(LEVELS)
LIBRARIES = {
    "numpy": ("numpy==2.5.5",),
    "pydantic": ("pydantic==2.14.3", "pydantic-core==2.50.4", "annotated-types==0.8.0",
                 "typing_extensions==4.16.0", "typing-inspection==0.4.5"),
}  # fmt: skip
# The last ones with wheels for a free-threaded 3.13.
FREE_THREADED = {
    "numpy": ("numpy==2.4.6",),
    "pydantic": ("pydantic==2.12.2", "pydantic-core==2.41.4", *LIBRARIES["pydantic"][2:]),
}
RUN_MAX_S = 120  # beyond the time the requests take
ALONE_S = 0.4
ALONE_PAIRS = 5  # a round
RESTARTS = 3  # a round
PAIRED = 4  # runs more a round, of the two of which one ratio has a bound close to 1
ALIVE_S = 1.2  # an agent that failed sooner than after a second waits before its restart


@dataclass
class Variant:
    name: str
    kind: str  # of agent.KINDS, or "launcher"
    store: str
    shared: str  # who shares the store
    options: dict = field(default_factory=dict)
    python: str = "ferrule"
    ours: bool = False


FASTER = "speed of the builds"
CONTROL = "one-GIL threads, our wheel"  # its neighbours' work is 1.0
DEFAULT = "one-GIL threads, host's default"
VARIANTS = (
    Variant("no cache, one-GIL threads", "threads", "none", "-", python="stock"),
    Variant("pure Python, one-GIL threads", "threads", "python", "threads",
            python="stock"),
    Variant("cachebox (Rust), one-GIL threads", "threads", "cachebox", "threads",
            python="stock"),
    Variant("DashMap (Rust), one-GIL threads", "threads", "dashstore", "threads",
            python="stock"),
    Variant(CONTROL, "threads", "ferrule", "all", python="stock"),
    Variant("setswitchinterval(0.0005)", "threads", "python", "threads",
            {"interval": 0.0005}, "stock"),
    Variant("setswitchinterval(0.00001)", "threads", "python", "threads",
            {"interval": 0.00001}, "stock"),
    Variant("free-threaded, pure Python", "threads", "python", "threads",
            python="free-threaded"),
    Variant("free-threaded, our wheel", "threads", "ferrule", "all",
            python="free-threaded"),
    Variant(DEFAULT, "threads", "ferrule", "all", ours=True),
    Variant("multiprocessing, a cachebox each", "processes", "cachebox", "no"),
    Variant("same, busy ones at os.nice(10)", "processes", "cachebox", "no",
            {"nice": 10}),
    Variant("multiprocessing, Redis on a socket", "processes", "redis", "all"),
    Variant("multiprocessing, diskcache", "processes", "diskcache", "all"),
    Variant("own-GIL interpreters", "interpreters", "ferrule", "all", ours=True),
    Variant("same, busy ones batch", "interpreters", "ferrule", "all",
            {"priority": "batch"}, ours=True),
    Variant("processes, warm parent", "launcher", "ferrule", "all", ours=True),
    Variant('same, priority = "batch"', "launcher", "ferrule", "all",
            {"priority": "batch"}, ours=True),
)  # fmt: skip


def launcher_file(variant, folder):
    """agents.toml: one that answers, AGENTS that compute."""
    agent, spec = json.dumps(str(HERE / "agent.py")), json.dumps(str(folder / "spec"))
    priority = variant.options.get("priority", "normal")
    text = f"""[stores.tools]
max_entries = 2_000
ttl = 3600.0
[[agent]]
name = "answers"
script = {agent}
args = ["serve", {spec}]
[[agent]]
name = "computes"
script = {agent}
args = ["burn", {spec}]
workers = {AGENTS}
priority = "{priority}"
"""
    (folder / "agents.toml").write_text(text)
    return folder / "agents.toml"


def alone(python):
    """Loops a second of one neighbour that has the interpreter for itself."""
    with tempfile.TemporaryDirectory(prefix="ferrule-table-") as name:
        folder = Path(name)
        (folder / "spec").write_text(
            json.dumps({"folder": name, "path": [], "seconds": ALONE_S}))
        run_to_end([python, HERE / "agent.py", "alone", folder / "spec"], RUN_MAX_S, folder)
        return json.loads((folder / "result.json").read_text())


def faster(prepared):
    """How many times a stock build's loops one neighbour does in the executable; in
    turn, for a shared machine is not always equally fast."""
    stock, own = prepared.python("stock"), prepared.python("ferrule")
    return statistics.median(alone(own) / alone(stock) for _ in range(ALONE_PAIRS))


def restart_ms(starts):
    """From an agent's end until it is there anew with its imports: what the warm parent
    takes to notice, fork and start it."""
    with tempfile.TemporaryDirectory(prefix="ferrule-table-") as name:
        folder = Path(name)
        spec = {"folder": name, "path": [], "starts": starts + 1, "alive": ALIVE_S}
        (folder / "spec").write_text(json.dumps(spec))
        (folder / "agents.toml").write_text(f"""[[agent]]
name = "again"
script = {json.dumps(str(HERE / "agent.py"))}
args = ["again", {json.dumps(str(folder / "spec"))}]
restart = "on-failure"
""")
        run_to_end([measure.FERRULE, "run", folder / "agents.toml"],
                   (starts + 1) * ALIVE_S + RUN_MAX_S, folder, "times")  # fmt: skip
        times = [int(line) for line in (folder / "times").read_text().split()]
    return [(again - end) / 1e6 for end, again in zip(times[1::2], times[2::2])]


def run_variant(variant, prepared, seconds, seed):
    """The result that agent.py wrote; Skipped or RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="ferrule-table-") as name:
        folder = Path(name)
        spec = {"folder": name, "kind": variant.kind, "store": variant.store,
                "agents": AGENTS, "rate": RATE, "seed": seed,
                "path": prepared.path_of(variant.store, variant.python),
                "levels": list(seconds.items()),
                **variant.options}  # fmt: skip
        server = None
        if variant.store == "redis":
            server = redis_server.Server(name)
            spec["redis"] = server.socket
        try:
            Board.create(name, AGENTS)
            (folder / "spec").write_text(json.dumps(spec))
            command = [prepared.python(variant.python), HERE / "agent.py", "run",
                       folder / "spec"]  # fmt: skip
            if variant.kind == "launcher":
                command = [measure.FERRULE, "run", launcher_file(variant, folder)]
            run_to_end(command, sum(seconds.values()) + RUN_MAX_S, folder)
            result = json.loads((folder / "result.json").read_text())
            if variant.kind == "launcher":
                result["create_ms"] = restart_ms(RESTARTS)
            return result
        finally:
            if server is not None:
                server.close()


# ---- summing up -----------------------------------------------------------------------


def of_level(runs, level):
    """Medians over the runs, in ms; the maximum is that of all runs."""
    rows = [row for run in runs for row in run["levels"] if row["level"] == level]
    found = [row["latencies"] for row in rows]
    return {
        "samples": sum(map(len, found)),
        "p50_ms": statistics.median(percentile(one, 0.5) for one in found) / 1e6,
        "p99_ms": statistics.median(percentile(one, 0.99) for one in found) / 1e6,
        "max_ms": max(map(max, found)) / 1e6,
        "work": statistics.median(row["work"] for row in rows),
    }


def memory_kb(runs, variant):
    """Private memory that one agent more takes."""
    if variant.kind in ("threads", "interpreters"):
        return statistics.median(run["grown_kb"] for run in runs)
    # Sorted by agent.py: the measuring agent is not among them.
    return statistics.median(kb for run in runs for kb in run["private_kb"])


def create_ms(runs):
    found = [ms for run in runs for ms in run.get("create_ms", [])]
    return statistics.median(found) if found else None


def summary(variant, runs, loads):
    return {
        "name": variant.name, "ours": variant.ours, "shared": variant.shared,
        "python": variant.python, "loads": loads,
        "levels": {str(level): of_level(runs, level) for level in LEVELS},
        "memory_kb": memory_kb(runs, variant), "create_ms": create_ms(runs),
        "interval": runs[0].get("interval"), "runs": len(runs),
    }  # fmt: skip


def add_ratios(rows, speedup):
    """Neighbours' work against the control's, as if the builds were equally fast."""
    control = next((row for row in rows if row["name"] == CONTROL), None)
    if control is None:
        return
    for row in rows:
        speed = speedup if row["python"] == "ferrule" else 1
        for level in map(str, LEVELS[1:]):
            own, base = row["levels"][level], control["levels"][level]
            own["work_ratio"] = own["work"] / base["work"] / speed


def seconds(sizes):
    """About what it takes, on a quiet machine."""
    once = sum(sizes.levels.values()) + len(LEVELS) * SETTLE_S + 2
    restarts = 2 * (RESTARTS + 1) * ALIVE_S
    pairs = ALONE_PAIRS * 2 * (ALONE_S + 0.5)
    pairs += PAIRED * 2 * (sizes.levels[MAIN_LEVEL] + SETTLE_S + 2)
    return sizes.rounds * (len(VARIANTS) * once + restarts + pairs) + len(VARIANTS)


def jobs(sizes, prepared):
    """[(name, what measures it in a round)]"""

    def measures(one, levels, turn=0):
        return lambda number: run_variant(one, prepared, levels, number * 100 + turn)

    found = [(FASTER, lambda number: faster(prepared))]
    found += [(one.name, measures(one, sizes.levels)) for one in VARIANTS]
    main = {MAIN_LEVEL: sizes.levels[MAIN_LEVEL]}
    return found + [(one.name, measures(one, main, turn)) for turn in range(1, PAIRED + 1)
                    for one in VARIANTS if one.name in (CONTROL, DEFAULT)]  # fmt: skip


def run(sizes, prepared, kept, say):
    """(rows, [(name, why it is missing)])."""
    loads = {v.name: loads_libraries(v, prepared) for v in VARIANTS}
    todo = jobs(sizes, prepared)
    results, missing = {name: [] for name, _ in todo}, {}
    for number in range(sizes.rounds):
        for place, (name, job) in enumerate(todo):
            if name in missing:
                continue
            say(f"row a, round {number + 1} of {sizes.rounds}: {name}")
            try:
                results[name].append(
                    kept.once(f"a {number} {place} {name}", lambda: job(number)))
            except (Skipped, RuntimeError, ValueError, OSError) as error:
                missing[name] = str(error)
    rows = [summary(one, results[one.name], loads[one.name]) for one in VARIANTS
            if results[one.name]]  # fmt: skip
    if results[FASTER]:
        add_ratios(rows, statistics.median(results[FASTER]))
    return rows, list(missing.items())


# ---- do the usual wheels load there? --------------------------------------------------


def loads_libraries(variant, prepared):
    """{library: "yes", or why not}"""
    found = {}
    libraries = LIBRARIES
    # Else pip asks whether they suit the Python that it runs in itself.
    tag = ["--ignore-requires-python"]
    if variant.python == "free-threaded":
        libraries, tag = FREE_THREADED, [*tag, "--abi", "cp313t"]
    for library, packages in libraries.items():
        try:
            folder = prepared.once(
                f"{library} {tag}", lambda: peers.fetch(packages, [*peers.INSIDE, *tag]))  # fmt: skip
            found[library] = try_import(variant, prepared, library, folder)
        except Skipped:
            found[library] = "no wheel"
    return found


def try_import(variant, prepared, library, folder):
    code = f"import sys; sys.path.append({str(folder)!r}); import {library}"
    if variant.kind == "interpreters":
        code = (f"import _interpreters as i; f = i.run_string(i.create(), {code!r}); "
                f"sys = __import__('sys'); sys.exit(f is not None)")  # fmt: skip
    if variant.python == "free-threaded":
        code += "; sys.exit(2 if sys._is_gil_enabled() else 0)"
    done = subprocess.run([prepared.python(variant.python), "-c", code],
                          capture_output=True, timeout=60)  # fmt: skip
    return {0: "yes", 2: "turns the GIL on"}.get(done.returncode, "no")
