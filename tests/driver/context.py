# SPDX-License-Identifier: MIT
"""context - where things are: the checkout, what was built, the caches."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from driver import data, packages

ROOT = Path(__file__).resolve().parents[2]


def cache_folder():
    """Shared by all checkouts of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ferrule"


class Unavailable(Exception):
    """What a suite needs is not there; the text says why and what to do."""


@dataclass
class Context:
    build: Path = ROOT / "build"  # Meson's folder
    executable: Path | None = None  # default: ferrule in the build folder
    jobs: int = os.cpu_count() or 1
    cpython_source: Path | None = None
    options: dict = field(default_factory=dict)

    @cached_property
    def ferrule(self):
        found = self.executable or self.build / "ferrule"
        if not found.is_file():
            raise Unavailable(f"no {found}: run ./dev build")
        return found.resolve()

    @cached_property
    def meson(self):
        """Meson's folder. `build` may be it, or hold it."""
        for folder in (self.build, *sorted(self.build.glob("*/"))):
            if (folder / "meson-info").is_dir():
                return folder
        raise Unavailable(f"nothing built in {self.build}: run ./dev build")

    @cached_property
    def test_data(self):
        """(folder or None, why there is none or what it lacks)."""
        return data.find(ROOT, cache_folder())

    @cached_property
    def packages(self):
        """(folder with the Python packages of tests or None, why there is none)."""
        return packages.find(ROOT / "tests/support/packages.txt", cache_folder())

    @cached_property
    def environment(self):
        """The environment of every test program."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        env["FERRULE_ROOT"] = str(ROOT)
        env["FERRULE_BUILD"] = str(self.build.resolve())
        env["G_DEBUG"] = "gc-friendly"
        folder, _ = self.test_data
        if folder:
            env["FERRULE_TEST_DATA"] = str(folder)
        try:
            env["FERRULE"] = str(self.ferrule)
        except Unavailable:
            pass
        return env

    def build_option(self, name):
        """The value of an option that the build folder was set up with."""
        options = (self.meson / "meson-info" / "intro-buildoptions.json").read_text()
        return next(o["value"] for o in json.loads(options) if o["name"] == name)

    @cached_property
    def cpython(self):
        """CPython's Lib/ with the folder test/, of the build in the executable."""
        if self.cpython_source:
            return self.cpython_source
        lib = Path(self.build_option("cpython")) / "src" / "Lib"
        if not (lib / "test").is_dir():
            raise Unavailable(f"no {lib}/test: run ./dev build")
        return lib

    def meson_tests(self, suite):
        """Meson's test table rows of a suite, freshly built."""
        build(self.meson)
        return introspect(self.meson, suite)


def build(folder, targets=()):
    """Bring a Meson folder up to date; its output is shown only when it fails."""
    done = subprocess.run(
        ["ninja", "-C", folder, *targets], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Unavailable(f"{folder} does not build:\n{done.stdout[-6000:]}")


def introspect(folder, suite):
    said = subprocess.run(
        ["meson", "introspect", "--tests", folder],
        capture_output=True, text=True, check=True,
    )
    rows = json.loads(said.stdout)
    return [r for r in rows if any(s.split(":")[-1] == suite for s in r["suite"])]
