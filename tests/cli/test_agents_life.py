# SPDX-License-Identifier: MIT
"""How agents end, and what then: restarts, limits, signals, deaths of either side."""

import os
import random
import signal
import subprocess
import time
import unittest

from agents import AgentsCase, is_alive, kill, wait_until
from host import TIMEOUT

SLEEP = "import time\ntime.sleep(600)\n"


class ExitCode(AgentsCase):
    def test_zero_when_all_ended_well(self):
        self.expect(self.run_workers(3, "pass"), 0, "", "")

    def test_that_of_the_first_that_failed(self):
        done = self.run_agents(
            {"a.py": "import sys, time\ntime.sleep(0.5)\nsys.exit(5)",
             "b.py": "import sys; sys.exit(7)", "c.py": "pass"},
            '[[agent]]\nscript="a.py"\n[[agent]]\nscript="b.py"\n[[agent]]\nscript="c.py"')
        self.expect(done, 7, "", "ferrule: b: ended with code 7")
        self.assertIn("ferrule: a: ended with code 5", done.stderr)

    def test_kinds_of_ends(self):
        for script, code, said in (
            ("1 / 0", 1, "ZeroDivisionError"),
            ("import sys; sys.exit('sorry')", 1, "sorry"),
            ("import os; os._exit(9)", 9, "ended with code 9"),
            ("import os; os.kill(os.getpid(), 9)", 137, "ended by signal 9 (Killed)"),
            ("import ctypes; ctypes.string_at(0)", 139, "File \""),  # its Python stack
            ("import os, signal; signal.raise_signal(2)", 130, "KeyboardInterrupt"),
            ("x = 'a' * (1 << 40)", 1, "MemoryError"),
            ("def", 1, "SyntaxError"),
        ):
            with self.subTest(script=script):
                self.expect(self.run_workers(1, script), code, "", said)

    def test_many_killed_at_work_are_all_restarted(self):
        """`./dev bench kills` kills 1,000, and measures how late the others are."""
        answers = """
            import os, time; from ferrule import ToolCache
            tools, lost = ToolCache.open("tools"), 0
            while not os.path.exists("stop"):
                tools.set("ours", "1", "value")
                lost += tools.get("ours", "1") != "value"
                time.sleep(0.001)
            print("lost:", lost)
            """
        works = """
            import time; from ferrule import Channel, ToolCache
            tools, channel = ToolCache.open("tools"), Channel.open("x")
            while True:
                tools.set("theirs", str(time.monotonic_ns() % 300), "v" * 300)
                channel.put(b"x" * 40_000, 1)
                channel.get(1)
            """
        process = self.start_agents(
            {"answers.py": answers, "works.py": works},
            '[[agent]]\nscript = "answers.py"\n[[agent]]\nscript = "works.py"\n'
            'workers = 6\nrestart = "on-failure"', cwd=self.folder, stdout=-1, text=True)
        for number in range(1, 5):
            # Who fails within a second of its start would have to wait.
            agents = self.wait_for(lambda a: a and all(
                w.get("uptime_ms", 0) > 1200 for w in a.values()) and a, "all work")
            for (name, _), agent in agents.items():
                if name == "works":
                    time.sleep(random.random() / 50)
                    os.kill(agent["pid"], signal.SIGKILL)
            self.wait_for(lambda a, number=number: a and all(
                w["restarts"] == number for (name, _), w in a.items()
                if name == "works"), "all are restarted")
        self.write("stop", "")
        self.assertEqual(process.stdout.readline(), "answers | lost: 0\n")

    def test_one_that_dies_touches_no_other(self):
        done = self.run_agents(
            {"good.py": """
                import time
                from ferrule import ToolCache
                cache = ToolCache.open("tools")
                end, hits = time.monotonic() + 1.0, 0
                while time.monotonic() < end or hits == 0:
                    cache.set("t", "1", "v")
                    hits += (found := cache.get("t", "1")) == "v"
                    assert found in ("v", None)  # None: evicted, or its shard lost
                print("whole", cache.stats()["shards_lost"] <= 3)
                """,
             "bad.py": """
                import os, threading, time
                from ferrule import ToolCache
                cache = ToolCache.open("tools")
                threading.Timer(0.3, os.kill, (os.getpid(), 9)).start()
                while True:
                    cache.set("t", str(time.monotonic_ns()), "v" * 100)
                """},
            '[[agent]]\nscript="good.py"\n[[agent]]\nscript="bad.py"\nworkers=3')
        self.expect(done, 137, "good | whole True\n", "bad[2]: ended by signal 9")


