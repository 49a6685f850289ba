# SPDX-License-Identifier: MIT
"""A script that the launcher's parent has compiled: once, and as it runs by itself."""

import os
import re
import unittest

from agents import AgentsCase, wait_until
from host import run

AGE_S = 5  # older than what may still be changing

# Whether this code is the parent's.
IS_SHARED = r"""
import sys
from ferrule import _scripts
print([code is sys._getframe().f_code for _, code, *_ in _scripts.compiled.values()])
"""

MAIN = r"""
# -*- coding: latin-1 -*-
'''A text with an \xfc.'''
from __future__ import annotations
import atexit, builtins, os, sys
def later(): print("at exit", sorted(globals()))
atexit.register(later)
x: unknown = 1
print(sorted(globals()))
print(__name__, __file__, __cached__, __spec__, __package__, ascii(__doc__))
print(type(__loader__), __loader__.name, __loader__.path)
print(__builtins__ is builtins, __annotations__, sys.argv, sys.path[0])
print(sys.modules["__main__"].__dict__ is globals(), sys._getframe().f_code.co_filename)
os.chdir("/")
print(__file__)
def fail():
    sys.stdout.write("no newline before the error")
    raise ValueError("it failed")
fail()
"""


class Script(AgentsCase):
    def aged(self, name, text, encoding="utf-8"):
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        then = path.stat().st_mtime - AGE_S
        os.utime(path, (then, then))
        return path

    def workers(self, path, count=1):
        return run("run", "--workers", count, path, env=self.env)

    def single(self, path):
        done = run("run", path, env=self.env)
        prefixed = [re.sub("(?m)^(?=.)", "a | ", text)
                    for text in (done.stdout, done.stderr)]  # fmt: skip
        code = done.returncode
        return code if code >= 0 else 128 - code, *prefixed

    def expect_as_single(self, path):
        done = self.workers(path)
        code, out, err = self.single(path)
        self.assertEqual((done.returncode, done.stdout), (code, out))
        self.assertEqual(done.stderr.partition("ferrule: ")[0], err)
        return done

    def test_agents_share_its_code(self):
        done = self.workers(self.aged("a.py", IS_SHARED), 2)
        self.assertEqual(self.lines(done.stdout), ["a[0] | [True]", "a[1] | [True]"])

    def test_main_is_as_in_a_single_run(self):
        text = MAIN.replace(r"\xfc", "\xfc").lstrip()
        done = self.expect_as_single(self.aged("a.py", text, "latin-1"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("at exit", done.stdout)
        self.assertIn('raise ValueError("it failed")', done.stderr)

    def test_ends_are_as_in_a_single_run(self):
        for end in ("sys.exit(3)", "sys.exit('a text')", "sys.exit()", "raise SystemExit",
                    "1 / 0", "sys.stdout.close()", "sys.stdout = None; sys.exit(2)",
                    "raise KeyboardInterrupt"):  # fmt: skip
            with self.subTest(end):
                text = f"import atexit, sys\natexit.register(print, 'last')\n{end}"
                self.expect_as_single(self.aged("a.py", text))

    def test_a_changed_one_is_run_as_it_is_now(self):
        self.aged("a.py", "print('old')")
        process = self.start_agents({}, '[[agent]]\nscript = "a.py"\nrestart = "always"')
        self.assertEqual(process.stdout.readline(), b"a | old\n")
        self.write("a.py", "print('new')")
        wait_until(lambda: process.stdout.readline() == b"a | new\n", "the new text")
        self.assertEqual(process.stdout.readline(), b"a | new\n")

    def test_one_that_goes_away_is_said_by_the_agent(self):
        path = self.aged("a.py", "import os\nos.unlink(__file__)\nraise SystemExit(1)")
        toml = '[[agent]]\nscript = "a.py"\nrestart = "on-failure"'
        done = self.run_agents({}, toml)
        self.assertIn(f"a | ferrule: cannot open {path}: No such file", done.stderr)

    def test_one_that_may_still_change_is_compiled_by_the_agent(self):
        path = self.aged("a.py", IS_SHARED)
        later = path.stat().st_mtime + 10 * AGE_S
        os.utime(path, (later, later))
        self.expect(self.workers(path), 0, "a | []\n", "")

    def test_requirements_and_settings_are_checked_in_the_agent(self):
        block = '# /// script\n# dependencies = ["no-such-package"]\n# ///\n'
        self.expect_refused(self.aged("a.py", block + IS_SHARED), "no-such-package")
        path = self.aged("a.py", IS_SHARED)
        self.write("ferrule.json", '{"settings": {"CITY": {"type": "strang"}}}')
        self.expect_refused(path, "/settings/CITY/type")

    def expect_refused(self, path, said):
        done = self.workers(path, 2)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        for worker in (0, 1):
            self.assertRegex(done.stderr, rf"(?m)^a\[{worker}\] \| .*{said}")

    def test_mistakes_and_warnings_are_the_agents(self):
        for text, said in ((r"print('\d')", r"SyntaxWarning: invalid escape"),
                           ("print(1", "SyntaxError: '\\(' was never closed"),
                           ("a\0b", "SyntaxError: source code .*null bytes"),
                           ("# coding: none\n", "SyntaxError: .*encoding")):  # fmt: skip
            with self.subTest(text):
                done = self.workers(self.aged("a.py", text), 2)
                for worker in (0, 1):
                    self.assertRegex(done.stderr, rf"(?m)^a\[{worker}\] \| .*{said}")
                self.assertEqual(len(re.findall(said, done.stderr)), 2, done.stderr)


if __name__ == "__main__":
    unittest.main()
