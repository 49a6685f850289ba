# SPDX-License-Identifier: MIT
"""Installing by .run files: exact, undoable, and honest about what keeps it from it."""

import contextlib
import os
import pty
import shutil
import stat
import subprocess
import unittest

from sample_agents import tree
from installed import InstallCase, runtime_packages

TIMEOUT = 900


class Agents(InstallCase):
    HOME = "home of Zoë, with $pace \"and\" 'quotes' %f"

    def test_install_run_uninstall_leaves_nothing(self):
        run_file = self.installer()
        before = tree(self.home)
        said = self.install(run_file)
        self.assertIn("hello 1.0 is installed", said.stderr)
        self.expect(self.shell("hello", "a b"), out="hello 1.0 a b\n", err="")
        self.install(run_file, "--uninstall")
        self.assertEqual(tree(self.home), before)

    def test_what_was_there_stays(self):
        for path in (".local/share/applications/other.desktop", ".local/bin/other",
                     ".local/share/mime/packages/other.xml"):
            (self.home / path).parent.mkdir(parents=True, exist_ok=True)
            (self.home / path).write_text("<x/>")
        empty = self.home / ".local/share/icons"
        empty.mkdir()
        run_file = self.installer()
        self.install(run_file)
        self.install(run_file, "--uninstall")
        after = tree(self.home)
        for path in (".local/share/applications/other.desktop", ".local/bin/other",
                     ".local/share/mime/packages/other.xml", ".local/share/icons"):
            self.assertIn(path, after)
        self.assertNotIn(".local/share/ferrule-agents", after)

    def test_the_menu_entry_starts_the_agent(self):
        self.install(self.installer())
        entry = self.home / ".local/share/applications/hello.desktop"
        line = next(x for x in entry.read_text().splitlines() if x.startswith("Exec="))
        # As the specification has it: string escapes, then quoting, then field codes.
        command = line.removeprefix("Exec=").replace("\\\\", "\\").replace("%%", "%")
        done = self.shell("sh", "-c", command)
        self.expect(done, out="hello 1.0\n")

    def test_two_agents_side_by_side(self):
        first, second = self.installer(), self.installer(name="other")
        self.install(first)
        self.install(second)
        self.install(first, "--uninstall")
        self.expect(self.shell("other"), out="other 1.0\n")
        self.assertFalse((self.home / ".local/bin/hello").exists())

    def test_upgrade_keeps_one_version_to_return_to(self):
        for version in ("1.0", "1.1", "1.2"):
            self.install(self.installer(version))
            self.expect(self.shell("hello"), out=f"hello {version}\n")
        versions = sorted(p.name for p in (self.root_of("hello") / "versions").iterdir())
        self.assertEqual([name.partition("-")[0] for name in versions], ["1.1", "1.2"])

    def test_installing_again_mends(self):
        run_file = self.installer()
        self.install(run_file)
        script = next(self.root_of("hello").glob("versions/*/lib/ferrule-agents/hello/main.py"))
        script.write_text("damaged")
        (self.home / ".local/bin/hello").unlink()
        self.install(run_file)
        self.expect(self.shell("hello"), out="hello 1.0\n")

    def test_quiet_says_nothing(self):
        run_file = self.installer()
        self.expect(self.shell("sh", run_file, "--quiet"), out="", err="")
        self.expect(self.shell("sh", run_file, "--quiet", "--uninstall"), out="", err="")

    def test_a_terminal_shows_how_far_it_is(self):
        run_file, shown = self.installer(), b""
        master, slave = pty.openpty()
        process = subprocess.Popen(["sh", run_file], env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=slave, stderr=slave)
        os.close(slave)
        with contextlib.suppress(OSError):  # as Linux says that nobody writes any more
            while part := os.read(master, 4096):
                shown += part
        os.close(master)
        self.assertEqual(process.wait(60), 0, shown)
        self.assertRegex(shown.decode(), r"hello 1\.0.*100 ?%")

    def test_verify_and_extract(self):
        run_file = self.installer()
        before = tree(self.home)
        self.assertIn("is whole", self.install(run_file, "--verify").stderr)
        target = self.folder / "out put"
        self.install(run_file, "--extract", target)
        self.assertTrue((target / "lib/ferrule-agents/hello/main.py").is_file())
        self.assertTrue(os.access(target / "lib/ferrule/ferrule", os.X_OK))
        self.install(run_file, "--extract", target, code=1)
        self.assert_nothing_written(before)


