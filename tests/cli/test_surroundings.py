# SPDX-License-Identifier: MIT
"""A machine that is not as one would wish: folders, file systems, limits, variables."""

import os
import resource
import subprocess
import unittest

from host import FERRULE, TIMEOUT, HostCase, can_unshare, environment, run, shell

IMPORTS = "import asyncio, json, ssl, http.client, logging, subprocess, sqlite3, ctypes"


class Folders(HostCase):
    def test_deleted_working_folder(self):
        for words in ("-c 'import json; print(1)'", "/dev/stdin <<< 'print(1)'"):
            with self.subTest(words=words):
                done = shell(f'mkdir {self.folder}/x && cd {self.folder}/x && '
                             f'rmdir {self.folder}/x && "$FERRULE" {words}')
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (0, "1\n", ""))

    def test_absolute_script_from_a_deleted_folder(self):
        script = self.write("a.py", "import sys; print(sys.path[0])")
        done = shell(f'mkdir {self.folder}/x && cd {self.folder}/x && '
                     f'rmdir {self.folder}/x && "$FERRULE" {script}')
        self.assertEqual((done.returncode, done.stdout), (0, f"{self.folder}\n"),
                         done.stderr)

    def test_home_unset_or_absurd(self):
        for home in (None, "", "/nonexistent", "relative", "/dev/null"):
            with self.subTest(home=home):
                env = environment(HOME=home, XDG_CONFIG_HOME=None)
                self.expect(self.run_code(f"{IMPORTS}; print(1)", env=env), out="1\n",
                            err="")

    def test_unreadable_working_folder(self):
        self.expect(run("-c", "print(1)", cwd="/proc/self/fdinfo"), out="1\n", err="")

    def test_executable_is_moved_and_renamed(self):
        moved = self.folder / "other-name"
        try:
            os.link(FERRULE, moved)
        except OSError:
            import shutil
            shutil.copy2(FERRULE, moved)
        done = subprocess.run(
            [moved, "-c", "import sys, json, asyncio; print(sys.executable)"],
            capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, f"{moved}\n"), done.stderr)

    def test_nothing_is_written(self):
        home, script = self.folder / "home", self.write("app/a.py", "import helper, json")
        home.mkdir()
        self.write("app/helper.py", "x = 1")
        self.expect(run("-B", script, env=environment(HOME=str(home)), cwd=home), err="")
        self.assertEqual(list(home.iterdir()), [])


@unittest.skipUnless(can_unshare(), "mount namespaces need privileges (unshare -m)")
class FileSystems(HostCase):
    def in_namespace(self, prepare, command):
        done = subprocess.run(
            ["unshare", "-m", "sh", "-ec", f"{prepare}\n{command}"], timeout=TIMEOUT,
            capture_output=True, text=True, env={**os.environ, "T": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_read_only_root(self):
        self.write("a.py", f"{IMPORTS}\nimport helper\ntry: open('/x', 'w')\n"
                           "except OSError as e: print(e.strerror)\n")
        self.write("helper.py", "")
        said = self.in_namespace(
            "mount -o remount,bind,ro /; mount -o bind $T $T; mount -o remount,bind,ro $T",
            '"$FERRULE" $T/a.py')
        self.assertEqual(said, "Read-only file system\n")

    def test_temporary_folder_without_exec(self):
        self.write("a.py", f"{IMPORTS}\nimport tempfile, multiprocessing\n"
                           "F = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)\n"
                           "print(F(lambda x: x + 1)(4), tempfile.gettempdir())\n"
                           "print(multiprocessing.Queue())\n")
        said = self.in_namespace(
            "mkdir $T/tmp; mount -t tmpfs -o noexec tmpfs $T/tmp",
            'TMPDIR=$T/tmp HOME=$T/tmp "$FERRULE" $T/a.py; ls -A $T/tmp')
        self.assertTrue(said.startswith(f"5 {self.folder}/tmp\n<multiproc"), said)
        self.assertEqual(len(said.splitlines()), 2, "left in the temporary folder")

    def test_no_proc(self):
        said = self.in_namespace("mount -t tmpfs tmpfs /proc",
                                 '"$FERRULE" -c "import json; print(json.dumps(1))"')
        self.assertEqual(said, "1\n")

    def test_no_etc_and_no_usr_share(self):
        self.write("a.py", f"{IMPORTS}\nimport zoneinfo, mimetypes, locale\nprint(1)")
        said = self.in_namespace("mount -t tmpfs tmpfs /usr/share",
                                 '"$FERRULE" $T/a.py')
        self.assertEqual(said, "1\n")

    def test_no_libraries_of_the_system(self):
        modules = {"_ssl": "libssl3", "_lzma": "liblzma5", "_bz2": "libbz2-1.0",
                   "zlib": "zlib1g", "_ferrule_guard": "libpcre2-8-0"}
        self.write("a.py", f"""
            import hashlib, importlib, shutil
            hashlib.sha256()
            for name in {list(modules)!r}:
                try: importlib.import_module(name)
                except ImportError as error: print(error)
            """)
        self.write("none", "")
        # Every `mount` itself needs the last.
        said = self.in_namespace(
            "for name in libssl.so.3 liblzma.so.5 libbz2.so.1.0 libz.so.1 libpcre2-8.so.0\n"
            "do mount -o bind $T/none $(ls /usr/lib/*/$name); done", '"$FERRULE" $T/a.py')
        if said == "":
            self.skipTest("this build has its libraries inside")
        for line, (name, package) in zip(said.splitlines(), modules.items(), strict=True):
            self.assertRegex(line, rf"^{name} needs .* of the system: .*lib.*: file too short; "
                                   rf"install the package {package}$")


class Amounts(HostCase):
    def test_a_megabyte_of_arguments(self):
        words = ["x" * 100_000] * 11
        self.expect(run("-c", "import sys; print(sum(map(len, sys.argv[1:])))", *words),
                    out="1100000\n", err="")

    def test_many_arguments(self):
        script = self.write("a.py", "import sys; print(len(sys.argv))")
        self.expect(run(script, *["a"] * 100_000), out="100001\n", err="")

    def test_a_large_environment(self):
        env = environment(**{f"V{i}": "x" * 1000 for i in range(900)})
        self.expect(run("-c", "import os; print(len(os.environ['V899']))", env=env),
                    out="1000\n")

    def test_few_descriptors(self):
        done = subprocess.run(
            [FERRULE, "-c", f"{IMPORTS}; print(1)"], capture_output=True, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"), done.stderr)

    def test_out_of_memory_is_an_exception(self):
        done = subprocess.run(
            [FERRULE, "-c", "x = 'a' * (1 << 33)"], capture_output=True, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30,) * 2))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("MemoryError", done.stderr)

    def test_small_stack(self):
        done = subprocess.run(
            [FERRULE, "-c", f"{IMPORTS}; print(1)"], capture_output=True, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (1 << 20,) * 2))
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"), done.stderr)

    def test_long_script_and_long_line(self):
        script = self.write("a.py", "x = [" + "1," * 200_000 + "]\nprint(len(x))\n")
        self.expect(run(script), out="200000\n")


if __name__ == "__main__":
    unittest.main()
