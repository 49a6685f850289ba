# SPDX-License-Identifier: MIT
"""Life cycles of the embedding: start, run, finish, again and again in one process."""

import json
import os
import subprocess
import unittest
from pathlib import Path

TIMEOUT = 900
BUILD = Path(os.environ.get("FERRULE_BUILD", "build"))
PROGRAM = BUILD / "tests" / "embed" / "life"
# Most bytes that a cycle may leave behind once things have settled: twice the figure
# that ./dev bench holds, so that a page more or less is no failure. A stock CPython
# 3.13.5 leaves 125,000 for `pass` and 237,000 with json.
GROWTH_MAX = 4096

IMPORTS = "import asyncio, json, ssl, logging, re, dataclasses, subprocess, threading"


@unittest.skipUnless(PROGRAM.exists(), f"no {PROGRAM}: built with the host only")
class Life(unittest.TestCase):
    def live(self, scenario, cycles, code="pass"):
        done = subprocess.run([PROGRAM, scenario, str(cycles), code], timeout=600,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        said = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(said["cycles"], cycles)
        self.assertEqual(said["failures"], 0, done.stderr)
        return said, done

    def grows_little(self, said):
        self.assertLess(said["growth"] / (said["cycles"] - 10), GROWTH_MAX)

    def test_a_hundred_runs(self):
        said, done = self.live("repeat", 100, "import json; x = json.dumps([1])")
        self.grows_little(said)

    def test_a_hundred_starts_without_a_run(self):
        said, _ = self.live("idle", 100)
        self.grows_little(said)

    def test_runs_with_what_agents_import(self):
        said, _ = self.live("repeat", 20, IMPORTS)
        self.assertEqual(said["failures"], 0)

    def test_runs_with_our_modules(self):
        said, _ = self.live("repeat", 300, "import ferrule\n"
                            "cache = ferrule.ToolCache(max_entries=10)\n"
                            "cache.set('t', {'a': 1}, 'v'); assert len(cache) == 1\n"
                            "guard = ferrule.SchemaGuard({'type': 'object'})\n"
                            "assert guard.is_valid('{}') and guard.errors('1')\n")
        self.grows_little(said)

    def test_runs_with_threads_and_tasks(self):
        self.live("repeat", 20, "import asyncio, threading\n"
                  "t = [threading.Thread(target=sum, args=([1],)) for _ in range(4)]\n"
                  "[x.start() for x in t]; [x.join() for x in t]\n"
                  "asyncio.run(asyncio.sleep(0))\n")

    def test_runs_with_sub_interpreters(self):
        self.live("repeat", 30, "import _interpreters\n"
                  "for config in ('isolated', 'legacy'):\n"
                  "    i = _interpreters.create(config)\n"
                  "    assert _interpreters.exec(i, 'import json, ferrule') is None\n"
                  "    _interpreters.destroy(i)\n")

    def test_what_interpreters_share_ends_with_each_run(self):
        said, _ = self.live("repeat", 60, "from ferrule import InterpreterPoolExecutor\n"
                            "with InterpreterPoolExecutor(1) as pool:\n"
                            "    assert list(pool.map(abs, [-1])) == [1]\n")
        self.grows_little(said)

    def test_failed_runs_count_and_leave_no_trace(self):
        done = subprocess.run([PROGRAM, "repeat", "12", "1/0"], capture_output=True,
                              text=True, timeout=600)
        self.assertEqual(json.loads(done.stdout)["failures"], 12)
        self.assertEqual(done.stderr.count("ZeroDivisionError"), 12)

    def test_refused_starts_then_a_good_one(self):
        self.live("refused", 5, "import json")

    def test_all_kinds_in_turn(self):
        self.live("mixed", 10, "import json, re")

    def test_each_run_is_a_clean_slate(self):
        _, done = self.live("repeat", 3, "import sys, os\n"
                            "assert not hasattr(sys, 'mark'); sys.mark = 1\n"
                            "print(len(sys.argv), 'json' in sys.modules)\nimport json\n")
        self.assertEqual(done.stdout.splitlines()[:-1], ["1 False"] * 3)

    def test_atexit_and_streams_of_each_run(self):
        _, done = self.live("repeat", 3, "import atexit; atexit.register(print, 'bye')\n"
                            "print('hello')")
        self.assertEqual(done.stdout.splitlines()[:-1], ["hello", "bye"] * 3)


if __name__ == "__main__":
    unittest.main()
