# SPDX-License-Identifier: MIT
"""Packages in clean systems of Debian 12 and 13: installed, used, removed without a trace."""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from host import can_unshare
from installed import InstallCase, runtime_packages
from roots import NoRoot, clean_root, enter
from sample_agents import tree

TIMEOUT = 3000
ROOT = Path(os.environ["FERRULE_ROOT"])
# Written by dpkg and the libraries' loader about every package.
BOOKS = ("var/lib/dpkg", "var/log", "var/cache", "etc/ld.so.cache", "tmp", "root/input")


class CleanRoot(InstallCase):
    SUITE = None

    def setUp(self):
        if not can_unshare():
            self.skipTest("no mount namespaces here")
        super().setUp()
        try:
            self.base = clean_root(self.SUITE)
        except NoRoot as reason:
            self.skipTest(str(reason))
        self.scratch = self.folder / "scratch"
        self.input = self.scratch / "upper/root/input"
        self.input.mkdir(parents=True)

    def bring(self, *files):
        for file in files:
            shutil.copy(file, self.input)

    def inside(self, script, **expected):
        done = enter(self.base, self.scratch, "sh", "-ec", f"cd /root/input\n{script}")
        return self.expect(done, **expected)

    def changed(self):
        """What the upper layer of the overlay has, without the books."""
        found = tree(self.scratch / "upper")
        return {path: kind for path, kind in found.items()
                if not path.startswith(BOOKS)
                and not (kind == "folder" and (self.base / path).is_dir())}

    def test_debian_package(self):
        self.bring(runtime_packages()[".deb"], self.pack(self.agent(), "hello.deb"),
                   self.pack(self.agent(), "hello.ferrule"))
        shutil.copytree(ROOT / "agents/replay", self.input / "replay")
        before = self.changed()
        self.inside("dpkg -i ./ferrule_*.deb hello.deb >&2", code=0)
        self.inside("ferrule -c 'import ssl; print(ssl.OPENSSL_VERSION[:9])'; hello you; "
                    "ferrule run hello.ferrule",
                    out="OpenSSL 3\nhello you\nhello\n")
        said = self.inside("ferrule run replay --speed 1000 2>&1 | tail -n 20")
        self.assertIn("hit rate", said.stdout)
        self.inside("rm -rf /root/.cache; dpkg --purge hello ferrule >&2")
        self.assertEqual(self.changed(), before)

    def test_self_contained_package_for_all_users(self):
        self.bring(runtime_packages()[".run"])
        before = self.changed()
        self.inside("sh ferrule-*.run --system --quiet; ferrule -c 'print(1)'; "
                    "ferrule self rollback || echo $?", out="1\n1\n")
        self.inside("useradd -m you && su you -c \"ferrule -c 'import json; print(2)'\"; "
                    "userdel -r you 2>/dev/null", out="2\n")
        self.inside("sh ferrule-*.run --uninstall --system --quiet")
        books = ("etc/", "var/mail")  # of useradd
        left = {p: k for p, k in self.changed().items() if not p.startswith(books)}
        self.assertEqual(left, before)

    def test_agent_for_one_user(self):
        self.bring(self.installer("1.0"), self.installer("1.1"))
        before = self.changed()
        self.inside("sh hello-1.0.run --quiet; /root/.local/bin/hello; "
                    "sh hello-1.1.run --quiet; /root/.local/bin/hello; "
                    "/root/.local/share/ferrule-agents/hello/current/lib/ferrule/ferrule "
                    "self rollback 2>/dev/null; /root/.local/bin/hello; "
                    "sh hello-1.1.run --uninstall --quiet",
                    out="hello 1.0\nhello 1.1\nhello 1.0\n")
        self.assertEqual(self.changed(), before)

    def test_agent_of_a_user_who_is_not_root(self):
        self.bring(self.installer("1.0"))
        self.inside("useradd -m you; chmod 755 /root /root/input")
        before = self.changed()
        self.inside("su you -c 'cd; sh /root/input/hello-1.0.run --quiet; .local/bin/hello; "
                    "sh /root/input/hello-1.0.run --uninstall --quiet'", out="hello 1.0\n")
        self.assertEqual(self.changed(), before)


class Bookworm(CleanRoot):
    SUITE = "bookworm"


class Trixie(CleanRoot):
    SUITE = "trixie"


del CleanRoot


class Lint(InstallCase):
    """What tells the desktop and the system about packages is valid."""

    def check(self, *command):
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed (./dev test installs it)")
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def files(self, package):
        target = self.folder / "files"
        subprocess.run(["dpkg-deb", "-x", package, target], check=True)
        return target / "usr"

    def test_desktop_entries(self):
        entry = "share/applications/{}.desktop"
        self.check("desktop-file-validate",
                   self.files(runtime_packages()[".deb"]) / entry.format("ferrule"))
        agent = self.agent(title="Hello: \"you\"", categories=["Utility"], terminal=False)
        self.check("desktop-file-validate",
                   self.files(self.pack(agent, "hello.deb")) / entry.format("hello"))

    def test_appstream(self):
        info = "share/metainfo/dev.ferrule.ferrule.metainfo.xml"
        path = self.files(runtime_packages()[".deb"]) / info
        if shutil.which("appstreamcli") is None:
            self.skipTest("appstreamcli is not installed (./dev test installs it)")
        done = subprocess.run(["appstreamcli", "validate", "--no-net", "--pedantic", path],
                              capture_output=True, text=True)
        self.expect(done)

    def test_manual(self):
        manual = ROOT / "installer/share/ferrule.1"
        self.check("mandoc", "-Tlint", manual)
        text = self.expect(self.ferrule("--help")).stdout.partition("commands:")[2]
        for command in re.findall(r"^  ([a-z]+) ", text, re.M):
            self.assertIn(f"\n.It Cm {command}\n", manual.read_text())

    def test_lintian(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is not installed (./dev test installs it)")
        done = subprocess.run(
            ["lintian", "--fail-on", "error,warning", "--suppress-tags",
             # The developer build keeps its symbols.
             "unstripped-binary-or-object", runtime_packages()[".deb"]],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("\nE:", done.stdout)


if __name__ == "__main__":
    unittest.main()