class Restart(AgentsCase):
    COUNT = """
        import os, sys
        with open("{path}", "a") as file:
            file.write("x")
        sys.exit({code})
        """

    def starts(self, restart, code):
        """(how it ended, number of starts)"""
        path = self.folder / "starts"
        done = self.run_agents({"a.py": self.COUNT.format(path=path, code=code)},
                               f'[[agent]]\nscript="a.py"\nrestart="{restart}"')
        return done, len(path.read_text())

    def test_never(self):
        done, starts = self.starts("never", 4)
        self.assertEqual((done.returncode, starts), (4, 1))

    def test_on_failure_not_after_success(self):
        done, starts = self.starts("on-failure", 0)
        self.assertEqual((done.returncode, starts), (0, 1))

    def test_one_that_crashes_at_once_is_given_up_and_said_so(self):
        for restart in ("on-failure", "always"):
            with self.subTest(restart=restart):
                began = time.monotonic()
                done, starts = self.starts(restart, 4)
                self.expect(done, 4, "", "ferrule: a: given up: 6 times in a row")
                self.assertEqual(starts, 6)
                self.assertGreater(time.monotonic() - began, 3.0, "no back-off")
                (self.folder / "starts").unlink()

    def test_a_failure_made_good_is_none(self):
        done = self.run_agents({"a.py": f"""
            import os, sys
            if not os.path.exists("{self.folder}/again"):
                open("{self.folder}/again", "w")
                sys.exit(1)
            print("well")
            """}, '[[agent]]\nscript="a.py"\nrestart="on-failure"')
        self.expect(done, 0, "a | well\n")

    def test_always_after_success_too(self):
        process = self.start_agents({"a.py": "print('up')"},
                                    '[[agent]]\nscript="a.py"\nrestart="always"')
        for _ in range(8):
            self.assertEqual(process.stdout.readline(), b"a | up\n")
        self.assertIn(self.stop(process)[0], (0, -signal.SIGTERM))

    def test_one_that_was_killed_is_back_at_once(self):
        process = self.start_agents({"a.py": SLEEP},
                                    '[[agent]]\nscript="a.py"\nrestart="on-failure"')
        key = ("a", 0)
        first = self.wait_for(lambda a: a and a[key].get("uptime_ms", 0) > 1100
                              and a[key], "it runs for a second")
        kill(first["pid"])
        again = self.wait_for(lambda a: a[key].get("pid") not in (None, first["pid"])
                              and a[key], "it runs again")
        self.assertEqual((again["restarts"], again["last_exit"]), (1, 137))
        self.stop(process)


