# SPDX-License-Identifier: MIT
"""Row b: what validation and cache take of a request, at 500 requests a second.

Each variant runs request.py in the executable: validators with our cache behind them,
then stores with our guard before them.
"""

import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import measure
import peers
import redis_server
from prepare import Skipped, percentile, run_to_end

HERE = Path(__file__).resolve().parent
CALLS = measure.ROOT / "agents/replay/sample"
RATE = 500
VALIDATING = ("jsonschema==4.26.0", "jsonschema-specifications==2025.9.1", "attrs==26.1.0",
              "referencing==0.37.0", "rpds-py==2026.9.1", "fastjsonschema==2.22.3",
              "jsonschema-rs==0.60.3", "typing_extensions==4.16.0")  # fmt: skip
RUN_MAX_S = 60


@dataclass(frozen=True)
class Variant:
    name: str
    part: str  # which part of the request it is about
    validator: str = "guard"
    store: str = "ferrule"
    ours: bool = False


VARIANTS = (
    Variant("json.loads only (control)", "validation", "parse only"),
    Variant("guard", "validation", ours=True),
    Variant("jsonschema-rs (Rust)", "validation", "jsonschema-rs"),
    Variant("fastjsonschema", "validation", "fastjsonschema"),
    Variant("jsonschema", "validation", "jsonschema"),
    Variant("no cache (control)", "cache", store="none"),
    Variant("cache", "cache", ours=True),
    Variant("cachebox (Rust)", "cache", store="cachebox"),
    Variant("DashMap (Rust)", "cache", store="dashstore"),
    Variant("pure Python", "cache", store="python"),
    Variant("diskcache", "cache", store="diskcache"),
    Variant("Redis on a socket", "cache", store="redis"),
)


def path_of(variant, prepared):
    if variant.validator not in ("guard", "parse only"):
        fetch = prepared.once("validators", lambda: peers.fetch(VALIDATING, peers.INSIDE))
        return [str(fetch)]
    return prepared.path_of(variant.store)


def run_variant(variant, prepared, seconds, seed):
    with tempfile.TemporaryDirectory(prefix="ferrule-table-") as name:
        folder = Path(name)
        spec = {"folder": name, "store": variant.store, "validator": variant.validator,
                "rate": RATE, "seconds": seconds, "seed": seed, "calls": str(CALLS),
                "path": path_of(variant, prepared)}  # fmt: skip
        server = redis_server.Server(name) if variant.store == "redis" else None
        try:
            if server is not None:
                spec["redis"] = server.socket
            (folder / "spec").write_text(json.dumps(spec))
            command = [measure.FERRULE, HERE / "request.py", folder / "spec"]
            run_to_end(command, seconds + RUN_MAX_S, folder)
            return json.loads((folder / "result.json").read_text())
        finally:
            if server is not None:
                server.close()


def summary(variant, runs):
    """Medians over the runs; CPU of 100,000 requests."""
    part = [run["parts"][variant.part] for run in runs]
    whole = [sum(wall for wall, _ in run["parts"].values()) for run in runs]
    counts = [len(run["latencies"]) for run in runs]
    return {
        "name": variant.name, "part": variant.part, "ours": variant.ours,
        "samples": sum(counts), "runs": len(runs),
        "share": statistics.median(p[0] / w for p, w in zip(part, whole)),
        "cpu_s": statistics.median(p[1] / n * 1e5 / 1e9 for p, n in zip(part, counts)),
        "request_us": statistics.median(w / n / 1e3 for w, n in zip(whole, counts)),
        "part_us": statistics.median(p[0] / n / 1e3 for p, n in zip(part, counts)),
        "p50_ms": statistics.median(percentile(r["latencies"], 0.5) for r in runs) / 1e6,
        "p99_ms": statistics.median(percentile(r["latencies"], 0.99) for r in runs) / 1e6,
    }  # fmt: skip


def seconds(sizes):
    """About what it takes, on a quiet machine."""
    return sizes.rounds * len(VARIANTS) * (sizes.request_seconds + 0.7)


def run(sizes, prepared, kept, say):
    """(rows, [(name, why it is missing)])."""
    results, missing = {v: [] for v in VARIANTS}, {}
    for number in range(sizes.rounds):
        for variant in VARIANTS:
            if variant.name in missing:
                continue
            say(f"row b, round {number + 1} of {sizes.rounds}: {variant.name}")
            try:
                results[variant].append(kept.once(
                    f"b {number} {variant.part} {variant.name}",
                    lambda: run_variant(variant, prepared, sizes.request_seconds, number)))
            except (Skipped, RuntimeError, ValueError, OSError) as error:
                missing[variant.name] = str(error)
    rows = [summary(v, found) for v, found in results.items() if found]
    return rows, list(missing.items())
