# SPDX-License-Identifier: MIT
"""ferrule pack and `ferrule run FILE.ferrule`: what is packed runs, bad input is told."""

import json
import os
import unittest
import zipfile

from sample_agents import PackageCase, entry, forged, tree


class Packing(PackageCase):
    def test_a_package_runs_like_its_folder(self):
        folder = self.agent()
        package = self.pack(folder)
        for words, heard in ((("run", folder), ""), (("run", package), "not signed"),
                             (("run", package), ""), ((package,), "")):
            self.expect(self.ferrule(*words, "a", "b c"), out="hello a b c\n", err=heard)

    def test_modules_are_byte_compiled(self):
        package = self.pack(self.agent())
        names = zipfile.ZipFile(package).namelist()
        self.assertIn("agent/__pycache__/helper.cpython-313.pyc", names)

    def test_data_files_and_vendored_packages_come_along(self):
        folder = self.agent()
        self.write("hello/main.py", """\
            from pathlib import Path
            import alpha
            print(alpha.X, Path(__file__).with_name("data.txt").read_text())
            """)
        self.write("hello/data.txt", "data")
        self.write("hello/vendor/alpha.py", "X = 'vendored'")
        self.expect(self.ferrule("run", self.pack(folder)), out="vendored data\n")

    def test_hidden_and_excluded_files_stay_out(self):
        folder = self.agent(exclude=["notes/*"])
        for name in (".env", ".git/config", "notes/a.txt", "__pycache__/x.pyc"):
            self.write(f"hello/{name}", "x")
        names = zipfile.ZipFile(self.pack(folder)).namelist()
        self.assertEqual([n for n in names if "/." in n or "notes" in n or "x.pyc" in n], [])

    def test_a_changed_package_is_opened_again(self):
        folder = self.agent()
        package = self.pack(folder)
        self.expect(self.ferrule("run", package), out="hello\n")
        self.write("hello/helper.py", "GREETING = 'moved on'\n")
        self.pack(folder)
        self.expect(self.ferrule("run", package), out="moved on\n")

    def test_the_second_start_unpacks_nothing(self):
        package = self.pack(self.agent())
        self.ferrule("run", package)
        before = tree(self.home)
        unpacked = next(self.home.glob(".cache/ferrule/agents/*/helper.py"))
        unpacked.write_text("GREETING = 'from the cache'")
        next(unpacked.parent.glob("__pycache__/helper.*")).unlink()
        self.expect(self.ferrule("run", package), out="from the cache\n")
        self.assertLessEqual(set(tree(self.home)), set(before))

    def test_a_cache_that_cannot_be_written(self):
        package = self.pack(self.agent())
        blocked = self.write("file", "")
        self.expect(self.ferrule("run", package, env={"XDG_CACHE_HOME": str(blocked)}),
                    code=1, out="", err="XDG_CACHE_HOME")


class Manifests(PackageCase):
    def refuse(self, text, *parts):
        folder = self.agent()
        self.write("hello/ferrule.json", text)
        done = self.ferrule("pack", folder, "-o", self.folder / "x.ferrule")
        self.expect(done, code=3, out="")
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertFalse((self.folder / "x.ferrule").exists())

    def test_mistakes_have_line_column_and_the_nearest_key(self):
        self.refuse('{"name": "hello",\n "version": "1",\n "entri": "main.py"}',
                    "ferrule.json:3:2", '"entry"')
        self.refuse('{"name": "hello",\n "version": 1,\n "entry": "main.py"}',
                    "ferrule.json:2:13", "/version")
        self.refuse('{"name": "hello", "version": "1",', "ferrule.json:1:")

    def test_files_that_are_not_there(self):
        self.refuse('{"name": "hello", "version": "1", "entry": "mian.py"}',
                    "1:44", "did you mean main.py?")
        self.refuse('{"name": "hello", "version": "1", "entry": "main.py",\n'
                    '"icon": "a.svg"}', "2:9", "a.svg")

    def test_ways_out_of_the_folder(self):
        for way in ("/etc/passwd.py", "../x.py", "a/../../x.py"):
            self.refuse(json.dumps({"name": "hello", "version": "1", "entry": way}),
                        "/entry")

    def test_names(self):
        for name in ("Hello", "a b", "../x", "-x", "ferrule", "python3", "é"):
            self.refuse(json.dumps({"name": name, "version": "1", "entry": "main.py"}),
                        "/name")

    def test_settings(self):
        def with_setting(**setting):
            return json.dumps({"name": "hello", "version": "1", "entry": "main.py",
                               "settings": {"KEY": setting}})

        self.refuse(with_setting(type="integer", default="x"), "/settings/KEY/default")
        self.refuse(with_setting(type="string", secret=True, default="x"),
                    "/settings/KEY/default")
        self.refuse(with_setting(type="strang"), "/settings/KEY/type")

    def test_needs_that_vendor_lacks(self):
        self.refuse(json.dumps({"name": "hello", "version": "1", "entry": "main.py",
                                "needs": ["alpha>=1"]}), "alpha>=1", "pip install")
        self.refuse(json.dumps({"name": "hello", "version": "1", "entry": "main.py",
                                "needs": ["=="]}), "/needs")
        self.refuse(json.dumps({"name": "hello", "version": "1", "entry": "main.py",
                                "python": ">=3.99"}), "3.99")

    def test_no_manifest(self):
        self.write("bare/agent.py", "")
        self.expect(self.ferrule("pack", self.folder / "bare", "-o", self.folder / "x.ferrule"),
                    code=3, out="", err="ferrule.json")

    def test_command_lines(self):
        folder = self.agent()
        for words in ((), (folder,), (folder, "-o", self.folder / "x.exe"),
                      (folder, "-o", self.folder / "no/x.ferrule"), (folder, "--bad"),
                      ("nowhere", "-o", self.folder / "x.ferrule")):
            with self.subTest(words=words):
                done = self.expect(self.ferrule("pack", *words), code=2, out="")
                self.assertNotIn("Traceback", done.stderr)