class Limits(AgentsCase):
    def limited(self, script, limits, restart="never"):
        return self.run_agents(
            {"a.py": script}, f'[[agent]]\nscript="a.py"\nrestart="{restart}"\n'
                              f"limits = {{ {limits} }}")

    def test_memory(self):
        done = self.limited("x = bytearray(200 << 20)", 'memory = "100M"')
        self.expect(done, 1, "", "MemoryError")

    def test_processor_time(self):
        done = self.limited("while True: pass", "cpu = 1")
        self.expect(done, 137, "", " s of processor time, its limit is 1 s; ended by")

    def test_files(self):
        done = self.limited("import os\nwhile True: os.dup(0)", "files = 40")
        self.expect(done, 1, "", "Too many open files")

    def test_a_stuck_one_says_where_and_is_ended(self):
        done = self.limited("import time\ndef deep():\n    time.sleep(600)\ndeep()",
                            "wall = 1")
        self.expect(done, 143, "", "ferrule: a: has run for 1 s, its limit; it is here:")
        self.assertIn('a.py", line 3 in deep', done.stderr)

    def test_one_stuck_in_c_is_too(self):
        done = self.limited("import re\nre.match('(a+)+$', 'a' * 60 + 'b')", "wall = 1")
        self.expect(done, 143, "", 'a.py", line 2 in <module>')

    def test_one_that_ignores_it_is_killed_after_the_grace(self):
        done = self.limited("import signal, time\nsignal.signal(15, signal.SIG_IGN)\n"
                            "time.sleep(600)", "wall = 1")
        self.expect(done, 137, "", "did not end within 5000 ms of being told to")

    def test_one_that_ends_well_in_the_grace_has_failed_all_the_same(self):
        done = self.limited("import signal, sys, time\n"
                            "signal.signal(15, lambda *a: sys.exit(0))\n"
                            "time.sleep(600)", "wall = 1")
        self.expect(done, 143)

    def test_what_it_started_ends_with_it(self):
        done = self.limited("import subprocess, time\n"
                            "p = subprocess.Popen(['sleep', '600'])\n"
                            "print(p.pid, flush=True)\ntime.sleep(600)", "wall = 1")
        pid = int(done.stdout.split()[-1])
        wait_until(lambda: not is_alive(pid), "the child of the agent ends")


