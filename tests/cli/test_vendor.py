# SPDX-License-Identifier: MIT
"""Third-party packages: the folder vendor/ and the PEP 723 block of a script."""

import shlex
import unittest

from host import HostCase, run

BLOCK = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "alpha>=1.2",
#   "Beta_Gamma[extra]~=2.0 ; sys_platform == 'linux'",
#   "windows-only ; sys_platform == 'win32'",
# ]
# ///
print("ran")
"""


class VendorCase(HostCase):
    def vendor(self, name, version, text=""):
        """A package as an installer leaves it."""
        module = name.lower().replace("-", "_")
        self.write(f"vendor/{module}/__init__.py", text)
        self.write(f"vendor/{module}-{version}.dist-info/METADATA",
                   f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


class Vendor(VendorCase):
    def test_folder_beside_the_script_is_imported_from(self):
        self.vendor("alpha", "1.3", "x = 'vendored'")
        script = "import alpha; print(alpha.x)"
        self.expect(self.run_script(script), out="vendored\n", err="")
        self.expect(run(self.folder / "script.py", cwd="/"), out="vendored\n")

    def test_agent_folder(self):
        self.write("agent/agent.py", "import alpha; print(alpha.x)")
        self.write("agent/vendor/alpha.py", "x = 1")
        self.expect(run("run", self.folder / "agent", cwd="/"), out="1\n", err="")

    def test_order(self):
        self.write("alpha.py", "x = 'beside'")
        self.write("vendor/alpha.py", "x = 'vendored'")
        self.write("vendor/json.py", "x = 'not the library'")
        self.expect(self.run_script("import alpha, json; print(alpha.x, json.loads('1'))"),
                    out="beside 1\n")

    def test_vendor_that_is_a_file(self):
        self.write("vendor", "not a folder")
        self.expect(self.run_script("import json; print(1)"), out="1\n", err="")

    def test_not_for_code_and_stdin(self):
        self.write("vendor/alpha.py", "")
        self.expect(run("-c", "import alpha", cwd=self.folder), code=1, err="alpha")

    def test_interpreters_that_an_agent_starts_find_its_packages(self):
        self.vendor("alpha", "1.3", "x = 'vendored'")
        self.vendor("beta", "1", "import alpha; print('module', alpha.x)")
        self.write("vendor/beta/__main__.py", "")
        self.write("servers/one.py", "import alpha; print('script', alpha.x)")
        self.write("other/vendor/gamma.py", "")
        self.write("other/agent.py", "import gamma\n"
                   "try: import alpha\nexcept ImportError: print('its own')")
        script = self.write("agent.py", (
            "import subprocess, sys\n"
            "for words in (['-c', 'import alpha; print(alpha.x)'], ['-m', 'beta'],\n"
            "              ['servers/one.py'], ['run', 'other']):\n"
            "    subprocess.run([sys.executable, *words], check=True)\n"))
        said = "vendored\nmodule vendored\nscript vendored\nits own\n"
        self.expect(run(script, cwd=self.folder), out=said, err="")
        done = self.expect(run("run", "--workers", 1, script, cwd=self.folder), err="")
        self.assertEqual(done.stdout.replace("agent | ", ""), said)


class Block(VendorCase):
    def test_missing_packages_are_listed_with_the_command(self):
        done = self.expect(self.run_script(BLOCK), code=3, out="", err="alpha>=1.2")
        self.assertIn("Beta_Gamma[extra]~=2.0", done.stderr)
        self.assertNotIn("windows-only", done.stderr)
        line = next(x for x in done.stderr.splitlines() if "pip install" in x)
        words = shlex.split(line[line.index("pip install"):])
        self.assertIn("--target", words)
        self.assertEqual(words[words.index("--target") + 1], f"{self.folder}/vendor")
        self.assertIn("alpha>=1.2", words)

    def test_everything_there(self):
        self.vendor("alpha", "1.2.5")
        self.vendor("beta-gamma", "2.1")
        self.expect(self.run_script(BLOCK), out="ran\n", err="")

    def test_too_old(self):
        self.vendor("alpha", "1.1")
        self.vendor("beta-gamma", "2.1")
        done = self.expect(self.run_script(BLOCK), code=3, out="", err="alpha>=1.2")
        self.assertNotIn("Beta_Gamma[extra]~=2.0", done.stderr)

    def test_too_new_a_python(self):
        self.expect(self.run_script('# /// script\n# requires-python = ">=3.99"\n'
                                    "# ///\nprint(1)\n"), code=3, out="", err="3.99")

    def test_no_dependencies(self):
        self.expect(self.run_script("# /// script\n# dependencies = []\n# ///\nprint(1)\n"),
                    out="1\n", err="")

    def test_broken_block(self):
        for text in ("# /// script\n# dependencies = [\n# ///\nprint(1)\n",
                     "# /// script\n# dependencies = ['==']\n# ///\nprint(1)\n",
                     "# /// script\n# dependencies = 7\n# ///\nprint(1)\n",
                     "# /// script\n# a = 1\n# ///\n# /// script\n# b = 1\n# ///\n"
                     "print(1)\n"):
            with self.subTest(text=text):
                done = self.expect(self.run_script(text), code=3, out="")
                self.assertNotIn("Traceback", done.stderr)
                self.assertIn("script.py", done.stderr)

    def test_mistakes_have_their_place(self):
        for text, place in (("# dependencies = [\n#   'a',\n#   '=='\n# ]\n", "5:5"),
                            ("# dependencies = ['a', 7]\n", "3:24"),
                            ("# x = 1\n# dependencies = 7\n", "4:18"),
                            ("# requires-python = '3.x'\n", "3:21"),
                            ("#\n# requires-python = 3\n", "4:21")):
            with self.subTest(text=text):
                script = f"pass\n# /// script\n{text}# ///\n"
                self.expect(self.run_script(script), code=3, out="",
                            err=f"script.py:{place}: ")

    def test_byte_order_mark_and_windows_lines(self):
        for mark in ("", "\ufeff"):
            script = (self.folder / "script.py")
            text = mark + "# /// script\r\n# dependencies = ['a']\r\n# ///\r\n"
            script.write_bytes(text.encode())
            self.expect(run(script), code=3, out="", err="  a\n")

    def test_extras(self):
        self.vendor("alpha", "1")
        with open(self.folder / "vendor/alpha-1.dist-info/METADATA", "a") as file:
            file.write("Provides-Extra: fast\nRequires-Dist: gamma; extra == 'fast'\n"
                       "Requires-Dist: delta\n")
        script = "# /// script\n# dependencies = ['alpha[fast]']\n# ///\nprint('ran')\n"
        self.expect(self.run_script(script), code=3, out="", err="alpha[fast]")
        self.vendor("gamma", "1")
        self.expect(self.run_script(script), out="ran\n", err="")

    def test_what_only_looks_like_a_block(self):
        for text in ("# /// other\n# dependencies = ['x']\n# ///\nprint(1)\n",
                     "# /// script\nprint(1)\n",
                     "'''\n/// script\n'''\nprint(1)\n"):
            with self.subTest(text=text):
                self.expect(self.run_script(text), out="1\n", err="")

    def test_tool_table_is_left_alone(self):
        self.expect(self.run_script("# /// script\n# dependencies = []\n# [tool.x]\n"
                                    "# y = 1\n# ///\nprint(1)\n"), out="1\n", err="")


if __name__ == "__main__":
    unittest.main()
