# SPDX-License-Identifier: MIT
"""SIGINT, SIGTERM and friends: in Python code, in C calls, at start-up, at the end."""

import signal
import subprocess
import time
import unittest

from host import FERRULE, TIMEOUT, HostCase, run, shell, start


def can_trace():
    try:
        return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"],
                              capture_output=True).returncode == 0  # fmt: skip
    except FileNotFoundError:
        return False


class Interrupted(HostCase):
    def interrupt(self, text, number=signal.SIGINT, ready="ready\n"):
        """Start a script, wait for its word, send the signal."""
        process = start("-u", self.write("a.py", text))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.assertEqual(process.stdout.readline().decode(), ready)
        time.sleep(0.05)  # let it get into the call
        process.send_signal(number)
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.fail(f"did not end after signal {number}")
        return process.returncode, out.decode(), err.decode()

    def dies(self, text):
        code, _, err = self.interrupt(text)
        self.assertEqual(code, -signal.SIGINT, err)
        self.assertIn("KeyboardInterrupt", err)
        return err

    def test_in_python_code(self):
        err = self.dies("print('ready')\nwhile True:\n    pass\n")
        self.assertIn("line 3", err.replace("line 2", "line 3"))

    def test_in_c_calls(self):
        for call in ("time.sleep(60)", "select.select([], [], [], 60)",
                     "os.read(r, 1)", "s[0].recv(1)",
                     "threading.Event().wait(60)", "queue.Queue().get()",
                     "subprocess.run(['sleep', '60'])",
                     "re.match('(a+)+$', 'a' * 60 + 'b')", "9 ** (9 ** 9)",
                     "asyncio.run(asyncio.sleep(60))", "lock.acquire(True, 60)"):
            with self.subTest(call=call):
                self.dies("import asyncio, os, queue, re, select, socket, subprocess, "
                          "threading, time\nr, w = os.pipe()\ns = socket.socketpair()\n"
                          "lock = threading.Lock(); lock.acquire()\nprint('ready')\n"
                          + call)

    def test_script_may_catch_it(self):
        code, out, err = self.interrupt("""
            import time
            try:
                print("ready")
                time.sleep(60)
            except KeyboardInterrupt:
                print("caught")
            """.replace("\n            ", "\n"))
        self.assertEqual((code, out, err), (0, "caught\n", ""))

    def test_script_may_handle_it(self):
        code, out, _ = self.interrupt(
            "import signal, sys, time\n"
            "signal.signal(signal.SIGINT, lambda *a: sys.exit(9))\n"
            "print('ready')\ntime.sleep(60)\n")
        self.assertEqual((code, out), (9, ""))

    def test_finally_and_atexit_run(self):
        code, out, _ = self.interrupt(
            "import atexit, time\natexit.register(print, 'atexit')\n\n"
            "try: print('ready'); time.sleep(60)\nfinally: print('finally')\n")
        self.assertEqual((code, out), (-signal.SIGINT, "finally\natexit\n"))

    def test_during_atexit(self):
        code, out, err = self.interrupt(
            "import atexit, time\natexit.register(print, 'last')\n"
            "@atexit.register\ndef f():\n    print('ready'); time.sleep(60)\n")
        self.assertIn("KeyboardInterrupt", err)
        self.assertEqual(out, "last\n")
        self.assertIn(code, (0, -signal.SIGINT))

    def test_while_waiting_for_threads_at_exit(self):
        code, _, err = self.interrupt(
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(1.5,)).start()\nprint('ready')\n")
        self.assertIn("KeyboardInterrupt", err)
        self.assertIn(code, (0, -signal.SIGINT))

    def test_twice(self):
        process = start("-u", self.write("a.py", """
            import time
            try: print("ready"); time.sleep(60)
            finally:
                print("again")
                time.sleep(60)
            """))
        with process:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.stdout.readline(), b"again\n")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def test_ignored_by_the_parent_stays_ignored(self):
        done = shell("trap '' INT; \"$FERRULE\" -c 'import signal; "
                     "print(signal.getsignal(2))'")
        self.assertEqual(done.stdout.strip(), str(signal.SIG_IGN.value) if
                         "Handlers" not in done.stdout else "Handlers.SIG_IGN")

    def test_blocked_by_the_parent_stays_blocked(self):
        # multiprocessing's resource tracker is started so, and outlives Ctrl-C.
        done = subprocess.run(
            [FERRULE, "-c", "import signal; print(signal.SIGINT in "
             "signal.pthread_sigmask(signal.SIG_BLOCK, []))"], capture_output=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]))
        self.assertEqual(done.stdout, b"True\n", done.stderr)

    def test_shell_sees_130(self):
        done = shell('"$FERRULE" -c "import os, signal; os.kill(os.getpid(), 2); '
                     'import time; time.sleep(9)"; echo $?')
        self.assertEqual(done.stdout, "130\n")


