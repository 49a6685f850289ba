# SPDX-License-Identifier: MIT
"""kill -9 at every step of an upgrade and of an uninstallation."""

import os
import signal
import subprocess
import unittest

from installed import InstallCase, needs
from sample_agents import tree

TIMEOUT = 900

# Ends the process before the N-th change of the file system; prints the count if it
# comes to its end.
KILLER = """
import os, sys
from ferrule._installer import setup
last, count = int(sys.argv[1]), 0

def guarded(call):
    def wrapped(*args, **kwargs):
        global count
        count += 1
        if count == last:
            os.kill(os.getpid(), 9)
        return call(*args, **kwargs)
    return wrapped

for name in ("rename", "symlink", "unlink", "mkdir", "rmdir", "chmod", "fsync", "remove"):
    setattr(os, name, guarded(getattr(os, name)))
code = setup.main(sys.argv[2:])
print(count)
sys.exit(code)
"""


# Stands before a program of the shell half: ends all of the installer, the N-th time.
SHIM = """\
#!/bin/sh
count=$(($(cat "$COUNT_FILE") + 1))
echo "$count" >"$COUNT_FILE"
[ "$count" != "$LAST" ] || kill -9 0
exec "{real}" "$@"
"""
# One of each pipeline, so that nobody counts at the same time.
PROGRAMS = ("uname", "getconf", "sort", "wc", "tail", "dirname", "df", "mkdir", "chmod", "rm")


class Interrupted(InstallCase):
    def setUp(self):
        super().setUp()
        first = self.installer("1.0")
        self.install(first)
        self.saved = self.folder / "saved"
        self.copy(self.home, self.saved)
        self.staged = self.folder / "staged"
        self.install(self.installer("1.1"), "--extract", self.staged)

    def copy(self, source, target):
        """By hard links: installing replaces files, it never writes into them."""
        subprocess.run(["rm", "-rf", target], check=True)
        subprocess.run(["cp", "-al", source, target], check=True)

    def setup_command(self, last, *words):
        runtime = self.staged / "lib/ferrule/ferrule"
        return self.shell(runtime, "-Ic", KILLER, last, *words)

    def upgrade(self, last):
        staging = self.root_of("hello") / "versions/.staging-1"
        self.copy(self.staged, staging)
        return self.setup_command(last, "install", "--quiet", "--root",
                                  self.root_of("hello"), "--staging", staging)

    def steps(self, done):
        """Every step at first, then samples: what follows is the clearing up."""
        total = int(done.stdout)
        self.assertGreater(total, 8)
        return [*range(1, min(total, 20) + 1), *range(24, total + 1, 6)]

    def test_an_upgrade_killed_at_every_step(self):
        seen = set()
        for step in self.steps(self.expect(self.upgrade(0))):
            with self.subTest(step=step):
                self.copy(self.saved, self.home)
                self.assertEqual(self.upgrade(step).returncode, -signal.SIGKILL)
                done = self.expect(self.shell("hello"), err="")
                self.assertIn(done.stdout, {"hello 1.0\n", "hello 1.1\n"})
                seen.add(done.stdout)
                self.expect(self.upgrade(0))
                self.expect(self.shell("hello"), out="hello 1.1\n", err="")
                self.assert_tidy()
        self.assertEqual(seen, {"hello 1.0\n", "hello 1.1\n"})

    def assert_tidy(self):
        root = self.root_of("hello")
        self.assertEqual(sorted(os.listdir(root)), ["current", "place.json", "versions"])
        names = sorted(os.listdir(root / "versions"))
        self.assertEqual([name.partition("-")[0] for name in names], ["1.0", "1.1"])

    def shell_upgrade(self, run_file, last):
        """Exit code of the upgrade by its .run, killed at program number `last`."""
        shims = self.folder / "shims"
        for name in PROGRAMS:
            shim = self.write(f"shims/{name}", SHIM.format(real=needs(name)))
            shim.chmod(0o755)
        counter = self.write("count", "0")
        env = {**self.env, "PATH": f"{shims}:{self.env['PATH']}", "LAST": str(last),
               "COUNT_FILE": str(counter)}
        code = subprocess.run(["sh", run_file, "--quiet"], env=env, start_new_session=True,
                              cwd=self.folder, timeout=TIMEOUT).returncode
        return code, int(counter.read_text())

    def test_the_shell_half_killed_at_every_step(self):
        run_file = self.installer("1.1")
        code, total = self.shell_upgrade(run_file, 0)
        self.assertEqual(code, 0)
        self.assertGreater(total, 12)
        for step in range(1, total + 1):
            with self.subTest(step=step):
                self.copy(self.saved, self.home)
                self.assertEqual(self.shell_upgrade(run_file, step), (-signal.SIGKILL, step))
                self.expect(self.shell("hello"), out="hello 1.0\n", err="")
        self.install(run_file)
        self.expect(self.shell("hello"), out="hello 1.1\n", err="")
        self.assert_tidy()

    def test_an_uninstallation_killed_at_every_step(self):
        root = self.root_of("hello")
        done = self.expect(self.setup_command(0, "uninstall", "--root", root, "--quiet"))
        for step in self.steps(done):
            with self.subTest(step=step):
                self.copy(self.saved, self.home)
                killed = self.setup_command(step, "uninstall", "--root", root)
                self.assertEqual(killed.returncode, -signal.SIGKILL)
                if (root / "versions").is_dir():
                    self.expect(self.setup_command(0, "uninstall", "--root", root))
                    self.assertEqual(tree(self.home), {})


if __name__ == "__main__":
    unittest.main()
