# SPDX-License-Identifier: MIT
"""The same input gives the same bytes, wherever, whenever and by whomever it is packed."""

import hashlib
import os
import shutil
import subprocess
import unittest

from host import FERRULE
from installed import BUILD, ROOT, InstallCase, runtime_packages

TIMEOUT = 900
# (umask, variables): of two people who have nothing in common.
ONE = (0o022, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"})
OTHER = (0o077, {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2",
                 "LANGUAGE": "de", "USER": "other", "LOGNAME": "other"})  # fmt: skip


def sums(paths):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


class Reproducible(InstallCase):
    def compare(self, first, second):
        """Prints both hashes of each, for whoever reads the log."""
        for name, digest in first.items():
            print(f"{name}\n  {digest}\n  {second.get(name)}")
        self.assertEqual(first, second)

    def called_by(self, person, folder, *command):
        umask, env = person
        subprocess.run(list(map(str, command)), cwd=folder, umask=umask, check=True,
                       timeout=TIMEOUT, env={**self.env, **env, "HOME": str(folder)},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    def agent_of(self, person, name, moment):
        """The same agent in a folder called otherwise, made at another time."""
        folder = self.agent(name="hello", license="MIT", icon="icon.svg")
        self.write("hello/icon.svg", "<svg/>")
        self.write("hello/data/tool.sh", "#!/bin/sh\n").chmod(0o777 & ~person[0])
        self.write("hello/vendor/alpha.py", "X = {'a', 'b', 'c'}\n")
        self.write("hello/vendor/alpha-1.dist-info/METADATA", "Name: alpha\nVersion: 1\n")
        self.write("hello/vendor/alpha-1.dist-info/RECORD", "alpha.py,,\n")
        target = self.folder / name
        # Written anew in another order, so that the folder lists them otherwise.
        for path in sorted(folder.rglob("*"), reverse=name == "other"):
            if path.is_file():
                copy = target / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
                os.utime(copy, (moment, moment))
        return target

    def test_packing_an_agent(self):
        made = {}
        for name, person, moment in (("one", ONE, 1), ("other", OTHER, 2_000_000_000)):
            folder, out = self.agent_of(person, name, moment), self.folder / f"out {name}"
            out.mkdir()
            for suffix in ("ferrule", "run", "deb"):
                runtime = ("--runtime", runtime_packages()[".run"]) * (suffix == "run")
                self.called_by(person, out, FERRULE, "pack", folder, "-o",
                               out / f"hello.{suffix}", *runtime)
            made[name] = sums(sorted(out.iterdir()))
        self.assertEqual(len(made["one"]), 3)
        self.compare(made["one"], made["other"])

    def test_packages_of_the_runtime_from_one_build_tree(self):
        made = {}
        for name, person in (("one", ONE), ("other", OTHER)):
            place = self.folder / name
            place.mkdir()
            self.called_by(person, place, FERRULE, ROOT / "installer/package.py",
                           place / "dist", BUILD, BUILD)
            made[name] = sums(sorted((place / "dist").iterdir()))
        self.assertEqual(len(made["one"]), 4)
        self.compare(made["one"], made["other"])


if __name__ == "__main__":
    unittest.main()
