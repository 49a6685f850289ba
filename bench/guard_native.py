# SPDX-License-Identifier: MIT
"""The schema guard without Python: C callers, real schemas, interpreters side by side.

Control: yyjson's parse of the same bytes, the fastest parser that builds a tree; it
checks nothing. Blaze, the fastest validator of a parsed tree, is not linked (AGPL): "yyjson + Blaze" is
slower than yyjson alone, so what holds against the control holds against both.
    BFCL       the 3,302 calls, each often (in cache) and all in turn (not)
    real       schemas of well-known configuration files (check-jsonschema's copies) and
               metaschemas, with instances made from seeds (bench/instances.py)
    own GIL    one program, one thread each in one and in two interpreters with own GIL
"""

import json
import math
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
SCHEMAS = "check-jsonschema==0.39.0"
YYJSON = "yyjson==4.0.6"  # the binding's source distribution carries the library
METASCHEMAS = {
    "draft-07 metaschema": "http://json-schema.org/draft-07/schema#",
    "2020-12 metaschema": "https://json-schema.org/draft/2020-12/schema",
}


# --- the cases, made inside Ferrule ---------------------------------------------------


def write_cases(path, cases):
    with open(path, "wb") as file:
        for schema, payload in cases:
            schema = json.dumps(schema).encode()
            file.write(struct.pack("<II", len(schema), len(payload)) + schema + payload)


def real_cases(vendor):
    """{name: [(schema, payload)]}, and the names of schemas without an instance."""
    import instances

    from ferrule import InvalidSchema, SchemaGuard

    found, without = {}, []
    files = sorted(vendor.glob("*.json"))
    for path in files:
        schema = json.loads(path.read_bytes())
        try:
            texts = instances.valid(schema, SchemaGuard(schema).is_valid, json.dumps, tries=60)
        except InvalidSchema:
            texts = []
        if texts:
            found[path.stem] = [(schema, text) for text in texts]
        else:
            without.append(path.stem)
    for name, uri in METASCHEMAS.items():
        guard = SchemaGuard({"$ref": uri})
        texts = [path.read_bytes() for path in files if path.stat().st_size < 40_000]
        texts = [text for text in texts if guard.is_valid(text)][:4]
        found[name] = [({"$ref": uri}, text) for text in texts]
    return found, without


def inside(peers, vendor, out):
    import guard

    write_cases(out / "bfcl", guard.bfcl(peers))
    found, without = real_cases(vendor)
    names = []
    for name, cases in found.items():
        names += [name] * len(cases)
    write_cases(out / "real", [case for cases in found.values() for case in cases])
    (out / "names").write_text(json.dumps([names, without]))


WORK = """
from ferrule import SchemaGuard
guard = SchemaGuard({schema!r})
is_valid = guard.is_valid
payload = {payload!r}
count = 0
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    for _ in range(2000):
        is_valid(payload)
    count += 2000
"""


def calls_per_second(workers, schema, payload, seconds=1.0):
    """Verdicts of so many interpreters with own GIL, in one process."""
    import threading

    import _interpreters
    import _interpqueues

    queue = _interpqueues.create(0, 0, 2)
    work = "import time\n" + WORK.format(schema=schema, payload=payload, seconds=seconds)
    work += f"\nimport _interpqueues\n_interpqueues.put({int(queue)}, count, 0, 2)\n"
    made = [_interpreters.create("isolated") for _ in range(workers)]
    threads = [threading.Thread(target=_interpreters.exec, args=(one, work)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(_interpqueues.get(queue)[0] for _ in made)
    for one in made:
        _interpreters.destroy(one)
    return total / seconds


def interpreters():
    import guard

    schema, payload = guard.sizes()["call of 332 B"]
    schema = json.dumps(schema)
    best = {1: 0.0, 2: 0.0}
    for _ in range(5):
        for workers in best:
            best[workers] = max(best[workers], calls_per_second(workers, schema, payload))
    print(f"two interpreters with own GIL: {best[2] / best[1]:.2f}x of one "
          f"({best[1] / 1e6:.2f} million verdicts a second; must >= 1.85, both cores free)")  # fmt: skip


# --- the C program ----------------------------------------------------------------------


def yyjson_source(cache):
    folder = cache / ("bench-" + YYJSON.replace("==", "-"))
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                        "--no-binary", ":all:", "-d", part, YYJSON], check=True)  # fmt: skip
        with tarfile.open(next(part.glob("*.tar.gz"))) as archive:
            for member in archive:
                if Path(member.name).name in ("yyjson.c", "yyjson.h"):
                    name = Path(member.name).name
                    (part / name).write_bytes(archive.extractfile(member).read())
        part.rename(folder)
    return folder


def build(out, yyjson):
    root = HERE.parent / "native-modules"
    sources = [*sorted((root / "base").glob("*.c")), *sorted((root / "schemaguard").glob("*.c"))]
    wanted = ["glib-2.0", "libpcre2-8", "libxxhash"]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *wanted], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()  # fmt: skip
    program = out / "guard_native"
    subprocess.run(["cc", "-O2", "-flto=2", "-w", "-std=gnu17", "-D_GNU_SOURCE",
                    f"-I{root}/base", f"-I{root}/schemaguard", f"-I{yyjson}",
                    HERE / "guard_native.c", yyjson / "yyjson.c", *sources, "-o", program,
                    *flags, "-lm"], check=True)  # fmt: skip
    return program


def rows(program, *arguments):
    done = subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return [tuple(float(word) for word in line.split()) for line in done.stdout.splitlines()]


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def print_bfcl(program, out):
    taken = rows(program, out / "bfcl")
    guard = sum(row[0] for row in taken) / len(taken)
    parse = sum(row[1] for row in taken) / len(taken)
    print(f"BFCL, in cache: {guard:.1f} ns a call, yyjson's parse {parse:.1f}: "
          f"{guard / parse:.2f}x (must <= 1.2)")  # fmt: skip
    guard, parse, _ = rows(program, out / "bfcl", "cycle")[0]
    print(f"BFCL, all in turn: {guard:.1f} ns a call, yyjson's parse {parse:.1f}: "
          f"{guard / parse:.2f}x")  # fmt: skip


def print_real(program, out):
    names, without = json.loads((out / "names").read_text())
    ratios = {}
    for name, (guard, parse, valid) in zip(names, rows(program, out / "real"), strict=True):
        assert valid, name
        ratios.setdefault(name, []).append(guard / parse)
    for name, some in ratios.items():
        print(f"    {name:26} {geomean(some):5.2f}x of yyjson's parse")
    over = geomean([geomean(some) for some in ratios.values()])
    print(f"{len(ratios)} real schemas: {over:.2f}x of yyjson's parse (geometric mean)")
    print(f"left out, no instance was found: {', '.join(without)}")


def main():
    if "--inside" in sys.argv:
        return inside(*map(Path, sys.argv[-3:]))
    if "--interpreters" in sys.argv:
        return interpreters()
    import guard
    import measure
    import peers

    calls = peers.fetch(guard.PEERS, peers.INSIDE)
    schemas = peers.fetch([SCHEMAS])
    vendor = schemas / "check_jsonschema/builtin_schemas/vendor"
    yyjson = yyjson_source(measure.CACHE)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        program = build(out, yyjson)
        subprocess.run([measure.FERRULE, __file__, "--inside", calls, vendor, out], check=True)
        print_bfcl(program, out)
        print_real(program, out)
    subprocess.run([measure.FERRULE, __file__, "--interpreters"], check=True)
    print(f"({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
