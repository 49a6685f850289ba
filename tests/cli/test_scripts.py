# SPDX-License-Identifier: MIT
"""Scripts and folders that are not what they should be."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from host import FERRULE, TIMEOUT, HostCase, run, shell

NOBODY = 65534


class Missing(HostCase):
    def test_no_such_script(self):
        for words in (["gone.py"], ["run", "gone.py"]):
            with self.subTest(words=words):
                done = self.expect(run(*words, cwd=self.folder), code=2, out="",
                                   err="gone.py")
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_nothing_to_run(self):
        self.expect(run("run"), code=2, out="")

    def test_folder_without_agent(self):
        self.expect(run("run", self.folder), code=2, out="", err="agent.py")

    def test_empty_name(self):
        self.expect(run(""), code=2, out="")

    def test_unreadable(self):
        script = self.write("secret.py", "print(1)")
        script.chmod(0)
        options = {}
        if os.getuid() == 0:  # root reads everything
            if any(not (p.stat().st_mode & 0o001) for p in Path(FERRULE).parents):
                self.skipTest("only root can reach the executable")
            self.folder.chmod(0o755)
            options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self.expect(run(script, **options), code=2, out="", err="ermission denied")

    def test_not_a_regular_file(self):
        self.expect(run("/dev/null"), out="", err="")

    def test_script_from_a_pipe_of_the_shell(self):
        done = shell('"$FERRULE" <(echo "print(6 * 7)")')
        self.assertEqual((done.returncode, done.stdout), (0, "42\n"), done.stderr)


class Folder(HostCase):
    def test_agent_is_run(self):
        self.write("agent/agent.py",
                   "import sys, helper; print(sys.path[0], helper.x, sys.argv[1:])")
        self.write("agent/helper.py", "x = 5")
        for words in (["run", "agent"], ["agent"], ["run", "agent/"]):
            with self.subTest(words=words):
                self.expect(run(*words, "-v", cwd=self.folder),
                            out=f"{self.folder}/agent 5 ['-v']\n", err="")

    def test_this_folder(self):
        self.write("agent.py", "import sys; print(sys.path[0], __name__)")
        self.expect(run("run", ".", cwd=self.folder), out=f"{self.folder} __main__\n")


class Text(HostCase):
    def test_syntax_error_shows_the_place(self):
        done = self.expect(self.run_script("x = 1\nprint('a' b)\n"), code=1, out="",
                           err="SyntaxError: ")
        lines = done.stderr.splitlines()
        self.assertIn('script.py", line 2', lines[0])
        self.assertIn("print('a' b)", lines[1])
        self.assertRegex(lines[2], r"^ +\^+$")

    def test_not_utf_8(self):
        done = self.expect(self.run_script(b"# fine\nx = '\xff\xfe'\n"), code=1, out="",
                           err="SyntaxError")
        self.assertIn("line 2", done.stderr)

    def test_declared_encoding(self):
        self.expect(self.run_script(b"# -*- coding: latin-1 -*-\nprint('\xe9')\n"),
                    out="é\n", err="")

    def test_byte_order_mark(self):
        self.expect(self.run_script(b"\xef\xbb\xbfprint('ok')\n"), out="ok\n", err="")

    def test_null_bytes(self):
        self.expect(self.run_script(b"print(1)\n\0\n"), code=1, err="null bytes")

    def test_empty_and_without_final_newline(self):
        self.expect(self.run_script(""), out="", err="")
        self.expect(self.run_script("print(1)"), out="1\n", err="")

    def test_dos_line_ends(self):
        self.expect(self.run_script(b"if 1:\r\n    print(2)\r\n"), out="2\n", err="")

    def test_an_executable_is_not_a_script(self):
        self.expect(run(FERRULE), code=1, out="")

    def test_name_with_odd_letters(self):
        self.expect(self.run_script("print(__file__[-10:])", name="a b é日.py"),
                    out="/a b é日.py\n")

    def test_shebang(self):
        script = self.write("x.py", f"#!{FERRULE}\nprint('ran')\n")
        script.chmod(0o755)
        done = subprocess.run([script], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "ran\n"), done.stderr)


class Depth(HostCase):
    def test_endless_recursion(self):
        self.expect(self.run_script("def f():\n    f()\nf()\n"), code=1,
                    err="RecursionError: maximum recursion depth exceeded")

    def test_endless_recursion_through_c(self):
        for text in ("class A:\n    def __repr__(self): return repr(self)\nrepr(A())",
                     "class A:\n    def __eq__(self, o): return self == o\nA() == A()",
                     "import json; json.loads('[' * 200_000)",
                     "x = []\nfor _ in range(200_000): x = [x]\nrepr(x)",
                     "import functools\nf = functools.partial(lambda g: g(g))\nf(f)"):
            with self.subTest(text=text):
                self.expect(self.run_script(text), code=1, err="RecursionError")

    def test_endless_recursion_in_a_thread(self):
        self.expect(self.run_script("""
            import threading
            def f(): f()
            t = threading.Thread(target=f); t.start(); t.join()
            print("alive")
            """), out="alive\n", err="RecursionError")

    def test_recursion_is_caught_and_the_script_goes_on(self):
        self.expect(self.run_script("""
            def f(): f()
            for _ in range(5):
                try: f()
                except RecursionError: pass
            print("on")
            """), out="on\n", err="")

    def test_deeply_nested_source(self):
        done = run(self.write("deep.py", "x = " + "(" * 5000 + ")" * 5000))
        self.expect(done, code=1, err="too many nested parentheses")
        done = run(self.write("deep.py", "x = " + "-" * 100_000 + "1"))
        self.assertEqual(done.returncode, 1, done.stderr[-500:])


class Installed(HostCase):
    """An executable that is called by the name of an agent installed beside it."""

    def setUp(self):
        super().setUp()
        (self.folder / "lib/ferrule").mkdir(parents=True)
        (self.folder / "bin").mkdir()
        shutil.copy(FERRULE, self.folder / "lib/ferrule/ferrule")
        self.write("lib/ferrule-agents/hello/agent.py", """\
            import os, sys
            print(sys.argv[1:], os.path.basename(sys.executable), flush=True)
            if "again" in sys.argv:
                os.execv(sys.executable, [*sys.orig_argv[:2], "back"])
            """)
        (self.folder / "bin/hello").symlink_to("../lib/ferrule/ferrule")

    def call(self, name, *words, **options):
        return subprocess.run([name, *words], cwd=self.folder, capture_output=True,
                              text=True, timeout=TIMEOUT, **options)

    def test_starts_the_agent(self):
        env = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        out = "['-c', 'run', '--help'] ferrule\n"
        for name in (self.folder / "bin/hello", "bin/hello", "hello"):
            with self.subTest(name=name):
                self.expect(self.call(name, "-c", "run", "--help", env=env), out=out, err="")

    def test_by_a_link_of_the_user(self):
        (self.folder / "hi").symlink_to("bin/hello")
        self.expect(self.call("./hi", "x"), out="['x'] ferrule\n", err="")

    def test_whatever_the_caller_names_it(self):
        done = self.call("argument zero", "x", executable=self.folder / "bin/hello")
        self.expect(done, out="['x'] ferrule\n", err="")

    def test_children_are_the_runtime(self):
        self.expect(self.call("bin/hello", "again"),
                    out="['again'] ferrule\n['back'] ferrule\n", err="")

    def test_other_names_are_the_runtime(self):
        for name in ("python", "other"):
            (self.folder / "bin" / name).symlink_to("../lib/ferrule/ferrule")
            self.expect(self.call(f"bin/{name}", "-c", "print(1)"), out="1\n", err="")


if __name__ == "__main__":
    unittest.main()