class Runtime(InstallCase):
    def test_install_and_uninstall_leave_nothing_but_data(self):
        run_file = runtime_packages()[".run"]
        before = tree(self.home)
        self.install(run_file)
        self.expect(self.shell("ferrule", "-c", "import sqlite3, ssl; print(1)"), out="1\n")
        package = self.pack(self.agent())
        self.expect(self.shell("ferrule", "run", package), out="hello\n")
        share = self.home / ".local/share"
        for path in ("applications/ferrule.desktop", "mime/packages/ferrule.xml",
                     "icons/hicolor/scalable/apps/ferrule.svg", "man/man1/ferrule.1.gz"):
            self.assertTrue((share / path).is_file(), path)
        done = self.shell("ferrule", "self", "uninstall")
        self.expect(done, err=f"your data stays: {self.home}/.cache/ferrule")
        shutil.rmtree(self.home / ".cache")
        self.assertEqual(tree(self.home), before)

    def test_double_click_is_for_ferrule(self):
        self.install(runtime_packages()[".run"])
        package = self.pack(self.agent())
        for program in ("gio", "update-mime-database", "update-desktop-database"):
            if shutil.which(program) is None:
                self.skipTest(f"{program} is not installed")
        kind = "application/vnd.ferrule.agent"
        said = self.shell("gio", "info", "-a", "standard::content-type", package)
        self.assertIn(f"standard::content-type: {kind}", said.stdout, said.stderr)
        said = self.shell("gio", "mime", kind)
        self.assertIn("ferrule.desktop", said.stdout.splitlines()[0], said.stderr)

    def test_rollback(self):
        self.install(runtime_packages()[".run"])
        self.expect(self.shell("ferrule", "self", "rollback"), code=1,
                    err="no version before")
        root = self.home / ".local/share/ferrule"
        old = os.readlink(root / "current")
        # The same files under another name, as the next version would be.
        newer = root / "versions/0.2-00000000"
        shutil.copytree(root / old, newer, symlinks=True)
        (newer / "previous").symlink_to(old.removeprefix("versions/"))
        (root / "next").symlink_to("versions/0.2-00000000")
        (root / "next").rename(root / "current")
        self.expect(self.shell("ferrule", "self", "rollback"), err="is in force again")
        self.assertEqual(os.readlink(root / "current"), old)

    def test_rollback_to_a_damaged_version_is_refused(self):
        first, second = self.installer("1.0"), self.installer("1.1")
        self.install(first)
        damaged = next(self.root_of("hello").glob("versions/*/lib/ferrule-agents/hello/helper.py"))
        self.install(second)
        damaged.write_text("GREETING = 'tampered'")
        runtime = self.root_of("hello") / "current/lib/ferrule/ferrule"
        self.expect(self.shell(runtime, "self", "rollback"), code=1, err="helper.py")
        self.expect(self.shell("hello"), out="hello 1.1\n")

    def test_rollback_of_an_agent(self):
        for version in ("1.0", "1.1"):
            self.install(self.installer(version))
        runtime = self.root_of("hello") / "current/lib/ferrule/ferrule"
        self.expect(self.shell(runtime, "self", "rollback"), err="hello 1.0 is in force")
        self.expect(self.shell("hello"), out="hello 1.0\n")

    def test_an_agent_adds_little_to_the_runtime(self):
        added = self.installer().stat().st_size - runtime_packages()[".run"].stat().st_size
        self.assertLess(added, 100_000)


