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
