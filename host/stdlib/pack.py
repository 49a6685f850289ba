# SPDX-License-Identifier: MIT
"""Pack the standard library into the two blobs of the executable.

    python -I -X no_debug_ranges pack.py CPYTHON OUT [PACKAGES...]

Run by Meson with the interpreter that was just built, so that the byte code fits it.
CPYTHON is the folder made by host/cpython/build.py. Each of PACKAGES is PATH or
PREFIX:PATH, a folder or one file: what is in it joins the library, below PREFIX (our own
`ferrule`, Debian's `packaging` as `ferrule/_vendor/packaging`).
Written into OUT:
    stdlib.bin     every module, compressed, as host/stdlib/stdlib-table.c reads it
    frozen.bin     the modules needed before the importer exists, one zstd frame
    frozen-table.h rows of `struct _frozen` that point into what frozen.bin decodes to
    left-out.h     rows {name, text} for the errors about modules left out
    inline-caches.h  what stdlib-unfold.c gives back to byte code
    stdlib-blob.S  the two blobs as sections; written last, so that a new pack is
                   assembled again
    stdlib.d       what of PACKAGES was read, for ninja: folders too, since a new file
                   changes nothing but its folder
"""

import ast
import marshal
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import folding
import libzstd

HERE = Path(__file__).resolve().parent
CPYTHON_RECIPE = HERE.parent / "cpython"

# What has to be frozen, in the groups of CPython's Python/frozen.c: (frozen name, file).
# An empty run never imports the rest of its list, which is smaller in the blob.
BOOTSTRAP = [
    ("_frozen_importlib", "importlib/_bootstrap.py"),
    ("_frozen_importlib_external", "importlib/_bootstrap_external.py"),
    ("zipimport", "zipimport.py"),
]
FROZEN = [
    ("abc", "abc.py"),
    ("codecs", "codecs.py"),
    ("io", "io.py"),
]
# Not in the blob a second time, as the others are for who imports them anew.
FROZEN_ONLY = {"zipimport.py"}
# Imported by every `-c`, by every interpreter of a pool, or for the first text that is
# read: kept raw, not decoded.
RAW = {"encodings", "encodings.utf_8", "ferrule", "ferrule._interpreter_worker", "linecache"}
# Their docstrings are what they print.
KEEP_DOCSTRINGS = {"pdb", "timeit"}

FLAG_PACKAGE, FLAG_DATA, FLAG_RAW = 1, 2, 4
MAGIC, HEADER_WORDS, ENTRY_WORDS = b"FSTD", 6, 7
# What modules have in common. Kept as it is: read from the page cache, it needs no memory
# and no time, and in a package xz makes less of it than zstd would. Of 128 KiB more the
# file grows by 0.08 MB and a package shrinks by 0.015.
DICTIONARY_BYTES = 640 * 1024
LEVEL = 22


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Entry:
    """One module or data file on its way into the blob."""

    def __init__(self, name, data, flags):
        self.name, self.data, self.flags = name, data, flags
        is_folded = not flags & (FLAG_RAW | FLAG_DATA)
        self.folded = folding.fold(data) if is_folded else b""

    def to_compress(self):
        return self.folded or self.data


class Trim:
    """What trim.toml leaves out: `texts` of the errors by module name."""

    def __init__(self, file):
        self.texts, self.kept = {}, set()
        self._read("", tomllib.loads(file.read_text()))

    def _read(self, name, row):
        if "reason" in row:
            self.texts[name] = (
                f"; Ferrule leaves it out ({row['reason']}): {row['instead']}"
            )
        if "keep" in row:
            self.kept |= {name, *(f"{name}.{part}" for part in row["keep"])}
        for key, inner in row.items():
            if isinstance(inner, dict):
                self._read(f"{name}.{key}".lstrip("."), inner)

    def leaves_out(self, module):
        if module in self.kept:
            return False
        parts = module.split(".")
        return any(".".join(parts[:n]) in self.texts for n in range(1, len(parts) + 1))


def module_name(path):
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def without_docstrings(source):
    """The syntax tree of `source` as -OO would compile it, but with its asserts."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            docstring = node.body.pop(0)
            node.body = node.body or [ast.copy_location(ast.Pass(), docstring)]
    return tree


def compiled(source, filename):
    """Marshalled code; the importer puts the executable's path before `filename`."""
    code = compile(source, filename, "exec", dont_inherit=True, optimize=0)
    return marshal.dumps(code)


def entries_below(root, trim, own, prefix=Path()):
    """Every kept module below `root`. What is public of our `own` packages keeps its
    docstrings; their data files come along, but not what only an editor reads."""
    for path in sorted(root.rglob("*")):
        relative = prefix / path.relative_to(root)
        if path.is_dir() or "__pycache__" in relative.parts:
            continue
        if str(relative) in FROZEN_ONLY:
            continue
        if path.suffix == ".py":
            name = module_name(relative)
            if not name or (trim is not None and trim.leaves_out(name)):
                continue
            flags = FLAG_PACKAGE if path.name == "__init__.py" else 0
            flags |= FLAG_RAW if name in RAW else 0
            source = path.read_bytes()
            private = not own or "._" in name
            if private and name not in KEEP_DOCSTRINGS:
                source = without_docstrings(source)
            yield Entry(name, compiled(source, str(relative)), flags)
        elif own and path.suffix != ".pyi" and path.name != "py.typed":
            yield Entry(str(relative), path.read_bytes(), FLAG_DATA)


