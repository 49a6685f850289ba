# SPDX-License-Identifier: MIT
"""The part of python's own command line that sys.executable has to understand."""

import os
import subprocess
import unittest

from host import FERRULE, HostCase, environment, run

SHOW_ARGV = "import sys; print(sys.argv)"


class Argv(HostCase):
    def test_script(self):
        script = self.write("a.py", SHOW_ARGV)
        self.expect(run(script, "-x", "--help", "b c"),
                    out=f"['{script}', '-x', '--help', 'b c']\n", err="")

    def test_run_script_is_the_same(self):
        script = self.write("a.py", SHOW_ARGV)
        self.expect(run("run", script, "--json", "-c"),
                    out=f"['{script}', '--json', '-c']\n", err="")

    def test_relative_script_stays_as_given(self):
        self.write("a.py", SHOW_ARGV)
        self.expect(run("a.py", cwd=self.folder), out="['a.py']\n")

    def test_code(self):
        self.expect(run("-c", SHOW_ARGV, "-c", "x"), out="['-c', '-c', 'x']\n")

    def test_module(self):
        self.write("mod.py", SHOW_ARGV)
        self.expect(run("-m", "mod", "-m", "y", cwd=self.folder),
                    out=f"['{self.folder}/mod.py', '-m', 'y']\n")

    def test_stdin(self):
        self.expect(run("-", "a", input=SHOW_ARGV), out="['-', 'a']\n")

    def test_words_of_any_script_and_bytes_that_are_not_utf_8(self):
        self.expect(run("-c", "import sys; print(ascii(sys.argv[1:]))", "é日本",
                        os.fsdecode(b"\xff\xfe")),
                    out=r"['\xe9\u65e5\u672c', '\udcff\udcfe']" + "\n")

    def test_options_may_stand_together(self):
        self.expect(run("-ISc", SHOW_ARGV), out="['-c']\n")
        self.expect(run("-Ic" + SHOW_ARGV), out="['-c']\n")

    def test_script_named_like_a_command(self):
        self.write("run", "print('a script')")
        self.expect(run("./run", cwd=self.folder), out="a script\n")


class Paths(HostCase):
    SHOW = "import sys; print(repr(sys.path[0]))"

    def test_executable_is_this_file(self):
        self.expect(self.run_code("import sys; print(sys.executable)"),
                    out=f"{FERRULE}\n")

    def test_executable_through_a_link(self):
        link = self.folder / "python3"
        link.symlink_to(FERRULE)
        done = subprocess.run(
            [link, "-c", "import sys, json; print(sys.executable)"],
            capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, f"{FERRULE}\n"), done.stderr)

    def test_executable_found_on_path(self):
        (self.folder / "ferrule").symlink_to(FERRULE)
        done = subprocess.run(
            ["ferrule", "-c", "import sys, json; print(sys.executable)"],
            capture_output=True, text=True, env={"PATH": str(self.folder)})
        self.assertEqual((done.returncode, done.stdout), (0, f"{FERRULE}\n"), done.stderr)

    def test_script_folder_comes_first(self):
        script = self.write("deep/a.py", self.SHOW)
        self.expect(run(script, cwd="/"), out=f"'{script.parent}'\n")

    def test_script_folder_through_a_link(self):
        script = self.write("deep/a.py", self.SHOW)
        link = self.folder / "link.py"
        link.symlink_to(script)
        self.expect(run(link), out=f"'{script.parent}'\n")

    def test_code_and_stdin_import_from_here(self):
        self.expect(run("-c", self.SHOW), out="''\n")
        self.expect(run("-", input=self.SHOW), out="''\n")

    def test_module_imports_from_here(self):
        self.write("mod.py", self.SHOW)
        self.expect(run("-m", "mod", cwd=self.folder), out=f"'{self.folder}'\n")

    def test_isolated_leaves_the_script_folder_out(self):
        script = self.write("a.py", "import sys; print(sys.path)")
        self.assertNotIn(f"'{self.folder}'", self.expect(run("-I", script)).stdout)

    def test_module_beside_the_script_shadows_nothing_of_the_start(self):
        self.write("encodings.py", "raise SystemExit('mine')")
        self.expect(self.run_script("print('ok')"), out="ok\n", err="")

    def test_main_module(self):
        self.expect(self.run_script("import __main__; print(__name__, __main__.x, "
                                    "__file__)\n", name="m.py"), code=1,
                    err="AttributeError")
        script = self.write("n.py", "x = 3\nimport __main__\n"
                                    "print(__name__, __main__.x, __file__)\n")
        self.expect(run(script), out=f"__main__ 3 {script}\n")


