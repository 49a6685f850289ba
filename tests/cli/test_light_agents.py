# SPDX-License-Identifier: MIT
"""`run --isolation interpreter --workers N`: agents as interpreters of one process."""

import signal
import time
import unittest

from host import FERRULE, HostCase, run, shell, start


class LightAgents(HostCase):
    def agents(self, count, content, *arguments, name="desk.py"):
        script = self.write(name, content)
        return run("run", "--isolation", "interpreter", "--workers", count, script,
                   *arguments)  # fmt: skip

    def test_lines_are_whole_and_named(self):
        done = self.agents(4, """
            import os, sys
            for n in range(200):
                print(n, "x" * 100)
            print("to stderr", os.environ["FERRULE_AGENT"], file=sys.stderr)
            print("no newline at the end", end="")
            """)
        self.expect(done)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 4 * 201)
        for worker in range(4):
            own = [x.split(" | ")[1] for x in lines if x.startswith(f"desk[{worker}] | ")]
            self.assertEqual(own, [f"{n} {'x' * 100}" for n in range(200)]
                             + ["no newline at the end"])  # fmt: skip
            self.assertIn(f"desk[{worker}] | to stderr desk\n", done.stderr)

    def test_each_is_a_main_program_with_its_number(self):
        self.write("beside.py", "name = 'beside'")
        done = self.agents(3, """
            import os, sys, beside, _interpreters
            from ferrule import ToolCache
            print(os.environ["FERRULE_WORKER"], __name__, sys.argv[1:], beside.name,
                  _interpreters.get_current()[0] > 0)
            """, "-a", "b")
        self.assertEqual(sorted(done.stdout.splitlines()), [
            f"desk[{n}] | {n} __main__ ['-a', 'b'] beside True" for n in range(3)])

    def test_a_name_that_is_no_text_can_be_printed(self):
        done = self.agents(1, "import sys; print(sys.argv[1])", "n\udcff")
        self.expect(done, out="desk | n\udcff\n", err="")

    def test_one_worker_has_the_plain_name(self):
        self.expect(self.agents(1, "print('hi')"), out="desk | hi\n", err="")

    def test_code_of_the_first_that_failed(self):
        done = self.agents(3, """
            import os, sys, time
            n = int(os.environ["FERRULE_WORKER"])
            time.sleep(0.3 * (2 - n))
            if n == 1: sys.exit(7)
            if n == 0: sys.exit("said why")
            """)
        self.expect(done, code=7, err="ferrule: desk[1]: ended with code 7\n")
        self.assertIn("desk[0] | said why\n", done.stderr)
        done = self.agents(2, "def f():\n    1 / 0\nf()\n")
        self.expect(done, code=1, err="desk[0] | ZeroDivisionError: division by zero")
        self.assertNotIn("_light_agent", done.stderr)
        self.expect(self.agents(2, "import sys\nsys.exit(0)\n"), err="")

    def test_stores_and_guards_are_shared(self):
        done = self.agents(4, """
            import os, time
            from ferrule import SchemaGuard, ToolCache
            cache = ToolCache.open("shared")
            own = int(os.environ["FERRULE_WORKER"])
            cache.set("tool", [own], "v")
            end = time.monotonic() + 60
            while not all(cache.get("tool", [n]) for n in range(4)):
                assert time.monotonic() < end
                time.sleep(0.01)
            print(SchemaGuard({"type": "integer"}).is_valid("3"))
            """)
        self.expect(done)
        self.assertEqual(done.stdout.count("True"), 4)

    def test_threads_and_exit_functions_are_waited_for(self):
        done = self.agents(2, """
            import atexit, threading, time
            atexit.register(print, "at exit")
            threading.Thread(target=lambda: (time.sleep(0.2), print("late"))).start()
            """)
        self.expect(done, err="")
        for worker in range(2):
            for word in ("late", "at exit"):
                self.assertIn(f"desk[{worker}] | {word}\n", done.stdout)

    def test_signals_let_them_finish(self):
        script = self.write("desk.py", """
            import time
            try:
                print("ready", flush=True)
                while True:
                    time.sleep(0.01)
            finally:
                print("cleaned up", flush=True)
            """)
        for number, code in ((signal.SIGTERM, -15), (signal.SIGINT, -2)):
            process = start("run", "--isolation=interpreter", "--workers=2", script)
            for _ in range(2):
                self.assertIn(b"ready", process.stdout.readline())
            process.send_signal(number)
            out, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, code)
            self.assertEqual(out.count(b"cleaned up"), 2)

    def one_that_does_not_listen(self):
        return self.write("desk.py", """
            import time
            while True:
                try:
                    print("ready", flush=True)
                    time.sleep(600)
                except KeyboardInterrupt:
                    pass
            """)

    def test_a_second_signal_ends_who_does_not_listen(self):
        script = self.one_that_does_not_listen()
        process = start("run", "--isolation=interpreter", "--workers=1", script)
        self.assertIn(b"ready", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -15)

    def test_one_that_does_not_listen_is_ended_after_the_grace(self):
        script = self.one_that_does_not_listen()
        for number in (signal.SIGTERM, signal.SIGINT):
            process = start("run", "--isolation=interpreter", "--workers=1", script)
            self.assertIn(b"ready", process.stdout.readline())
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, err), (-number, b""))

    def test_a_reader_that_leaves(self):
        script = self.write("desk.py", "while True: print('x' * 50)\n")
        done = shell(f"{FERRULE} run --isolation interpreter --workers 2 {script} | head -2")
        self.assertEqual((done.stdout.count("x" * 50), done.stderr), (2, ""))

    def test_long_lines_are_cut(self):
        done = self.agents(1, "print('y' * 300_000)\n")
        self.expect(done)
        self.assertEqual(done.stdout.count("y"), 300_000)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 2 * 65536 + 10)

    def test_many(self):
        done = self.agents(40, "print('here')\n")
        self.expect(done, err="")
        self.assertEqual(done.stdout.count("here"), 40)

    def test_bad_usage(self):
        script = self.write("desk.py", "print(1)\n")
        for words, reason in (
            (("--isolation", "threads", script), 'expected "process" or "interpreter"'),
            (("--isolation", "interpreter", "--workers", "0", script), "from 1 to"),
            (("--isolation", "interpreter", "--workers", "10000", script), "from 1 to"),
            (("--isolation", "interpreter", self.write("a.toml", "")), "are processes"),
        ):
            done = run("run", *words)
            self.expect(done, code=2, err=reason)
        done = self.agents(2, "def broken(:\n")
        self.expect(done, code=1, err="SyntaxError")

    def test_too_few_descriptors(self):
        script = self.write("desk.py", "print(1)\n")
        done = shell("ulimit -n 40; $FERRULE run --isolation interpreter --workers 20 "
                     f"{script}", env={"FERRULE": FERRULE})  # fmt: skip
        self.assertEqual(done.returncode, 70)
        self.assertIn("cannot run agents: Too many open files", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
