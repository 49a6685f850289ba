# SPDX-License-Identifier: MIT
"""The parts of the bench `cache` that other processes and interpreters have a part in."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from cache import HERE, TOOL, TTL_S, VALUE, make_keys

ROUNDS = 24


def spin(cache, keys, seconds=0.15):
    """Hits a second of this process."""
    from time import perf_counter

    get, done, began = cache.get, 0, perf_counter()
    while perf_counter() - began < seconds:
        for key in keys:
            get(TOOL, key)
        done += len(keys)
    return done / (perf_counter() - began)


def forked(stores, keys):
    """Hits a second of all, one forked process a store at the same time."""
    pipes = []
    for store in stores:
        ours, theirs = os.pipe()
        if os.fork() == 0:
            os.write(theirs, b"%d" % spin(store, keys))
            os._exit(0)
        os.close(theirs)
        pipes.append(ours)
    rates = []
    for pipe in pipes:
        with open(pipe, "rb") as file:
            rates.append(int(file.read()))
        os.wait()
    return sum(rates)


SPIN_NAMED = """
import cache_others, os
from ferrule import ToolCache
store, keys = ToolCache.open({name!r}), cache_others.make_keys({count})
cache_others.spin(store, keys, 0.05)
os.write({pipe}, b"%d " % cache_others.spin(store, keys))
"""


def interpreted(stores, keys):
    """The same with one interpreter with a lock of its own a store, in threads."""
    import _interpreters
    import threading

    ours, theirs = os.pipe()

    def run(name):
        interpreter = _interpreters.create("isolated")
        code = f"import sys; sys.path[:] = {sys.path!r}\n" + SPIN_NAMED.format(
            name=name, count=len(keys), pipe=theirs
        )
        failed = _interpreters.run_string(interpreter, code)
        assert failed is None, failed
        _interpreters.destroy(interpreter)

    threads = [threading.Thread(target=run, args=(name,)) for name in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.close(theirs)
    with open(ours, "rb") as file:
        return sum(map(int, file.read().split()))


def at_once():
    from ferrule import ToolCache
    from measure import verdict

    print("\ntwo at once, hits on 1,000 hot keys / on one; against one alone")
    for count in (1000, 1):
        keys, names = make_keys(count), [f"bench-{count}-{n}" for n in range(2)]
        stores = [ToolCache.open(name, max_entries=5000, ttl=TTL_S) for name in names]
        for store in stores:
            for key in keys:
                store.set(TOOL, key, VALUE)
        for what, run, one in (
            ("processes", forked, stores),
            ("interpreters", interpreted, names),
        ):
            rounds = [(run([one[0]] * 2, keys), run(one, keys), run(one[:1], keys))
                      for _ in range(ROUNDS)]  # fmt: skip
            shared, apart, alone = (statistics.median(rates) / 1e6 for rates in zip(*rounds))
            print(f"  {what}, {count} keys: one store {shared:.1f} M/s, a store each "
                  f"{apart:.1f} M/s, one alone {alone:.1f} M/s")  # fmt: skip
            # Of what was measured side by side: the machine's speed changes.
            ratio = statistics.median(apart / shared for shared, apart, _ in rounds)
            verdict(f"{what}: a store each / one store, {count} keys", ratio, 2 / 1.85,
                    2 / 1.95)  # fmt: skip


RESTORE = """
import sys, time
sys.path.insert(0, {here!r})
from ferrule import ToolCache
from measure import verdict
key = "1" + "0" * 13 + "1"
began = time.perf_counter()
cache = ToolCache({count}, 600.0, max_bytes=1 << 29, journal={path!r})
opened = time.perf_counter() - began
assert cache.get("t", {last!r}) is not None
verdict("first hit after opening the journal", (time.perf_counter() - began) * 1e3, 50, 20, " ms")
count = len(cache)
verdict(f"{{count:,}} entries restored", time.perf_counter() - began, 1.5, 1.0, " s")
"""

REOPEN = """
import sys, time
sys.path.insert(0, {here!r})
from ferrule import ToolCache
from measure import verdict
began = time.perf_counter()
cache = ToolCache.open("bench-reopen", scope="user")
assert cache.get("t", {last!r}) is not None
verdict("first hit of a store of the user", (time.perf_counter() - began) * 1e3, 2, 0.2, " ms")
"""


def restored():
    """Each in a process of its own, which opens what this one leaves."""
    from ferrule import ToolCache

    count, value = 1_000_000, "v" * 190
    folder = tempfile.mkdtemp()
    path = f"{folder}/journal"
    names = {"here": str(HERE), "count": count, "path": path, "last": str(10**14 + count - 1)}
    cache = ToolCache(count, 600.0, max_bytes=1 << 29, journal=path)
    for number in range(count):
        cache.set("t", str(10**14 + number), value)
    del cache
    print(f"\na journal of {os.path.getsize(path) / 1e6:.0f} MB, a store of the user")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-c", RESTORE.format(**names)], check=True)
    shutil.rmtree(folder)
    runtime = tempfile.mkdtemp(dir="/dev/shm")
    os.chmod(runtime, 0o700)
    os.environ["XDG_RUNTIME_DIR"] = runtime
    cache = ToolCache.open("bench-reopen", max_entries=count, max_bytes=1 << 29, scope="user")
    for number in range(100_000):
        cache.set("t", str(10**14 + count - 1 - number), value)
    subprocess.run([sys.executable, "-c", REOPEN.format(**names)], check=True)
    shutil.rmtree(runtime)