class Options(HostCase):
    def flag(self, option, name, value):
        self.expect(run(*option, "-c", f"import sys; print(sys.flags.{name})"),
                    out=f"{value}\n", err="")

    def test_flags(self):
        for option, name, value in (
            (["-I"], "isolated", 1), (["-S"], "no_site", 1),
            (["-E"], "ignore_environment", 1), (["-s"], "no_user_site", 1),
            (["-B"], "dont_write_bytecode", 1), (["-O"], "optimize", 1),
            (["-OO"], "optimize", 2), (["-X", "dev"], "dev_mode", True),
            (["-X", "int_max_str_digits=640"], "int_max_str_digits", 640),
        ):
            with self.subTest(option=option):
                self.flag(option, name, value)

    def test_optimised_code_drops_assertions(self):
        self.expect(run("-O", "-c", "assert 0; print(__debug__)"), out="False\n")
        self.expect(run("-c", "assert 0"), code=1, err="AssertionError")

    def test_warnings(self):
        code = "import warnings; warnings.warn('careful'); print('on')"
        self.expect(run("-W", "error", "-c", code), code=1, err="UserWarning: careful")
        self.expect(run("-W", "ignore", "-c", code), out="on\n", err="")
        self.expect(run("-c", code), out="on\n", err="UserWarning: careful")

    def test_x_options_reach_the_script(self):
        self.expect(run("-X", "a=b", "-Xc", "-c", "import sys; print(sys._xoptions)"),
                    out="{'a': 'b', 'c': True}\n")

    def test_unbuffered(self):
        code = "import sys, os; print('a'); os._exit(0)"
        self.expect(run("-u", "-c", code), out="a\n")
        self.expect(run("-c", code), out="")

    def test_version_is_what_tools_parse(self):
        done = self.expect(run("-V"))
        self.assertRegex(done.stdout, r"^Python 3\.\d+\.\d+")

    def test_unknown_option(self):
        self.expect(run("--no-such-option"), code=2, out="", err="no-such-option")
        self.expect(run("-j"), code=2, out="", err="-j")

    def test_option_without_its_value(self):
        for option in ("-c", "-m", "-X", "-W"):
            with self.subTest(option=option):
                self.expect(run(option), code=2, out="", err="rgument")


class Environment(HostCase):
    def test_python_variables_are_ignored(self):
        self.write("sitecustomize.py", "print('sitecustomize')")
        self.write("start.py", "print('startup')")
        env = environment(PYTHONPATH=str(self.folder), PYTHONHOME=str(self.folder),
                          PYTHONSTARTUP=str(self.folder / "start.py"),
                          PYTHONOPTIMIZE="2", PYTHONINSPECT="1", PYTHONUTF8="0",
                          PYTHONIOENCODING="ascii", PYTHONHASHSEED="nonsense",
                          PYTHONWARNINGS="error", PYTHONVERBOSE="1")
        self.expect(run("-c", "import sys; print(sys.flags.optimize, 'é'); "
                        f"print('{self.folder}' in sys.path)", env=env),
                    out="0 é\nFalse\n", err="")

    def test_no_site_packages_of_the_system(self):
        self.expect(self.run_code("""
            import sys
            print([p for p in sys.path if "packages" in p or "lib/python" in p],
                  "site" in sys.modules)
            """), out="[] False\n")

    def test_empty_environment(self):
        self.expect(self.run_code("import os; print(dict(os.environ))", env={}),
                    out="{}\n", err="")


class ExitCodes(HostCase):
    def test_codes_of_system_exit(self):
        for text, code, said in (
            ("", 0, ""), ("None", 0, ""), ("0", 0, ""), ("7", 7, ""), ("256 + 9", 9, ""),
            ("True", 1, ""), ("-1", 255, ""), ("'why'", 1, "why\n"), ("[]", 1, "[]\n"),
        ):
            with self.subTest(text=text):
                done = self.run_code(f"import sys; sys.exit({text})")
                self.expect(done, code=code)
                self.assertEqual(done.stderr, said)

    def test_uncaught_exception(self):
        done = self.expect(self.run_script("def f():\n    return 1 / 0\nf()\n"), code=1,
                           out="", err="ZeroDivisionError: division by zero")
        self.assertIn("line 2, in f", done.stderr)
        self.assertIn("return 1 / 0", done.stderr)

    def test_os_exit(self):
        self.expect(self.run_code("import os; os._exit(5)"), code=5, err="")

    def test_broken_standard_input_script(self):
        self.expect(run("-", input="1 +"), code=1, err="SyntaxError")

    def test_missing_module(self):
        self.expect(run("-m", "no_such_module"), code=1, err="no_such_module")


if __name__ == "__main__":
    unittest.main()