def sysconfig_data(cpython):
    """The build-time variables that sysconfig imports by a generated name."""
    (found,) = (cpython / "build").glob("build/lib.*/_sysconfigdata_*.py")
    return Entry(found.stem, compiled(found.read_bytes(), found.name), 0)


def collect(cpython, packages):
    trim = Trim(CPYTHON_RECIPE / "trim.toml")
    lib = cpython / "src" / "Lib"
    entries = [e for e in entries_below(lib, trim, own=False)
               if not e.name.startswith("site-packages")]  # fmt: skip
    entries.append(sysconfig_data(cpython))
    for package in packages:
        prefix, _, path = package.rpartition(":")
        if Path(path).is_file():
            name = Path(prefix, Path(path).name)
            entries.append(Entry(str(name), Path(path).read_bytes(), FLAG_DATA))
        else:
            entries += entries_below(Path(path), None, True, Path(prefix))
    return sorted(entries, key=lambda entry: entry.name.encode()), trim


def word(number):
    return number.to_bytes(4, "little")


def write_blob(entries, target):
    """The format is described in stdlib-table.h."""
    small = [e.to_compress() for e in entries if not e.flags & FLAG_RAW]
    dictionary = libzstd.train(small, DICTIONARY_BYTES, LEVEL)
    rows, names, data = [], bytearray(), bytearray()
    with libzstd.Compressor(dictionary, LEVEL) as compressor:
        for entry in entries:
            raw = entry.flags & FLAG_RAW
            stored = entry.data if raw else compressor.compress(entry.to_compress())
            name = entry.name.encode()
            rows.append((len(names), len(name), entry.flags, len(data), len(stored),
                         len(entry.data), len(entry.folded)))  # fmt: skip
            names += name + b"\0"
            data += stored
    base = 4 * HEADER_WORDS + 4 * ENTRY_WORDS * len(rows)
    dictionary_at = base + len(names)
    header = [len(rows), base, dictionary_at, len(dictionary), dictionary_at + len(dictionary)]
    blob = MAGIC + b"".join(map(word, header))
    blob += b"".join(word(number) for row in rows for number in row)
    target.write_bytes(blob + names + dictionary + data)


def patched_importlib(cpython, work):
    """Copies of the bootstrap modules with our seams in them."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "Lib" / "importlib").mkdir(parents=True)
    for _, file in BOOTSTRAP:
        shutil.copy(cpython / "src" / "Lib" / file, work / "Lib" / file)
    with open(CPYTHON_RECIPE / "start-up.patch", "rb") as patch:
        subprocess.run(["patch", "-s", "-p1"], cwd=work, stdin=patch, check=True)
    return work / "Lib"


def freeze(cpython, out):
    """Write frozen.bin and its table."""
    patched = patched_importlib(cpython, out / "importlib")
    data, table = bytearray(), []
    for group, modules in (("BOOTSTRAP", BOOTSTRAP), ("STDLIB", FROZEN)):
        table.append(f"#define FROZEN_{group} \\")
        for name, file in modules:
            path = patched / file
            path = path if path.exists() else cpython / "src" / "Lib" / file
            tree = without_docstrings(path.read_bytes())
            code = compiled(tree, f"<frozen {module_name(Path(file))}>")
            table.append(f'    {{"{name}", FROZEN_AT({len(data)}), {len(code)}, 0}}, \\')
            data += code + bytes(-len(code) % 16)
        table.append("")
    table.append(f"#define FROZEN_BYTES {len(data)}")
    with libzstd.Compressor(b"", LEVEL) as compressor:
        (out / "frozen.bin").write_bytes(compressor.compress(bytes(data)))
    (out / "frozen-table.h").write_text("\n".join(table) + "\n")


def write_left_out(table, target):
    rows = [f"    {{{quote(name)}, {quote(text)}}}, \\" for name, text in table.items()]
    target.write_text("#define LEFT_OUT \\\n" + "\n".join(rows) + "\n\n")


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_dependencies(packages, target):
    read = []
    for package in packages:
        folder = Path(package.rpartition(":")[2])
        read += [folder, *folder.rglob("*")]
    paths = [str(path) for path in read if "__pycache__" not in path.parts]
    target.write_text(f"{target.with_suffix('.bin')}: " + " ".join(paths) + "\n")


def main(cpython, out, *packages):
    cpython, out = Path(cpython), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    entries, trim = collect(cpython, packages)
    write_blob(entries, out / "stdlib.bin")
    freeze(cpython, out)
    write_dependencies(packages, out / "stdlib.d")
    write_left_out(trim.texts, out / "left-out.h")
    folding.write_header(out / "inline-caches.h")
    shutil.copyfile(HERE / "stdlib-blob.S.in", out / "stdlib-blob.S")


if __name__ == "__main__":
    main(*sys.argv[1:])
