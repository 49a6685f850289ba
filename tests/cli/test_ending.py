# SPDX-License-Identifier: MIT
"""What happens after the last line of a script."""

import unittest

from host import HostCase


class AtExit(HostCase):
    def test_exception_in_atexit(self):
        done = self.expect(self.run_script("""
            import atexit
            atexit.register(print, "still")
            @atexit.register
            def broken():
                1 / 0
            print("main")
            """), out="main\nstill\n", err="ZeroDivisionError")
        self.assertIn("broken", done.stderr)

    def test_code_is_kept(self):
        self.expect(self.run_script("""
            import atexit, sys
            atexit.register(lambda: 1 / 0)
            sys.exit(6)
            """), code=6, err="ZeroDivisionError")

    def test_order(self):
        self.expect(self.run_script("""
            import atexit
            atexit.register(print, "first in")
            atexit.register(print, "last in")
            """), out="last in\nfirst in\n", err="")

    def test_broken_exception_hook(self):
        self.expect(self.run_script("""
            import sys
            def hook(*a): raise KeyError("hook")
            sys.excepthook = hook
            1 / 0
            """), code=1, err="Error in sys.excepthook")

    def test_own_exception_hook(self):
        self.expect(self.run_script("""
            import sys
            sys.excepthook = lambda t, v, tb: print("mine", t.__name__)
            1 / 0
            """), code=1, out="mine ZeroDivisionError\n", err="")

    def test_finalizers_and_modules_in_use(self):
        self.expect(self.run_script("""
            import json
            class A:
                def __del__(self): print("gone", json.dumps(1))
            a = A()
            cycle = [A()]; cycle.append(cycle)
            """), out="gone 1\ngone 1\n", err="")

    def test_broken_finalizer(self):
        self.expect(self.run_script("""
            class A:
                def __del__(self): 1 / 0
            a = A()
            """), err="ZeroDivisionError")


class Threads(HostCase):
    def test_threads_are_waited_for(self):
        self.expect(self.run_script("""
            import threading, time
            def work():
                time.sleep(0.2)
                print("worked")
            threading.Thread(target=work).start()
            print("main")
            """), out="main\nworked\n", err="")

    def test_daemon_threads_are_not(self):
        text = """
            import threading, time
            def spin():
                while True:
                    pass
            def nap():
                while True:
                    time.sleep(0.001)
            for work in (spin, spin, nap, nap):
                threading.Thread(target=work, daemon=True).start()
            print("main", flush=True)
            """
        for _ in range(10):
            self.expect(self.run_script(text), out="main\n", err="")

    def test_daemon_thread_in_the_middle_of_printing(self):
        for _ in range(5):
            done = self.run_script("""
                import sys, threading, time
                def talk():
                    while True:
                        print("x" * 100)
                threading.Thread(target=talk, daemon=True).start()
                time.sleep(0.02)
                sys.exit(3)
                """)
            # CPython itself may abort when the thread holds the buffer's lock.
            self.assertIn(done.returncode, (3, -6), done.stderr[-500:])
            if done.returncode == -6:
                self.assertIn("could not acquire lock", done.stderr)

    def test_exception_in_a_thread(self):
        self.expect(self.run_script("""
            import threading
            t = threading.Thread(target=lambda: 1 / 0, name="worker-7")
            t.start(); t.join()
            print("on")
            """), out="on\n", err="worker-7")

    def test_executor_left_open(self):
        self.expect(self.run_script("""
            from concurrent.futures import ThreadPoolExecutor
            pool = ThreadPoolExecutor(4)
            futures = [pool.submit(print, i) for i in range(3)]
            """), err="")

    def test_thread_started_by_a_thread_at_exit(self):
        self.expect(self.run_script("""
            import threading, time
            def second(): print("second")
            def first():
                time.sleep(0.1)
                threading.Thread(target=second).start()
            threading.Thread(target=first).start()
            """), out="second\n", err="")


class Asynchronous(HostCase):
    def test_exception_in_a_task(self):
        self.expect(self.run_script("""
            import asyncio
            async def main():
                raise ValueError("from a coroutine")
            asyncio.run(main())
            """), code=1, err="ValueError: from a coroutine")

    def test_forgotten_task(self):
        self.expect(self.run_script("""
            import asyncio
            async def fail(): raise KeyError("forgotten")
            async def main():
                task = asyncio.create_task(fail())
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            asyncio.run(main())
            print("done")
            """), out="done\n", err="Task exception was never retrieved")

    def test_child_left_running(self):
        self.expect(self.run_script("""
            import subprocess
            p = subprocess.Popen(["sleep", "0.1"])
            print("left")
            """), out="left\n")


if __name__ == "__main__":
    unittest.main()
