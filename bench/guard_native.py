# SPDX-License-Identifier: MIT
"""The schema guard without Python: C callers, real schemas, interpreters side by side.

Controls: yyjson's parse of the same bytes, the fastest parser that builds a tree; it checks
nothing. For the real schemas also Blaze, the fastest validator of a parsed tree: its
command line times itself, the validation alone (a call of the clock a document included, formats
not asserted). It is run, not linked (AGPL).
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
BLAZE = "sourcemeta-jsonschema==17.3.0"
BLAZE_LOOPS = 300
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
        texts = [json.dumps(json.loads(path.read_bytes())).encode() for path in files
                 if path.stat().st_size < 40_000]  # fmt: skip
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


def read_cases(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        one, two = struct.unpack_from("<II", data, at)
        schema, at = data[at + 8 : at + 8 + one], at + 8 + one
        yield json.loads(schema), data[at : at + two]
        at += two


def blaze_ns(command, schema, texts, folder):
    """What Blaze takes for each text, best of three runs; [] where it refuses the schema."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    (folder / "schema.json").write_text(json.dumps(schema))
    (folder / "texts.jsonl").write_bytes(b"".join(text + b"\n" for text in texts))
    best = []
    for _ in range(3):
        done = subprocess.run([command, "validate", "schema.json", "texts.jsonl", "--fast",
                               "--benchmark", "--loop", str(BLAZE_LOOPS)], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
        taken = [float(line.split(": PASS ")[1].split()[0]) * 1e3
                 for line in done.stdout.splitlines() if ": PASS " in line]  # fmt: skip
        if len(taken) != len(texts):
            return []
        best = taken if not best else list(map(min, best, taken))
    return best


def print_real(program, out, blaze):
    names, without = json.loads((out / "names").read_text())
    found = {}
    taken = rows(program, out / "real")
    for name, row, case in zip(names, taken, read_cases(out / "real"), strict=True):
        assert row[2], name
        found.setdefault(name, []).append((*row[:2], *case))
    over_parse, over_both, refused = [], [], []
    for name, some in found.items():
        over_parse.append(geomean([guard / parse for guard, parse, _, _ in some]))
        checks = blaze_ns(blaze, some[0][2], [text for _, _, _, text in some], out)
        if not checks:
            refused.append(name)
            print(f"    {name:26} {over_parse[-1]:5.2f}x of yyjson's parse")
            continue
        over_both.append(geomean([row[0] / (row[1] + ns)
                                  for row, ns in zip(some, checks, strict=True)]))  # fmt: skip
        print(f"    {name:26} {over_parse[-1]:5.2f}x of yyjson's parse, "
              f"{over_both[-1]:5.2f}x of yyjson + Blaze")  # fmt: skip
    print(f"{len(found)} real schemas: {geomean(over_parse):.2f}x of yyjson's parse (geometric mean)")
    print(f"{len(over_both)} real schemas: {geomean(over_both):.2f}x of yyjson's parse and Blaze's "
          "check (must <= 0.75, reach 0.6)")  # fmt: skip
    print(f"Blaze refuses: {', '.join(refused) or 'none'}")
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
    wheel = peers.fetch([BLAZE])
    blaze = wheel / "sourcemeta_jsonschema/jsonschema-linux-x86_64"
    blaze.chmod(0o755)  # pip drops the bit
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        program = build(out, yyjson)
        subprocess.run([measure.FERRULE, __file__, "--inside", calls, vendor, out], check=True)
        print_bfcl(program, out)
        print_real(program, out, blaze)
    subprocess.run([measure.FERRULE, __file__, "--interpreters"], check=True)
    print(f"({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
