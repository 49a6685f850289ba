# SPDX-License-Identifier: MIT
"""The schema guard against its peers: bytes to verdict, loads, compile, report, stream.

Each row is one real task of an agent host: check the arguments a model wrote for a tool.
All candidates run in one process, round after round, so that noise hits all of them;
figures are the best of the rounds, in nanoseconds of the thread's own time a call, and
the ratio of the fastest peer to the guard. Calls of BFCL: each by itself, which is the
figure of a call; 20 times in a row, and all in turn, which is that of cold caches. The
peers do their usual thing with the same bytes:
    msgspec            decode into a Struct made from the schema
    pydantic-core      validate_json with a typed-dict schema
    python-rapidjson   Validator(schema)(text)
    orjson + rs        orjson.loads, then jsonschema-rs is_valid
    rs, parsed         jsonschema-rs is_valid on an object that is parsed already
Their wheels are fetched once into the cache and loaded into Ferrule itself. BFCL: the
3,302 ground-truth calls of the package bfcl-eval that can be built.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
PEERS = ("msgspec==0.22.0", "pydantic-core==2.50.4", "orjson==3.13.0",
         "jsonschema-rs==0.60.3", "python-rapidjson==1.25", "bfcl-eval==2026.3.23",
         "typing_extensions")  # fmt: skip


# --- the payloads -------------------------------------------------------------------

CALL = {
    "type": "object",
    "properties": {
        "owner": {"type": "string"},
        "repo": {"type": "string"},
        "title": {"type": "string"},
        "body": {"type": "string"},
        "labels": {"type": "array", "items": {"type": "string"}},
        "milestone": {"type": "integer"},
        "state": {"type": "string", "enum": ["open", "closed", "all"]},
        "draft": {"type": "boolean"},
    },
    "required": ["owner", "repo", "title"],
}
RECORDS = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "name": {"type": "string"},
                    "price": {"type": "number"},
                    "active": {"type": "boolean"},
                },
                "required": ["id", "name", "price", "active"],
            },
        }
    },
    "required": ["rows"],
}
PROSE = "The parser reads one byte after the other and never looks back at what it saw. "
CODE = 'def main(argv):\n    print("usage: \\"tool\\" [FILE]")\n\treturn argv[1:]\n\n'


def call(body, **more):
    base = {"owner": "octo-org", "repo": "hello-world", "title": "Crash on start",
            "body": body, "labels": ["bug", "p1"], "milestone": 7, "state": "open",
            "draft": False, **more}  # fmt: skip
    return json.dumps(base).encode()


def filled(text, size):
    """A call whose JSON is about `size` bytes, its body made of `text`."""
    count = 0
    while len(call(text * (count + 1))) <= size:
        count += 1
    rest = size - len(call(text * count))
    return call(text * count + "x" * max(rest, 0))


def records(size):
    rows = []
    total = len(json.dumps({"rows": []}))
    while total < size:
        n = len(rows)
        rows.append({"id": n, "name": f"item number {n}", "price": n * 1.25 + 0.5,
                     "active": n % 2 == 0})  # fmt: skip
        total += len(json.dumps(rows[-1])) + 2
    return json.dumps({"rows": rows}).encode()


def sizes():
    return {
        "call of 332 B": (CALL, filled(PROSE, 332)),
        "1 KB": (CALL, filled(PROSE, 1001)),
        "8.4 KB of prose": (CALL, filled(PROSE, 8398)),
        "8.4 KB of source code": (CALL, filled(CODE, 8398)),
        "8.4 KB of records": (RECORDS, records(8398)),
    }


def bfcl(peers):
    """[(schema, payload)] of all buildable calls."""
    sys.path.insert(0, str(HERE.parent / "agents/replay/bfcl"))
    import mapping

    tools, calls = mapping.read(peers / "bfcl_eval/data")
    schemas = {tool["name"]: tool["parameters"] for tool in tools}
    return [(schemas[c["tool"]], json.dumps(c["arguments"]).encode()) for c in calls]


# --- the candidates -----------------------------------------------------------------


def make_guard(schema):
    from ferrule import SchemaGuard

    return SchemaGuard(schema).is_valid


def struct_type(schema):
    import msgspec

    plain = {"string": str, "integer": int, "number": float, "boolean": bool}
    kind = schema.get("type")
    if kind == "array":
        return list[struct_type(schema.get("items", {}))]
    if kind != "object" or "properties" not in schema:
        return plain.get(kind, dict if kind == "object" else object)
    required = schema.get("required", ())
    fields = [
        (f"f{number}", struct_type(inner), msgspec.field(name=name))
        if name in required
        else (f"f{number}", struct_type(inner), msgspec.field(name=name, default=None))
        for number, (name, inner) in enumerate(schema["properties"].items())
    ]
    return msgspec.defstruct("Arguments", fields, kw_only=True)


def make_msgspec(schema):
    import msgspec

    return msgspec.json.Decoder(struct_type(schema)).decode


def core_schema(schema):
    kind = schema.get("type")
    if kind == "array":
        return {"type": "list", "items_schema": core_schema(schema.get("items", {}))}
    if kind != "object" or "properties" not in schema:
        names = {"string": "str", "integer": "int", "number": "float",
                 "boolean": "bool", "object": "dict"}  # fmt: skip
        return {"type": names.get(kind, "any")}
    required = schema.get("required", ())
    fields = {
        name: {"type": "typed-dict-field", "schema": core_schema(inner),
               "required": name in required}
        for name, inner in schema["properties"].items()
    }  # fmt: skip
    return {"type": "typed-dict", "fields": fields, "extra_behavior": "ignore"}


def make_pydantic(schema):
    import pydantic_core

    return pydantic_core.SchemaValidator(core_schema(schema)).validate_json


def make_rapidjson(schema):
    import rapidjson

    return rapidjson.Validator(json.dumps(schema))


def make_rs(schema):
    import jsonschema_rs
    import orjson

    check = jsonschema_rs.validator_for(schema).is_valid
    loads = orjson.loads
    return lambda payload: check(loads(payload))


def make_parsed(schema):
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema).is_valid


def make_loads(schema):
    from ferrule import SchemaGuard

    return SchemaGuard(schema).loads


def make_rs_loads(schema):
    import jsonschema_rs
    import orjson

    check = jsonschema_rs.validator_for(schema).is_valid
    loads = orjson.loads

    def both(payload):
        value = loads(payload)
        return value if check(value) else None

    return both


VERDICT = {"ferrule": make_guard, "msgspec": make_msgspec, "pydantic-core": make_pydantic,
           "rapidjson": make_rapidjson, "orjson + rs": make_rs,
           "rs, parsed": make_parsed}  # fmt: skip
LOADS = {"ferrule": make_loads, "orjson + rs": make_rs_loads,
         "orjson": lambda schema: __import__("orjson").loads,
         "json": lambda schema: json.loads}  # fmt: skip


def prepare(makers, cases):
    """{name: [(function, argument)]}; a call a peer cannot take is left out for all."""
    made = {name: {} for name in makers}
    pairs = {name: [] for name in makers}
    for schema, payload in cases:
        key = json.dumps(schema)
        row = {}
        try:
            for name, make in makers.items():
                if key not in made[name]:
                    made[name][key] = make(schema)
                argument = json.loads(payload) if name == "rs, parsed" else payload
                made[name][key](argument)
                row[name] = made[name][key], argument
        except Exception:
            continue
        for name, pair in row.items():
            pairs[name].append(pair)
    return pairs


def best(pairs, rounds, each=1):
    """{name: ns a call}, the best of interleaved rounds; every call `each` times in a
    row, so that from the second on its guard and its payload are in the cache."""
    count = max(1, 3000 // len(next(iter(pairs.values()))))
    found = dict.fromkeys(pairs, float("inf"))
    again = range(count * each)
    for _ in range(rounds):
        for name, list_of_pairs in pairs.items():
            started = time.thread_time_ns()
            for function, argument in list_of_pairs:
                for _ in again:
                    function(argument)
            taken = (time.thread_time_ns() - started) / count / each / len(list_of_pairs)
            found[name] = min(found[name], taken)
    return found


def best_each(pairs, rounds):
    """{name: ns a call}: the best of the rounds of each call by itself, its guard and its
    payload in the cache; the mean over the calls."""
    again = range(100)
    found = {name: [float("inf")] * len(list_of_pairs) for name, list_of_pairs in pairs.items()}
    for _ in range(rounds):
        for name, list_of_pairs in pairs.items():
            least = found[name]
            for number, (function, argument) in enumerate(list_of_pairs):
                started = time.perf_counter_ns()  # a thread's own time is read too slowly
                for _ in again:
                    function(argument)
                taken = (time.perf_counter_ns() - started) / len(again)
                least[number] = min(least[number], taken)
    return {name: sum(least) / len(least) for name, least in found.items()}


def print_row(what, found):
    own = found["ferrule"]
    rest = "  ".join(f"{name} {ns:,.0f}" for name, ns in found.items())
    peers = {name: ns for name, ns in found.items()
             if name not in ("ferrule", "rs, parsed")}  # fmt: skip
    fastest = min(peers, key=peers.get)
    print(f"{what:24} {rest}  | {peers[fastest] / own:.2f}x of {fastest}"
          + (f", {found['rs, parsed'] / own:.2f}x of rs on parsed objects"
             if "rs, parsed" in found else ""), flush=True)  # fmt: skip


def proof(cases):
    from ferrule import SchemaGuard

    valid = sum(SchemaGuard(schema).is_valid(payload) for schema, payload in cases)
    mean = sum(len(payload) for _, payload in cases) / len(cases)
    print(f"BFCL: {valid} valid, {len(cases) - valid} invalid, mean {mean:.0f} B")


def timed(function, number):
    found = float("inf")
    for _ in range(7):
        started = time.thread_time_ns()
        for _ in range(number):
            function()
        found = min(found, (time.thread_time_ns() - started) / number)
    return found


def stream_ratio(guard, payload):
    def whole():
        guard.is_valid(payload)

    def pieces():
        stream = guard.stream()
        for at in range(0, len(payload), 8192):
            stream.feed(payload[at : at + 8192])

    return timed(pieces, 3) / timed(whole, 3)


def others():
    from ferrule import SchemaGuard

    schema = json.dumps(CALL).encode()
    wrong = (b'{"owner": 1, "repo": null, "labels": ["a", 2], "milestone": 1.5, '
             b'"state": "opened", "draft": "no"' + b" " * 200 + b"}")  # fmt: skip
    guard = SchemaGuard(CALL)
    issues = len(guard.errors(wrong))
    print(f"compile {len(schema)} B: {timed(lambda: SchemaGuard(schema), 500):,.0f} ns")
    print(f"report of {issues} errors on {len(wrong)} B: "
          f"{timed(lambda: guard.errors(wrong), 500):,.0f} ns")  # fmt: skip
    ratio = stream_ratio(SchemaGuard(RECORDS), records(1 << 20))
    print(f"1 MB in pieces of 8 KB: {ratio:.2f}x of one shot")


def inside(peers):
    sys.path.insert(0, str(peers))
    rounds = int(os.environ.get("BENCH_ROUNDS", "15"))
    cases = bfcl(peers)
    proof(cases)
    print("\nbytes -> verdict, ns a call")
    pairs = prepare(VERDICT, cases)
    print_row("BFCL, best of each", best_each(pairs, rounds))
    print_row("BFCL, 20 in a row", best(pairs, rounds, each=20))
    print_row("BFCL, all in turn", best(pairs, rounds))
    for what, case in sizes().items():
        print_row(what, best(prepare(VERDICT, [case]), rounds))
    print("\nbytes -> checked objects, ns a call")
    print_row("BFCL", best(prepare(LOADS, cases), rounds))
    for what, case in sizes().items():
        print_row(what, best(prepare(LOADS, [case]), rounds))
    print()
    others()


def main():
    if "--inside" in sys.argv:
        return inside(Path(sys.argv[-1]))
    import measure
    import peers

    folder = peers.fetch(PEERS, peers.INSIDE)
    command = [measure.FERRULE, __file__, "--inside", str(folder)]
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