class StartUp(HostCase):
    def test_sigint_at_any_moment_of_the_start(self):
        script = self.write("a.py", "import time\ntime.sleep(60)\n")
        for delay in range(0, 40):
            with self.subTest(milliseconds=delay):
                process = start(script)
                time.sleep(delay / 1000)
                process.send_signal(signal.SIGINT)
                try:
                    _, err = process.communicate(timeout=TIMEOUT)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    self.fail("went on")
                self.assertEqual(process.returncode, -signal.SIGINT, err.decode())
                for word in (b"Fatal", b"egmentation", b"ferrule:"):
                    self.assertNotIn(word, err)

    @unittest.skipUnless(can_trace(), "needs strace, and the right to trace")
    def test_sigint_whenever_the_script_is_opened(self):
        script = self.write("a.py", "import time\ntime.sleep(60)\n")
        for opening in range(1, 4):
            with self.subTest(opening=opening):
                done = subprocess.run(
                    ["strace", "-qq", "-o", "/dev/null", "-P", script, "-e", "trace=openat",
                     "-e", f"inject=openat:signal=SIGINT:when={opening}", FERRULE, script],
                    capture_output=True, text=True, timeout=TIMEOUT)  # fmt: skip
                self.assertIn(done.returncode, (-signal.SIGINT, 130), done.stderr)

    def test_sigint_at_any_moment_of_the_end(self):
        script = self.write("a.py", "import json, asyncio\nprint('x', flush=True)\n")
        for delay in range(0, 12):
            with self.subTest(milliseconds=delay):
                process = start(script)
                process.stdout.readline()
                time.sleep(delay / 2000)
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=TIMEOUT)
                self.assertIn(process.returncode, (0, -signal.SIGINT), err.decode())
                self.assertNotIn(b"Fatal", err)


class Terminated(HostCase):
    def test_sigterm_kills(self):
        process = start("-uc", "import time; print('ready'); time.sleep(60)")
        with process:
            process.stdout.readline()
            process.terminate()
            _, err = process.communicate(timeout=TIMEOUT)
        self.assertEqual((process.returncode, err), (-signal.SIGTERM, b""))

    def test_shell_sees_143(self):
        done = shell('"$FERRULE" -c "import os; os.kill(os.getpid(), 15)"; echo $?')
        self.assertEqual(done.stdout, "143\n")

    def test_script_may_handle_it(self):
        self.expect(self.run_code("""
            import os, signal, sys
            signal.signal(signal.SIGTERM, lambda *a: sys.exit(8))
            os.kill(os.getpid(), signal.SIGTERM)
            """), code=8, err="")

    def test_crash_is_by_its_signal(self):
        import resource
        done = subprocess.run(
            [FERRULE, "-c", "import os; os.abort()"], capture_output=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        self.assertEqual(done.returncode, -signal.SIGABRT)

    def test_sigpipe_is_ignored_for_the_script(self):
        self.expect(run("-c", "import signal as s; print(s.getsignal(s.SIGPIPE) == "
                        "s.SIG_IGN)"), out="True\n")

    def test_children_get_the_default_of_sigpipe(self):
        done = self.run_code("""
            import subprocess
            print(subprocess.run("yes | head -1", shell=True,
                                 capture_output=True).stdout)
            """)
        self.expect(done, out="b'y\\n'\n", err="")


if __name__ == "__main__":
    unittest.main()