class Refused(InstallCase):
    """Said before anything is written."""

    def refuse(self, done, *parts):
        self.assertNotEqual(done.returncode, 0, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_damaged_files(self):
        run_file = self.installer()
        good, before = run_file.read_bytes(), tree(self.home)
        for at in (len(good) // 2, len(good) - 10, good.index(b"\x1f\x8b") + 20):
            bad = bytearray(good)
            bad[at] ^= 0xFF
            run_file.write_bytes(bad)
            self.refuse(self.shell("sh", run_file), "damaged", "fetch it again")
        run_file.write_bytes(good[: len(good) // 2])
        self.refuse(self.shell("sh", run_file), "bytes", "fetch it again")
        self.assert_nothing_written(before)

    def test_another_system(self):
        run_file, before = self.installer(), tree(self.home)
        for program, says, reason in (
            ("uname", "case $1 in -s) echo FreeBSD;; esac", "FreeBSD"),
            ("uname", "case $1 in -m) echo mips;; -s) echo Linux;; -r) echo 6.1;; esac", "mips"),
            ("uname", f"case $1 in -m) echo {os.uname().machine};; -s) echo Linux;; "
                      "-r) echo 3.10.0-1160.el7;; esac", "3.10.0"),
            ("getconf", "echo glibc 2.31", "2.31"),
            ("getconf", "exit 1", "another C library"),
        ):  # fmt: skip
            folder = self.folder / "fake"
            shutil.rmtree(folder, ignore_errors=True)
            fake = self.write(f"fake/{program}", f"#!/bin/sh\n{says}\n")
            fake.chmod(0o755)
            done = self.shell("sh", run_file, PATH=f"{folder}:{self.env['PATH']}")
            self.refuse(done, reason)
            self.assert_nothing_written(before)

    def test_a_command_of_somebody_else(self):
        run_file = self.installer()
        program = self.write("home/.local/bin/hello", "mine")
        before = tree(self.home)
        self.refuse(self.shell("sh", run_file), str(program), "not ours")
        self.assertEqual(program.read_text(), "mine")
        self.assert_nothing_written(before)

    def test_a_home_that_cannot_be_written(self):
        run_file = self.installer()
        done = self.namespace('mount --bind "$HOME" "$HOME"; mount -o remount,ro,bind "$HOME"',
                              "sh", run_file)
        self.refuse(done, "cannot write", "XDG_DATA_HOME")

    def test_a_home_of_another_user(self):
        run_file = self.installer()
        if os.geteuid() != 0:
            self.skipTest("changing the user needs root")
        self.folder.chmod(0o755)
        done = self.shell("sh", run_file, prefix=("setpriv", "--reuid", "65534", "--regid",
                                                  "65534", "--clear-groups"))
        self.refuse(done, "cannot write", str(self.home))

    def test_a_full_disk(self):
        run_file = self.installer()
        mount = 'mount -t tmpfs -o size={}k none "$HOME"'
        done = self.namespace(mount.format(2000), "sh", run_file)
        self.refuse(done, "KB free")
        # One that fills up meanwhile: df says there is room.
        fake = self.write("fake/df", "#!/bin/sh\necho x; echo x 9 9 99999999\n")
        fake.chmod(0o755)
        done = self.namespace(mount.format(6000) + '; trap \'find "$HOME" -mindepth 1 >&2\' 0',
                              "sh", "-c", 'sh "$0"; code=$?; find "$HOME" -mindepth 1 >&2; '
                              'exit $code', run_file,
                              PATH=f"{fake.parent}:{self.env['PATH']}")
        self.refuse(done, "No space left")
        self.assertNotIn(".local", done.stderr.partition("No space left")[2])

    def test_places_where_nothing_may_be_executed(self):
        run_file = self.installer()
        shut = 'mount -t tmpfs -o noexec none {}'
        done = self.namespace(shut.format('"$HOME"'), "sh", run_file)
        self.refuse(done, "noexec")
        if str(self.folder).startswith("/tmp/"):
            keep = 'mkdir -p /run/t; mount --bind "{}" /run/t; '.format(self.folder)
            tmp = keep + shut.format("/tmp")
            home = "/run/t/home"
            done = self.namespace(f"mount -t tmpfs none /run; {tmp}", "sh",
                                  f"/run/t/{run_file.name}", HOME=home)
            self.expect(done, err="is installed")

    def test_command_lines(self):
        run_file, before = self.installer(), tree(self.home)
        self.expect(self.shell("sh", run_file, "--help"), out=None, err="")
        self.refuse(self.shell("sh", run_file, "--wrong"), "--wrong", "--help")
        self.refuse(self.shell("sh", run_file, "--extract"), "folder")
        self.refuse(self.shell("sh", run_file, "--uninstall"), "not installed")
        self.assert_nothing_written(before)

    def test_an_installation_under_way(self):
        run_file = self.installer()
        self.install(run_file)
        self.refuse(self.shell("flock", self.root_of("hello"), "sh", run_file), "under way")
        left = [p for p in self.root_of("hello").glob("versions/.*")]
        self.assertEqual(left, [])

    def test_who_may_read_what_was_installed(self):
        self.install(self.installer())
        for path in self.root_of("hello").rglob("*"):
            if not path.is_symlink():
                self.assertFalse(path.stat().st_mode & (stat.S_IWOTH | stat.S_IWGRP), path)


if __name__ == "__main__":
    unittest.main()
