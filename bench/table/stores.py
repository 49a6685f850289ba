# SPDX-License-Identifier: MIT
"""The stores that the agents of the table look into, each as its users call it.

`open_store(spec)` gives a function get(args), filled with the keys where the store is
the agent's own. One tool, 1,000 results of 200 characters.
"""

TOOL = "search_web"
ENTRIES = 1000
VALUE = "v" * 200
TTL_S = 3600.0


def keys():
    return [f'{{"id": {n}, "query": "results for {n}"}}' for n in range(ENTRIES)]


class PurePython:
    """What one writes without a library: an ordered dictionary, a lock, a hashed key."""

    def __init__(self, capacity, ttl):
        import threading
        from collections import OrderedDict

        self.entries, self.lock = OrderedDict(), threading.Lock()
        self.capacity, self.ttl = capacity, ttl

    def key(self, tool, args):
        import hashlib

        return hashlib.sha256(f"{tool}\0{args}".encode()).hexdigest()

    def get(self, tool, args):
        import time

        key = self.key(tool, args)
        with self.lock:
            entry = self.entries.get(key)
            if entry is None:
                return None
            if time.monotonic() - entry[1] > self.ttl:
                del self.entries[key]
                return None
            self.entries.move_to_end(key)
            return entry[0]

    def set(self, tool, args, value):
        import time

        with self.lock:
            if len(self.entries) >= self.capacity:
                self.entries.popitem(last=False)
            self.entries[self.key(tool, args)] = (value, time.monotonic())


def _none(spec):
    return lambda args: VALUE


def _python(spec):
    store = PurePython(ENTRIES * 2, TTL_S)
    for args in keys():
        store.set(TOOL, args, VALUE)
    return lambda args: store.get(TOOL, args)


def _cachebox(spec):
    import cachebox

    store = cachebox.TTLCache(ENTRIES * 2, TTL_S)
    for args in keys():
        store[TOOL, args] = VALUE
    return lambda args: store.get((TOOL, args))


def _dashstore(spec):
    import dashstore

    store = dashstore.Store(ENTRIES * 2, TTL_S)
    for args in keys():
        store.set(TOOL, args, VALUE)
    return lambda args: store.get(TOOL, args)


def _ferrule(spec):
    from ferrule import ToolCache

    store = ToolCache.open("tools", ENTRIES * 2, TTL_S)
    if not (TOOL, keys()[-1]) in store:
        for args in keys():
            store.set(TOOL, args, VALUE)
    return lambda args: store.get(TOOL, args)


def _redis(spec):
    import redis

    client = redis.Redis(unix_socket_path=spec["redis"], decode_responses=True)
    if not client.exists(f"{TOOL}:{keys()[-1]}"):
        for args in keys():
            client.set(f"{TOOL}:{args}", VALUE, ex=int(TTL_S))
    return lambda args: client.get(f"{TOOL}:{args}")


def _diskcache(spec):
    import diskcache

    store = diskcache.Cache(spec["folder"] + "/diskcache")
    if (TOOL, keys()[-1]) not in store:
        for args in keys():
            store.set((TOOL, args), VALUE, expire=TTL_S)
    return lambda args: store.get((TOOL, args))


STORES = {
    "none": _none,
    "python": _python,
    "cachebox": _cachebox,
    "dashstore": _dashstore,
    "ferrule": _ferrule,
    "redis": _redis,
    "diskcache": _diskcache,
}


def open_store(spec):
    get = STORES[spec["store"]](spec)
    if get(keys()[0]) != VALUE:
        raise RuntimeError(f"store {spec['store']} does not give back what was set")
    return get
