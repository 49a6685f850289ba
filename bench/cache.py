# SPDX-License-Identifier: MIT
"""The tool cache against its peers: hits, two processes, other stores, memory, inserts.

All candidates run in one process of the executable, round after round, each through its
own natural API; a figure is the best of the rounds in nanoseconds of the thread's own
time a call, less that of the empty loop; of two at once the median, and of inserts at
capacity the percentiles of the wall time. Keys: `one key` rows pass one ready str;
`(tool, args)` rows build the tuple as a caller has to. Values: 100 bytes of ASCII.
    hot            the same key object again and again: an agent polling one tool
    fresh          key strings made anew, random order: what arrives off the wire
    at once        forked agents, and interpreters with a lock of their own, on one store
                   against each on a store of its own
    other stores   the same hit by way of what one would use today: Redis on a Unix
                   socket (raw, without a client library), diskcache and lmdb on a tmpfs;
                   1,000 keys, each asked for ten times a round
    a million      entries of 206 bytes: memory, growth, inserts at capacity, restored
                   from a journal, opened again by another process of the user

`cache.svg` beside this file draws the hits.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
PEERS = ("cachebox==6.2.10", "cachetools==8.0.1", "lru-dict==1.4.1", "diskcache==5.6.3",
         "lmdb==3.0.0", "typing_extensions")  # fmt: skip
TOOL = "search_web"
VALUE = "v" * 100
TTL_S = 600.0


def outside():
    sys.path.insert(0, str(HERE))
    import measure
    import peers
    import redis_server

    folder = peers.fetch(PEERS, peers.INSIDE)
    print(f"{measure.machine()}; load {os.getloadavg()[0]:.1f}", flush=True)
    code = f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(folder)!r}]\n"
    code += "import cache; cache.inside()"
    with redis_server.listening() as socket_path:
        environment = {**os.environ, "FERRULE_BENCH_REDIS": socket_path}
        return subprocess.run([measure.FERRULE, "-c", code], env=environment).returncode


# ---- inside the executable ---------------------------------------------------------


def make_keys(count):
    return [f'{{"id":{n},"q":"{"x" * 14}"}}' for n in range(count)]


def candidates(keys):
    """{name: function(list of keys)}: each looks every key up once."""
    import functools
    import threading

    import cachebox
    import cachetools

    from ferrule import ToolCache

    size = len(keys) * 2
    ours = ToolCache(size, TTL_S, max_bytes=1 << 30)
    one, pair = cachebox.TTLCache(size, TTL_S), cachebox.TTLCache(size, TTL_S)
    lru, slow = cachebox.LRUCache(size), cachetools.TTLCache(size, TTL_S)
    lock = threading.Lock()

    @functools.lru_cache(maxsize=size)
    def cached(tool, args):
        return value

    for number, key in enumerate(keys):
        value = f"{number:0100}"  # each its own, as results are
        ours.set(TOOL, key, value)
        one[key] = pair[TOOL, key] = lru[key] = slow[TOOL, key] = value
        cached(TOOL, key)

    def empty(keys):
        for key in keys:
            pass

    def ferrule(keys, get=ours.get, tool=TOOL):
        for key in keys:
            get(tool, key)

    def ttl_one(keys, get=one.get):
        for key in keys:
            get(key)

    def ttl_pair(keys, get=pair.get, tool=TOOL):
        for key in keys:
            get((tool, key))

    def lru_one(keys, get=lru.get):
        for key in keys:
            get(key)

    def lru_cache(keys, tool=TOOL):
        for key in keys:
            cached(tool, key)

    def cachetools_lock(keys, tool=TOOL):
        for key in keys:
            with lock:
                slow[tool, key]

    return {
        "empty loop": empty,
        "ferrule (tool, args)": ferrule,
        "cachebox TTLCache, one key": ttl_one,
        "cachebox TTLCache, (tool, args)": ttl_pair,
        "cachebox LRUCache without TTL, one key": lru_one,
        "functools.lru_cache, (tool, args)": lru_cache,
        "cachetools TTLCache + Lock, (tool, args)": cachetools_lock,
    }


def best_of(functions, lists, rounds):
    """{name: best ns a call, net of the empty loop}."""
    from time import thread_time_ns

    best = dict.fromkeys(functions, float("inf"))
    for number in range(rounds):
        for name, function in functions.items():
            keys = lists(number)
            began = thread_time_ns()
            function(keys)
            best[name] = min(best[name], (thread_time_ns() - began) / len(keys))
    loop = best.pop("empty loop")
    return {name: ns - loop for name, ns in best.items()}


DRAWN = []  # (title, {name: ns}) of every table, for the plot


def table(title, rows):
    ours = rows["ferrule (tool, args)"]
    DRAWN.append((title, rows))
    print(f"\n{title}")
    for name, ns in rows.items():
        print(f"  {name:42} {ns:9.1f} ns  {ns / ours:6.2f}x of ferrule")
    return ours


def hits():
    import random

    from measure import verdict

    keys = make_keys(1000)
    functions = candidates(keys)
    rows = best_of(functions, lambda _: [keys[0]] * 20_000, 30)
    ours = table("hot hit, the same key object", rows)
    verdict("hot: of cachebox TTLCache", ours / rows["cachebox TTLCache, one key"], 0.75, 0.53)
    for count, rounds in ((1000, 1000), (200_000, 5)):
        if count != 1000:
            keys = make_keys(count)
            functions = candidates(keys)
        order = list(range(count))
        random.Random(1).shuffle(order)

        def fresh(_, keys=keys, order=order):
            return [keys[n].encode().decode() for n in order]

        rows = best_of(functions, fresh, rounds)
        ours = table(f"hit, fresh key strings, {count:,} entries", rows)
        if count == 1000:
            verdict("of cachebox, one key", ours / rows["cachebox TTLCache, one key"],
                    1 / 1.7, 1 / 2.1)  # fmt: skip
            verdict("of cachebox, (tool, args)",
                    ours / rows["cachebox TTLCache, (tool, args)"], 1 / 2.2, 1 / 2.8)  # fmt: skip
            verdict("of cachetools", ours / rows["cachetools TTLCache + Lock, (tool, args)"],
                    1 / 15, 1 / 20)  # fmt: skip
        else:
            verdict("of lru_cache", ours / rows["functools.lru_cache, (tool, args)"],
                    0.75, 0.6)  # fmt: skip
            verdict("of cachebox LRUCache",
                    ours / rows["cachebox LRUCache without TTL, one key"], 1.0, 0.8)  # fmt: skip


def other_stores():
    import diskcache
    import lmdb
    import redis_server

    from ferrule import ToolCache
    from measure import verdict

    keys = make_keys(1000)
    folder = tempfile.mkdtemp(dir="/dev/shm")
    ours = ToolCache(5000, TTL_S)
    disk = diskcache.Cache(folder + "/disk")
    env = lmdb.open(folder + "/lmdb", map_size=1 << 28)
    for key in keys:
        ours.set(TOOL, key, VALUE)
        disk[TOOL, key] = VALUE
        with env.begin(write=True) as write:
            write.put(f"{TOOL}\0{key}".encode(), VALUE.encode())

    def empty(keys):
        for key in keys:
            pass

    def ferrule(keys):
        for key in keys:
            ours.get(TOOL, key)

    def by_diskcache(keys):
        for key in keys:
            disk[TOOL, key]

    def by_lmdb(keys):
        for key in keys:
            with env.begin(buffers=False) as read:
                read.get(f"{TOOL}\0{key}".encode())

    # A round of diskcache takes as long as a hundred of the others.
    rows = best_of({"empty loop": empty, "ferrule (tool, args)": ferrule,
                    "lmdb on a tmpfs": by_lmdb}, lambda _: keys * 10, 100)  # fmt: skip
    rows |= best_of({"empty loop": empty, "diskcache on a tmpfs": by_diskcache},
                    lambda _: keys * 10, 8)  # fmt: skip
    redis = redis_server.getter(TOOL, keys, VALUE)
    if redis is not None:
        # Wall time: the work is the server's, and the waiting.
        name = "Redis on a Unix socket, wall time"
        best = float("inf")
        for _ in range(10):
            began = time.perf_counter_ns()
            redis(keys)
            best = min(best, (time.perf_counter_ns() - began) / len(keys))
        rows[name] = best
    mine = table("a hit that another process could have set", rows)
    verdict("of diskcache", mine / rows["diskcache on a tmpfs"], 1 / 30, 1 / 50)
    verdict("of lmdb", mine / rows["lmdb on a tmpfs"], 1 / 5, 1 / 8)
    if redis is not None:
        verdict("of Redis", mine / rows[name], 1 / 300, 1 / 900)
    shutil.rmtree(folder)


def resident_kb():
    with open("/proc/self/status") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def million():
    import gc
    from time import perf_counter_ns, thread_time_ns

    import cachebox

    from ferrule import ToolCache
    from measure import verdict

    print("\na million entries of 206 bytes, then inserts at capacity")
    count, value = 1_000_000, "v" * 190
    gc.collect()
    began = perf_counter_ns()
    gc.collect()
    empty_ms = (perf_counter_ns() - began) / 1e6
    before, worst = resident_kb(), 0
    cache = ToolCache(count, TTL_S, max_bytes=1 << 29)
    for number in range(count):
        began = thread_time_ns()
        cache.set("t", f"{number:015}".replace("0", "1", 1), value)
        worst = max(worst, thread_time_ns() - began)
    each = (resident_kb() - before) * 1024 / len(cache)
    began = perf_counter_ns()
    gc.collect()
    full_ms = (perf_counter_ns() - began) / 1e6
    verdict("memory an entry", each, 270, 255, " B")
    print(f"gc.collect(): {empty_ms:.1f} ms empty, {full_ms:.1f} ms with the entries")
    verdict("longest pause while growing", worst / 1e6, 1.0, 0.1, " ms")
    peer = cachebox.TTLCache(count, TTL_S)
    for number in range(count):
        peer["t", str(number)] = value
    inserts_at_capacity(cache, peer, value)


def inserts_at_capacity(cache, peer, value):
    """One by one, in turn with a loop that takes as long and touches no memory: what the
    machine adds to anything of that length."""
    from time import perf_counter_ns

    from measure import verdict

    times = {"ferrule": [], "cachebox": [], "a loop as long": []}
    ours, theirs, spins = times.values()
    spin = range(100)
    for number in range(200_000):
        key = str(10**15 + number)
        began = perf_counter_ns()
        cache.set("t", key, value)
        set_ours = perf_counter_ns()
        peer["t", key] = value
        set_theirs = perf_counter_ns()
        for _ in spin:
            pass
        spun = perf_counter_ns()
        ours.append(set_ours - began)
        theirs.append(set_theirs - set_ours)
        spins.append(spun - set_theirs)
    for name, values in times.items():
        values.sort()
        late = sum(ns > 5_000 for ns in values) / len(values)
        print(f"  {name:15} p50 {values[100_000]} ns, p99 {values[198_000]} ns, p99.9 "
              f"{values[199_800]} ns, over 5 us {late:.2%}")  # fmt: skip
    verdict("insert p50 of cachebox", ours[100_000] / theirs[100_000], 1.0, 0.8)
    verdict("insert p99.9", ours[199_800] / 1e3, 5.0, 2.0, " us")
    verdict("insert p99.9 beyond the loop's", (ours[199_800] - spins[199_800]) / 1e3, 5.0, 2.0,
            " us")  # fmt: skip


def draw():
    import measure

    (HERE / "cache.svg").write_text(measure.bars("nanoseconds a hit", DRAWN))


def inside():
    import cache_others

    hits()
    cache_others.at_once()
    other_stores()
    million()
    cache_others.restored()
    draw()


if __name__ == "__main__":
    sys.exit(outside())
