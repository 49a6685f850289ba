# SPDX-License-Identifier: MIT
"""Benches of what several agents do run, and find nothing broken. In small: their figures
mean nothing here."""

import subprocess
import sys
import unittest
from pathlib import Path

from host import HostCase

BENCHES = Path(__file__).resolve().parents[2] / "bench"
TIMEOUT_S = 180


class Bench(HostCase):
    def run_bench(self, code):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys\nsys.path[:0] = [{str(BENCHES)!r}]\n{code}"],
            capture_output=True, text=True, timeout=TIMEOUT_S)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_agents(self):
        said = self.run_bench("import agents\nagents.STARTS = 20\nagents.LIVES = 50\n"
                              "agents.LIVES_WORKERS = 4\nsys.exit(agents.main())")
        self.assertIn("fork to first line: median", said)
        self.assertIn(": 0 descriptors and 0 zombies left", said)

    def test_interpreters(self):
        said = self.run_bench("import interpreters\ninterpreters.start()\n"
                              "interpreters.profiler(2)")
        self.assertIn("create to first line, median", said)
        self.assertRegex(said, r"rows against wall: [01]\.\d\d %")

    def test_kills(self):
        said = self.run_bench("import kills\nsys.argv = ['kills', '--kills', '20']\n"
                              "sys.exit(kills.main())")
        self.assertIn("20 restarts, all run again; 0 wrong answers", said)

    def test_waking(self):
        said = self.run_bench("import waking\nwaking.ROUNDS = waking.SECONDS = 1\n"
                              "waking.main()")
        self.assertEqual(said.count(" p99 "), 9, said)


if __name__ == "__main__":
    unittest.main()
