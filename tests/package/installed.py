# SPDX-License-Identifier: MIT
"""installed - packages made once for the tests, and running them in a home of their own.

The runtime that goes in is the executable under test, whatever its build.
"""

import fcntl
import hashlib
import os
import subprocess
import unittest
from pathlib import Path

from sample_agents import PackageCase, tree
from host import FERRULE, TIMEOUT, can_unshare

ROOT = Path(os.environ["FERRULE_ROOT"])
BUILD = Path(FERRULE).parent


def _made_from():
    digest = hashlib.sha256(Path(FERRULE).read_bytes())
    for path in sorted((ROOT / "installer").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def runtime_packages():
    """{suffix: path} of the runtime's packages, made once for a build."""
    folder = BUILD / "test-packages"
    folder.mkdir(exist_ok=True)
    out = folder / _made_from()
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(out.glob("*.run")):
            subprocess.run([FERRULE, ROOT / "installer/package.py", out, BUILD, BUILD],
                           check=True, stdout=subprocess.DEVNULL, timeout=600)
    return {path.suffix: path for path in out.iterdir() if "codecs" not in path.name}


class InstallCase(PackageCase):
    HOME = "home"  # its name

    def setUp(self):
        super().setUp()
        self.home = self.folder / self.HOME
        self.home.mkdir(exist_ok=True)
        self.env = {**self.env, "HOME": str(self.home),
                    "PATH": f"{self.home}/.local/bin:{os.environ['PATH']}"}

    def shell(self, *words, before="", prefix=(), **env):
        """A command line in the home; `before`: shell commands in the same namespace."""
        command = [*prefix, "sh", "-c", f'{before}\nexec "$@"', "sh", *map(str, words)]
        return subprocess.run(command, cwd=self.folder, env={**self.env, **env}, text=True,
                              capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)

    def namespace(self, before, *words, **env):
        """The same with mounts of its own."""
        if os.geteuid() != 0 or not can_unshare():
            self.skipTest("mounting needs root and mount namespaces, which are not here")
        return self.shell(*words, before="set -e\n" + before, prefix=("unshare", "-m"), **env)

    def installer(self, version="1.0", name="hello", greeting=None):
        """NAME-VERSION.run of an agent that greets with its version."""
        folder = self.agent(name, greeting or f"{name} {version}", version=version)
        return self.pack(folder, f"{name}-{version}.run", "--runtime",
                         runtime_packages()[".run"])

    def install(self, run_file, *options, code=0, **env):
        return self.expect(self.shell("sh", run_file, *options, **env), code=code)

    def root_of(self, name):
        return self.home / ".local/share/ferrule-agents" / name

    def assert_nothing_written(self, before):
        self.assertEqual(tree(self.home), before)


def needs(program):
    """The program's path, or the test is skipped with the reason."""
    import shutil

    path = shutil.which(program)
    if path is None:
        raise unittest.SkipTest(f"{program} is not installed (./dev test installs it)")
    return path
