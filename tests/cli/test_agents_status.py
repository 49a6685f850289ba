# SPDX-License-Identifier: MIT
"""`ferrule status` and `ferrule top`: what running launchers say of themselves."""

import errno
import json
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import time
import unittest

from agents import AgentsCase, wait_until
from host import FERRULE, TIMEOUT, run

TOML = '[[agent]]\nscript = "a.py"\nworkers = 2\n[[agent]]\nname = "ended"\n' \
       'script = "b.py"\n'
SCRIPTS = {"a.py": "x = bytearray(30 << 20)\nwhile True: pass",
           "b.py": "import sys; sys.exit(3)"}


class Status(AgentsCase):
    def begin(self):
        process = self.start_agents(SCRIPTS, TOML)
        self.wait_for(lambda a: a and a[("ended", 0)]["state"] == "failed"
                      and all(a[("a", n)].get("cpu_ms") for n in (0, 1)), "all run")
        return process

    def socket_path(self):
        (path,) = (self.runtime / "ferrule").iterdir()
        return path

    def test_none_is_running(self):
        self.expect(run("status", env=self.env), 0, "no launcher is running\n", "")
        self.assertEqual(self.status(), [])

    def test_json(self):
        process = self.begin()
        (launcher,) = self.status()
        self.assertEqual(launcher["pid"], process.pid)
        self.assertEqual(launcher["file"], str(self.folder / "agents.toml"))
        self.assertFalse(launcher["stopping"])
        agents = self.agents()
        self.assertEqual(set(agents), {("a", 0), ("a", 1), ("ended", 0)})
        ended, busy = agents["ended", 0], agents["a", 0]
        self.assertEqual((ended["last_exit"], ended["rss_bytes"]), (3, 0))
        self.assertNotIn("pid", ended)
        self.assertNotIn("last_exit", busy)
        self.assertEqual((busy["state"], busy["restarts"]), ("running", 0))
        self.assertGreater(busy["rss_bytes"], 30 << 20)
        self.assertGreater(busy["uptime_ms"], 0)
        self.assertEqual(os.getpgid(busy["pid"]), busy["pid"])

    def test_text(self):
        process = self.begin()
        said = run("status", env=self.env).stdout
        self.assertIn(f"launcher {process.pid}: {self.folder}/agents.toml, 3 workers",
                      said)
        self.assertRegex(said, r"a\[1\] +\d+  running +0 ")
        self.assertRegex(said, r"ended +-  failed +0 .* 3\n")

    def test_counters_of_stores(self):
        script = """
            import os, time
            from ferrule import ToolCache
            tools = ToolCache.open("tools")
            tools.set("weather", {"worker": os.environ["FERRULE_WORKER"]}, "rain")
            tools.get("weather", {"worker": os.environ["FERRULE_WORKER"]})
            tools.get("weather", {"worker": "none"})
            if os.environ["FERRULE_WORKER"] == "1":
                ToolCache.open("made by an agent", max_entries=5)
            print("ready")
            time.sleep(1000)
            """
        process = self.start_agents(
            {"a.py": script}, '[stores.tools]\nmax_entries = 100\n[[agent]]\n'
            'script = "a.py"\nworkers = 2\n', stdout=subprocess.PIPE, text=True)
        self.assertTrue(process.stdout.readline() and process.stdout.readline())
        (launcher,) = self.status()
        made, tools = launcher["stores"]
        self.assertEqual((made["name"], made["entries"], made["max_entries"]),
                         ("made by an agent", 0, 5))
        self.assertGreater(tools.pop("bytes"), 0)
        self.assertEqual(tools, {"name": "tools", "entries": 2, "max_entries": 100,
                                 "hits": 2, "misses": 2, "evictions": 0})
        text = run("status", env=self.env).stdout
        self.assertRegex(text, r"tools +2/100 +0\.\d MB +2 +2 +50 % +0\n")

    def test_two_launchers(self):
        first, second = self.begin(), self.start_agents(SCRIPTS, TOML)
        pids = wait_until(lambda: len(self.status()) == 2
                          and {x["pid"] for x in self.status()}, "both answer")
        self.assertEqual(pids, {first.pid, second.pid})
        self.assertEqual(run("status", env=self.env).stdout.count("launcher "), 2)
        self.stop(first)
        self.assertEqual([x["pid"] for x in self.status()], [second.pid])

    def test_the_socket_is_for_its_user_and_goes_with_the_launcher(self):
        process = self.begin()
        path = self.socket_path()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        self.stop(process)
        self.assertFalse(path.exists())

    def test_the_socket_is_answered_from_its_first_moment(self):
        for _ in range(8):
            process = self.start_agents(SCRIPTS, TOML)
            path = str(self.runtime / f"ferrule/launcher-{process.pid}-0.sock")
            with socket.socket(socket.AF_UNIX) as client:
                end = time.monotonic() + TIMEOUT
                while client.connect_ex(path) == errno.ENOENT and time.monotonic() < end:
                    pass  # a pause would miss the moment
                client.getpeername()  # not refused
            self.stop(process)

    def test_clients_that_say_nothing_or_nonsense_do_no_harm(self):
        self.begin()
        path = str(self.socket_path())
        silent = []
        for _ in range(40):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.connect(path)
            silent.append(client)
        wait_until(self.status, "an answer in spite of silent clients", 20)
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        client.sendall(b"\0\xff" * 5000)
        self.assertTrue(wait_until(lambda: client.recv(100), "an answer"))
        client.close()
        self.assertTrue(self.status())

    def test_one_that_is_stopped_is_said_not_to_answer(self):
        process = self.begin()
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        said = run("status", env=self.env)
        told = json.loads(run("status", "--json", env=self.env).stdout)
        process.send_signal(signal.SIGCONT)
        self.expect(said, 0, f"{self.socket_path()}: the launcher does not answer\n", "")
        self.assertEqual(told, {"launchers": [
            {"socket": str(self.socket_path()), "answers": False}]})

    def test_a_folder_that_is_not_ours_is_not_used(self):
        (self.runtime / "ferrule").mkdir(mode=0o777)
        (self.runtime / "ferrule").chmod(0o777)
        done = self.run_workers(1, "print('ran')")
        self.expect(done, 0, "a | ran\n", "no status of this run can be asked for: ")
        self.assertIn("others may write there", done.stderr)
        self.expect(run("status", env=self.env), 4, "", "others may write there")

    def test_a_path_too_long_for_a_socket(self):
        deep = self.runtime / ("x" * 100)
        deep.mkdir(mode=0o700)
        self.env["XDG_RUNTIME_DIR"] = str(deep)
        done = self.run_workers(1, "print('ran')")
        self.expect(done, 0, "a | ran\n", "no status of this run can be asked for: ")

    def test_without_a_runtime_folder(self):
        if os.access(f"/run/user/{os.geteuid()}", os.W_OK):
            self.skipTest("this user has a runtime folder")
        del self.env["XDG_RUNTIME_DIR"]
        process = self.begin()
        self.assertIn(process.pid, [x["pid"] for x in self.status()])
        folder = f"/tmp/ferrule-{os.geteuid()}"
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        self.stop(process)

    def agents(self):
        return {(a["name"], a["worker"]): a for launcher in self.status()
                if launcher["file"].startswith(str(self.folder))
                for a in launcher["agents"]}

    def test_usage(self):
        self.expect(run("status", "--all"), 2, "", "unknown option --all")
        self.expect(run("top", "--json"), 2, "", "unknown option --json")
        for command in ("status", "top"):
            self.expect(run(command, "--help"), 0, err="")


