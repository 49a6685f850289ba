# SPDX-License-Identifier: MIT
"""Prepares the calls of BFCL for the replay and prints the folder they are in.

    python3 agents/replay/bfcl

Runs on any Python from 3.11 with pip, before there is a Ferrule. Everything lands in
${XDG_CACHE_HOME:-~/.cache}/ferrule/bfcl/; a second run finds it there and needs no
network. Exit code: 0 and the folder on stdout, or 3 and the reason on stderr.
"""

import hashlib
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import fetch
import mapping
import stream

TOOLS, CALLS = 3364, 3302  # what this version of the package holds
EXIT_READY, EXIT_UNAVAILABLE, EXIT_INTERRUPTED = 0, 3, 130

ABOUT = {
    "title": f"The calls of BFCL v4 ({fetch.PACKAGE} {fetch.VERSION}): "
    f"{CALLS:,} real calls in a stream of {stream.LENGTH:,}",
    "note": "The repeats and the latencies are synthetic, for BFCL has none. Calls are "
    f"repeated by Zipf's law (exponent {stream.ZIPF:g}, seed {stream.SEED}) and each "
    f"tool has a made-up latency (median {stream.MEDIAN_MS:g} ms). The schemas, the "
    "calls and their mistakes are BFCL's own; NAME~2 is a second schema of one NAME.",
}


def main():
    cache = cache_folder()
    try:
        folder = prepare(cache)
    except fetch.Unavailable as error:
        print(f"bfcl: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except OSError as error:
        print(f"bfcl: {error.filename or cache}: {error.strerror}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    print(folder)
    return EXIT_READY


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ferrule" / "bfcl"


def prepare(cache):
    """Returns the folder; makes it, whole or not at all, when it is not there."""
    folder = cache / f"{fetch.VERSION}-{_recipe()}"
    if folder.is_dir():
        return folder
    print(f"bfcl: getting {fetch.PACKAGE} {fetch.VERSION}", file=sys.stderr)
    with zipfile.ZipFile(fetch.wheel(cache)) as wheel:
        tools, calls = mapping.read(zipfile.Path(wheel, "bfcl_eval/data/"))
    if (len(tools), len(calls)) != (TOOLS, CALLS):
        raise fetch.Unavailable(
            f"expected {TOOLS:,} schemas and {CALLS:,} calls, "
            f"found {len(tools):,} and {len(calls):,}"
        )
    _write(folder, tools, stream.traffic(calls))
    print(f"bfcl: {TOOLS:,} schemas, {CALLS:,} calls", file=sys.stderr)
    return folder


def _recipe():
    """Changes when the code that makes the files does."""
    digest = hashlib.sha256()
    for module in (mapping, stream, sys.modules[__name__]):
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:12]


def _write(folder, tools, records):
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".make-") as made:
        made = Path(made) / "data"
        made.mkdir()
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        files = {
            "tools.json": "[\n" + ",\n".join(map(json.dumps, tools)) + "\n]\n",
            "calls.jsonl": "\n".join(lines) + "\n",
            "about.json": json.dumps(ABOUT, indent=2) + "\n",
        }
        for name, text in files.items():
            (made / name).write_text(text, encoding="utf-8")
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise


if __name__ == "__main__":
    sys.exit(main())