class Signals(AgentsCase):
    READY = """
        import signal, sys, time
        {handler}
        print("ready", flush=True)
        time.sleep(600)
        """

    def begin(self, handler="", workers=2):
        process = self.start_agents(
            {"a.py": self.READY.format(handler=handler)},
            f'[[agent]]\nscript="a.py"\nworkers={workers}\nrestart="always"')
        for _ in range(workers):
            self.assertIn(b"| ready", process.stdout.readline())
        return process

    def test_termination_is_passed_on(self):
        code, _, err = self.stop(self.begin())
        self.assertEqual((code, err), (-signal.SIGTERM, ""))

    def test_agents_may_finish_their_work(self):
        handler = ("def done(*_):\n    import os; os.write(1, b'last words'); sys.exit(0)\n"
                   "signal.signal(15, done)").replace("\n", "\n        ")
        code, out, err = self.stop(self.begin(handler))
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(self.lines(out), ["a[0] | last words", "a[1] | last words"])

    def test_an_interrupt_is_one_for_the_agents(self):
        process = self.begin(workers=1)
        code, _, err = self.stop(process, signal.SIGINT)
        self.assertEqual(code, -signal.SIGINT)
        self.assertIn("KeyboardInterrupt", err)

    def test_hang_up(self):
        # The tests themselves may run under nohup.
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.assertEqual(self.stop(self.begin(), signal.SIGHUP)[0], -signal.SIGHUP)

    def test_hang_up_under_nohup_is_nothing(self):
        process = self.start_agents(
            {"a.py": "import time\nprint('ready', flush=True)\ntime.sleep(1)"},
            '[[agent]]\nscript="a.py"',
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.stdout.readline()
        self.assertEqual(self.stop(process, signal.SIGHUP)[0], 0)

    def test_one_that_does_not_listen_is_killed_after_the_grace(self):
        process = self.begin("signal.signal(15, signal.SIG_IGN)", workers=1)
        code, _, err = self.stop(process)
        self.assertEqual(code, 137)
        self.assertIn("did not end within 5000 ms", err)
        self.assertIn("a.py\", line 5 in <module>", err)

    def test_the_second_signal_kills_at_once(self):
        process = self.begin("signal.signal(15, signal.SIG_IGN)")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.wait_for(lambda a: a[("a", 0)]["state"] == "stopping", "it was heard")
        code, _, _ = self.stop(process)
        self.assertEqual(code, 137)
        self.assertLess(time.monotonic() - began, 4.9, "it waited for the grace")

    def test_an_ignored_sigchld_does_not_lose_ends(self):
        process = self.start_agents(
            {"a.py": "import sys; sys.exit(6)"}, '[[agent]]\nscript="a.py"',
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 6)


class Deaths(AgentsCase):
    def pids(self, count):
        found = self.wait_for(
            lambda a: len(a) == count and all("pid" in x for x in a.values()) and a,
            "all run")
        return [x["pid"] for x in found.values()]

    def test_agents_die_with_their_launcher(self):
        process = self.start_agents({"a.py": SLEEP},
                                    '[[agent]]\nscript="a.py"\nworkers=5')
        pids = self.pids(5)
        process.kill()
        process.wait()
        wait_until(lambda: not any(map(is_alive, pids)), "all agents end")

    def test_a_socket_left_behind_is_no_obstacle(self):
        process = self.start_agents({"a.py": SLEEP}, '[[agent]]\nscript="a.py"')
        self.pids(1)
        process.kill()
        process.wait()
        left = list((self.runtime / "ferrule").iterdir())
        self.assertEqual(len(left), 1)
        self.assertEqual(self.status(), [])
        self.assertEqual(list((self.runtime / "ferrule").iterdir()), [])
        again = self.start_agents({"a.py": SLEEP}, '[[agent]]\nscript="a.py"')
        self.pids(1)
        self.stop(again)

    def test_random_kills_under_load(self):
        """Every agent comes back, and nobody else is disturbed: the others' requests
        are answered by a store that all of them write to."""
        scripts = {
            "load.py": """
                import itertools, os
                from ferrule import ToolCache
                cache = ToolCache.open("tools")
                for i in itertools.count():
                    cache.set("t", str(i % 5000), "v" * (i % 300))
                """,
            "serve.py": """
                from ferrule import ToolCache
                import sys, time
                cache = ToolCache.open("tools")
                count = 0
                end = time.monotonic() + 600
                while time.monotonic() < end:
                    cache.set("own", "1", "answer")
                    if cache.get("own", "1") not in ("answer", None):
                        sys.exit(9)
                    count += 1
                    if count % 1000 == 0:
                        print(count)
                """,
        }
        process = self.start_agents(
            scripts, '[stores.tools]\nmax_entries = 4000\n[[agent]]\nscript="load.py"\n'
            'workers = 6\nrestart="always"\n[[agent]]\nscript="serve.py"\n',
            stdout=subprocess.DEVNULL)
        kills = 24
        for number in range(kills):
            # At once is within a second of the start: those would be given up some day.
            name = ("load", number % 6)
            agent = self.wait_for(lambda a, name=name: a and a[name].get("pid")
                                  and a[name]["uptime_ms"] > 1000 and a[name],
                                  f"{name} runs after {number} kills")
            kill(agent["pid"])
        agents = self.wait_for(
            lambda a: sum(x["restarts"] for x in a.values()) == kills and a,
            "all are back")
        self.assertEqual(agents[("serve", 0)]["restarts"], 0)
        self.assertEqual(self.zombies(process.pid), [])
        self.assertEqual(self.stop(process)[0], -signal.SIGTERM)

    @staticmethod
    def zombies(parent):
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            children = file.read().split()
        return [pid for pid in children if not is_alive(int(pid))]

    def test_nothing_is_left_of_ended_agents(self):
        process = self.start_agents({"a.py": "", "b.py": SLEEP}, """
            preload = []
            [[agent]]
            script = "a.py"
            workers = 40
            restart = "always"
            [[agent]]
            script = "b.py"
            """)

        def restarted(total):
            return lambda a: a and sum(x["restarts"] for x in a.values()) > total and a

        self.wait_for(restarted(100), "100 cycles")
        before = self.descriptors(process.pid)
        self.wait_for(restarted(700), "700 cycles")
        after = self.descriptors(process.pid)
        # 3 of each that happens to run, and an asking client.
        self.assertLess(abs(after - before), 3 * 40 + 2)
        self.stop(process)

    @staticmethod
    def descriptors(pid):
        return len(os.listdir(f"/proc/{pid}/fd"))


if __name__ == "__main__":
    unittest.main()
