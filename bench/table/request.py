# SPDX-License-Identifier: MIT
"""The agent of row b: 500 requests a second, each parsed, checked, looked up, answered.

    request.py SPEC     runs in the executable; writes result.json beside SPEC

A request brings the text of a tool's arguments as a model wrote them: the recorded calls
of agents/replay. Its parts are timed one by one, in wall time and in the thread's own
CPU time. Every validator gives the parsed arguments as well, for the agent needs them.
"""

import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)


def parse_only(schema):
    return json.loads


def by_guard(schema):
    from ferrule import SchemaGuard

    return SchemaGuard(schema).loads


def by_jsonschema(schema):
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema)

    def check(text):
        value = json.loads(text)
        if not validator.is_valid(value):
            raise ValueError("invalid")
        return value

    return check


def by_fastjsonschema(schema):
    import fastjsonschema

    validate = fastjsonschema.compile(schema)
    return lambda text: validate(json.loads(text))


def by_jsonschema_rs(schema):
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator(schema)

    def check(text):
        value = json.loads(text)
        if not validator.is_valid(value):
            raise ValueError("invalid")
        return value

    return check


VALIDATORS = {
    "parse only": parse_only,
    "guard": by_guard,
    "jsonschema": by_jsonschema,
    "fastjsonschema": by_fastjsonschema,
    "jsonschema-rs": by_jsonschema_rs,
}


def calls(folder):
    """(tool, text of its arguments) of each recorded call, and {tool: schema}."""
    with open(os.path.join(folder, "tools.json")) as text:
        schemas = {tool["name"]: tool["parameters"] for tool in json.load(text)}
    with open(os.path.join(folder, "calls.jsonl")) as lines:
        rows = [json.loads(line) for line in lines]
    found = [(row["tool"], json.dumps(row["arguments"])) for row in rows]
    return [pair for pair in found if pair[0] in schemas], schemas


def timed(function, *args):
    """(result or None, wall ns, CPU ns)"""
    cpu, wall = time.thread_time_ns(), time.monotonic_ns()
    try:
        result = function(*args)
    except ValueError:  # of the guard and of json; fastjsonschema's is one, too
        result = None
    return result, time.monotonic_ns() - wall, time.thread_time_ns() - cpu


def answer(arguments, found):
    if arguments is None:
        return json.dumps({"error": "invalid arguments"})
    return json.dumps({"id": 7, "arguments": arguments, "result": found})


def serve(spec, check, get, requests):
    """Sums of each part's wall and CPU time; latencies from due to done."""
    chance = random.Random(spec["seed"])
    parts = {name: [0, 0] for name in ("validation", "cache", "rest")}
    latencies = []
    due = time.monotonic_ns()
    for _ in range(int(spec["rate"] * spec["seconds"])):
        tool, text, key = chance.choice(requests)
        due += int(chance.expovariate(spec["rate"]) * 1e9)
        rest = due - time.monotonic_ns()
        if rest > 0:
            time.sleep(rest / 1e9)
        arguments, *checked = timed(check[tool], text)
        found, *looked = timed(get, key)
        _, *answered = timed(answer, arguments, found)
        latencies.append(time.monotonic_ns() - due)
        for name, took in zip(parts, (checked, looked, answered)):
            parts[name][0] += took[0]
            parts[name][1] += took[1]
    return parts, latencies


def main():
    with open(sys.argv[1]) as text:
        spec = json.load(text)
    sys.path.extend(spec["path"])
    import stores

    found, schemas = calls(spec["calls"])
    names = stores.keys()
    requests = [(*pair, names[n % len(names)]) for n, pair in enumerate(found)]
    check = {tool: VALIDATORS[spec["validator"]](s) for tool, s in schemas.items()}
    get = stores.open_store(spec)
    parts, latencies = serve(spec, check, get, requests)
    result = {"parts": parts, "latencies": latencies}
    with open(os.path.join(spec["folder"], "result.json"), "w") as out:
        json.dump(result, out)


if __name__ == "__main__":
    main()