class Top(AgentsCase):
    def test_one_frame_without_a_terminal(self):
        process = self.start_agents(SCRIPTS, TOML)
        self.wait_for(bool, "it runs")
        done = run("top", env=self.env)
        self.expect(done, 0, err="")
        self.assertIn(f"launcher {process.pid}", done.stdout)
        self.assertNotIn("\033", done.stdout)

    def on_terminal(self, ending):
        """What `top` writes to a terminal until `ending(master, process)`."""
        master, slave = pty.openpty()
        before = subprocess.run(["stty", "-a"], stdin=slave, capture_output=True).stdout
        process = subprocess.Popen([FERRULE, "top"], env=self.env, stdin=slave,
                                   stdout=slave, stderr=slave, start_new_session=True)
        said = b""
        while said.count(b"q ends") < 2:
            self.assertTrue(select.select([master], [], [], 20)[0], said)
            said += os.read(master, 65536)
        ending(master, process)
        while process.poll() is None:
            if select.select([master], [], [], 0.1)[0]:
                said += os.read(master, 65536)
        time.sleep(0.05)
        while select.select([master], [], [], 0)[0]:
            said += os.read(master, 65536)
        after = subprocess.run(["stty", "-a"], stdin=slave, capture_output=True).stdout
        os.close(slave)
        os.close(master)
        self.assertEqual(before, after, "the terminal is not as it was")
        self.assertEqual(process.returncode, 0, said)
        return said

    def test_redraws_until_q(self):
        self.start_agents(SCRIPTS, TOML)
        self.wait_for(bool, "it runs")
        said = self.on_terminal(lambda master, _: os.write(master, b"xq"))
        self.assertIn(b"\033[?1049h", said)
        self.assertIn(b"a[1]", said)
        self.assertTrue(said.endswith(b"\033[?1049l"), said[-40:])

    def test_until_an_interrupt_or_a_signal(self):
        self.on_terminal(lambda master, _: os.write(master, b"\x03"))
        said = self.on_terminal(lambda _, process: process.send_signal(signal.SIGTERM))
        self.assertTrue(said.endswith(b"\033[?1049l"), said[-40:])


if __name__ == "__main__":
    unittest.main()
