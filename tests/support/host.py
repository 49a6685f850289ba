# SPDX-License-Identifier: MIT
"""host - run the real executable and look at its exit code and both streams.

Example: class Test(HostCase):
             def test_hello(self):
                 self.expect(self.run_code("print(1)"), out="1\\n")
"""

import os
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

FERRULE = os.environ.get("FERRULE", "")
TIMEOUT = 120  # of one run: far above any honest one, a hang ends all the same

if not FERRULE:
    raise unittest.SkipTest("no executable: FERRULE is not set (./dev test sets it)")


def run(*words, text=True, timeout=TIMEOUT, **options):
    """The executable with a command line; no input unless given."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    if text:
        options.update(encoding="utf-8", errors="surrogateescape")
    command = [FERRULE, *(str(word) for word in words)]
    return subprocess.run(command, timeout=timeout, **options)


def start(*words, **options):
    """The same without waiting."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    command = [FERRULE, *(str(word) for word in words)]
    return subprocess.Popen(command, **options)


def shell(command, **options):
    """A shell command in which $FERRULE is the executable."""
    return subprocess.run(
        ["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", errors="surrogateescape", timeout=TIMEOUT,
        env={**os.environ, **options.pop("env", {})}, **options,
    )


def environment(**changes):
    """This environment with changes; None takes a variable away."""
    env = {**os.environ, **changes}
    return {name: value for name, value in env.items() if value is not None}


def can_unshare():
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True)
    return done.returncode == 0


class HostCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferrule-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()

    def write(self, name, content):
        """A file in the test's folder; text is dedented."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(textwrap.dedent(content), encoding="utf-8")
        return path

    def run_script(self, content, *arguments, name="script.py", **options):
        return run(self.write(name, content), *arguments, **options)

    def run_code(self, code, *arguments, **options):
        return run("-c", textwrap.dedent(code), *arguments, **options)

    def expect(self, done, code=0, out=None, err=None):
        """Exit code, whole stdout, and a part of stderr ("" for an empty one)."""
        said = f"exit code {done.returncode}\nstdout: {done.stdout}\nstderr: {done.stderr}"
        self.assertEqual(done.returncode, code, said)
        if out is not None:
            self.assertEqual(done.stdout, out, said)
        if err == "":
            self.assertEqual(done.stderr, "", said)
        elif err is not None:
            self.assertIn(err, done.stderr, said)
        return done
