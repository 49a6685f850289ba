# SPDX-License-Identifier: MIT
"""Settings an agent asks its user for: told, asked once, kept; secrets never in the open."""

import os
import pty
import select
import subprocess
import time
import unittest

from host import start
from installed import needs
from sample_agents import PackageCase

SECRET = "correct horse battery"
PHRASE = "open sesame"
CITY = {"CITY": {"type": "string", "title": "City"}}
KEY = {"KEY": {"type": "string", "secret": True, "title": "API key"}}
ALL = {**CITY, **KEY, "LIMIT": {"type": "integer", "default": 5},
       "LOUD": {"type": "boolean", "optional": True}}  # fmt: skip
SHOW = """\
import os
print(*(os.environ.get(name) for name in ("CITY", "KEY", "LIMIT", "LOUD")))
"""


def stop(process):
    process.terminate()
    process.wait(30)
    if process.stdout:
        process.stdout.close()


class Settings(PackageCase):
    def asking(self, settings):
        folder = self.agent(settings=settings)
        self.write("hello/main.py", SHOW)
        return folder

    def on_terminal(self, folder, *answers, **env):
        """(exit code, what the terminal showed); each answer waits for a question."""
        master, slave = pty.openpty()
        process = start("run", folder, stdin=slave, stdout=slave, stderr=slave,
                        env={**self.env, **env}, start_new_session=True,
                        preexec_fn=lambda: __import__("fcntl").ioctl(slave, 0x540E, 0))
        os.close(slave)
        shown, left, until = b"", list(answers), time.monotonic() + 60
        while time.monotonic() < until:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    part = os.read(master, 4096)
                except OSError:
                    break
                shown += part
                if left and shown.endswith(b": "):
                    os.write(master, left.pop(0).encode() + b"\n")
            elif process.poll() is not None:
                break
        os.close(master)
        return process.wait(60), shown.decode()

    def test_from_the_environment_and_by_default(self):
        folder = self.asking(ALL)
        env = {"CITY": "Riga", "KEY": "k", "LOUD": "Yes"}
        self.expect(self.ferrule("run", folder, env=env), out="Riga k 5 true\n", err="")
        self.expect(self.ferrule("run", folder, env={**env, "LIMIT": "x"}), code=3, out="",
                    err="LIMIT: a whole number")

    def test_without_terminal_it_says_what_is_missing(self):
        done = self.expect(self.ferrule("run", self.asking(ALL)), code=3, out="",
                           err="CITY: City")
        self.assertIn("KEY: API key", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_asked_once(self):
        folder = self.asking({**CITY, "LIMIT": {"type": "integer"}})
        code, shown = self.on_terminal(folder, "Riga", "many", "7")
        self.assertEqual(code, 0, shown)
        self.assertIn("a whole number, please", shown)
        self.assertIn("Riga None 7 None", shown)
        self.expect(self.ferrule("run", folder), out="Riga None 7 None\n", err="")

    def test_secrets_are_sealed_where_there_is_no_keyring(self):
        folder = self.asking(KEY)
        code, shown = self.on_terminal(folder, SECRET, PHRASE, PHRASE)
        self.assertEqual(code, 0, shown)
        self.assertEqual(shown.count(SECRET), 1)  # what the agent itself prints
        self.assertNotIn(PHRASE, shown)
        files = [path for path in self.home.rglob("*") if path.is_file()]
        self.assertTrue(any(path.suffix == ".sealed" for path in files))
        for path in files:
            self.assertNotIn(SECRET.encode(), path.read_bytes())
            self.assertEqual(path.stat().st_mode & 0o077, 0)
        code, shown = self.on_terminal(folder, "wrong", PHRASE)
        self.assertEqual(code, 0, shown)
        self.assertIn("that is not the passphrase", shown)
        self.assertIn(SECRET, shown)
        self.expect(self.ferrule("run", folder), code=3, out="", err="passphrase")

    def test_a_changed_sealed_file(self):
        folder = self.asking(KEY)
        self.on_terminal(folder, SECRET, PHRASE, PHRASE)
        (sealed,) = self.home.rglob("*.sealed")
        text = sealed.read_text()
        sealed.write_text(text[:60] + ("A" if text[60] != "A" else "B") + text[61:])
        code, shown = self.on_terminal(folder, PHRASE, PHRASE, PHRASE)
        self.assertEqual(code, 3, shown)
        self.assertNotIn("Traceback", shown)

    def test_the_keyring_is_asked_where_there_is_one(self):
        folder = self.asking(KEY)
        tool = self.write("bin/secret-tool", f"""\
            #!/bin/sh
            echo "$@" >>{self.folder}/calls
            [ "$1" = store ] || exec cat {self.folder}/ring 2>/dev/null
            cat >{self.folder}/ring
            """)
        tool.chmod(0o755)
        env = {"PATH": f"{tool.parent}:{os.environ['PATH']}",
               "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
        code, shown = self.on_terminal(folder, SECRET, **env)
        self.assertEqual(code, 0, shown)
        self.assertEqual((self.folder / "ring").read_text(), SECRET)
        self.assertNotIn(SECRET, (self.folder / "calls").read_text())
        self.expect(self.ferrule("run", folder, env=env),
                    out=f"None {SECRET} None None\n", err="")

    def keyring(self):
        """Variables of a session of its own with GNOME's keyring, unlocked."""
        bus = subprocess.Popen([needs("dbus-daemon"), "--session", "--print-address",
                                "--nofork"], env=self.env, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)  # fmt: skip
        self.addCleanup(stop, bus)
        env = {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}
        ring = subprocess.Popen([needs("gnome-keyring-daemon"), "--foreground", "--unlock",
                                 "--components=secrets"], env={**self.env, **env},
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)  # fmt: skip
        self.addCleanup(stop, ring)
        ring.stdin.write(PHRASE.encode())
        ring.stdin.close()
        return env

    def test_a_real_keyring_keeps_the_secret(self):
        needs("secret-tool")
        folder, env = self.asking(KEY), self.keyring()
        code, shown = self.on_terminal(folder, SECRET, **env)
        self.assertEqual(code, 0, shown)
        self.assertNotIn("passphrase", shown)
        self.expect(self.ferrule("run", folder, env=env),
                    out=f"None {SECRET} None None\n", err="")
        rings = list(self.home.glob(".local/share/keyrings/*.keyring"))
        self.assertTrue(rings)
        for path in self.home.rglob("*"):
            if path.is_file():
                self.assertNotIn(SECRET.encode(), path.read_bytes(), path)

    def test_a_packed_agent_asks_too(self):
        package = self.pack(self.asking(CITY))
        self.expect(self.ferrule("run", package), code=3, out="", err="CITY")
        self.expect(self.ferrule("run", package, env={"CITY": "Riga"}),
                    out="Riga None None None\n", err="")


if __name__ == "__main__":
    unittest.main()