class Folders(PackageCase):
    def refuse(self, *parts):
        done = self.ferrule("pack", self.folder / "hello", "-o", self.folder / "x.ferrule")
        self.expect(done, code=3, out="")
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_a_wheel_for_another_python(self):
        self.agent()
        self.write("hello/vendor/alpha-1.dist-info/METADATA", "Name: alpha\nVersion: 1\n")
        self.write("hello/vendor/alpha-1.dist-info/WHEEL",
                   "Wheel-Version: 1.0\nTag: cp39-cp39-manylinux2014_x86_64\n")
        self.refuse("alpha-1", "cp39", "pip install")

    def test_an_extension_for_another_python_or_processor(self):
        self.agent()
        self.write("hello/vendor/a.cpython-39-x86_64-linux-gnu.so", b"\x7fELF")
        self.refuse("a.cpython-39", "another Python")
        (self.folder / "hello/vendor/a.cpython-39-x86_64-linux-gnu.so").unlink()
        self.write("hello/vendor/b.abi3.so",
                   b"\x7fELF\x02\x01" + bytes(12) + (243).to_bytes(2, "little"))
        self.refuse("b.abi3.so", "another processor")

    def test_links_that_lead_out(self):
        folder = self.agent()
        (folder / "out.txt").symlink_to("/etc/hostname")
        self.refuse("out.txt", "outside")

    def test_a_syntax_error(self):
        self.agent()
        self.write("hello/helper.py", "x = 1\ny = (\n")
        self.refuse("helper.py:2:")

    def test_an_entry_that_is_excluded(self):
        self.agent(exclude=["main.*"])
        self.refuse("main.py", "left out")


class Forged(PackageCase):
    """Archives nobody should trust: nothing of them runs, nothing is written outside."""

    MAIN = entry("agent/main.py", b"print('ran')")

    def refuse(self, package, *parts):
        before = tree(self.folder)
        done = self.expect(self.ferrule("run", package), code=3, out="")
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        added = set(tree(self.folder)) - set(before)
        self.assertEqual({p for p in added if not p.startswith("home/.cache")}, set())
        self.assertEqual({p for p in added if p.endswith(".py")}, set())

    def test_the_forger_can_make_a_good_one(self):
        package = forged(self.folder / "x.ferrule", [self.MAIN])
        self.expect(self.ferrule("run", package), out="ran\n")

    def test_paths_that_lead_out(self):
        for name in ("agent/../../evil.py", "/evil.py", "agent//evil.py", "agent/./e.py",
                     "agent\\..\\evil.py"):
            with self.subTest(name=name):
                self.refuse(forged(self.folder / "x.ferrule", [self.MAIN, entry(name)]),
                            "leads out")

    def test_links_and_devices(self):
        for mode in (0o120777, 0o020600, 0o040755):
            link = entry("agent/link", b"/etc/passwd", mode)
            self.refuse(forged(self.folder / "x.ferrule", [self.MAIN, link]), "link")

    def test_contents_that_the_index_does_not_know(self):
        self.refuse(forged(self.folder / "x.ferrule", [self.MAIN], files={}), "index")
        changed = {"main.py": {"size": 12, "sha256": "0" * 64}}
        self.refuse(forged(self.folder / "x.ferrule", [self.MAIN], files=changed),
                    "main.py", "changed")
        short = {"main.py": {"size": 1, "sha256": "0" * 64}}
        self.refuse(forged(self.folder / "x.ferrule", [self.MAIN], files=short), "main.py")

    def test_a_newer_format(self):
        self.refuse(forged(self.folder / "x.ferrule", [self.MAIN], format=2),
                    "format 2", "newer ferrule")

    def test_another_machine(self):
        self.refuse(forged(self.folder / "x.ferrule", [self.MAIN], platform="linux-riscv64"),
                    "linux-riscv64")

    def test_damage_at_every_part(self):
        package = self.pack(self.agent())
        good = package.read_bytes()
        for at in range(0, len(good), max(1, len(good) // 60)):
            with self.subTest(at=at):
                bad = bytearray(good)
                bad[at] ^= 0x55
                package.write_bytes(bad)
                done = self.ferrule("run", package)
                self.assertNotIn("Traceback", done.stderr)
                self.assertIn((done.returncode, done.stdout), {(3, ""), (0, "hello\n")})

    def test_cut_off(self):
        package = self.pack(self.agent())
        good = package.read_bytes()
        for length in (0, 10, len(good) // 2, len(good) - 1):
            package.write_bytes(good[:length])
            self.refuse(package, "damaged")


if __name__ == "__main__":
    unittest.main()
