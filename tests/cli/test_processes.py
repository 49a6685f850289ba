# SPDX-License-Identifier: MIT
"""Processes started from a script: multiprocessing in its three forms, subprocess."""

import unittest

from host import FERRULE, HostCase, run

METHODS = ("fork", "forkserver", "spawn")


class Multiprocessing(HostCase):
    def each(self, text, out, **options):
        for method in METHODS:
            with self.subTest(method=method):
                script = text.replace("METHOD", repr(method))
                self.expect(self.run_script(script, **options), out=out, err="")

    def test_pool(self):
        self.each("""
            import multiprocessing
            def square(x):
                return x * x
            if __name__ == "__main__":
                context = multiprocessing.get_context(METHOD)
                with context.Pool(2) as pool:
                    print(pool.map(square, range(5)), pool.apply(square, (9,)))
            """, "[0, 1, 4, 9, 16] 81\n")

    def test_exit_codes_and_executable(self):
        self.each(f"""
            import multiprocessing, os, sys
            def work(queue):
                queue.put((sys.executable, sys.flags.utf8_mode))
                sys.exit(7)
            def die():
                os.abort()
            if __name__ == "__main__":
                context = multiprocessing.get_context(METHOD)
                queue = context.Queue()
                p = context.Process(target=work, args=(queue,))
                p.start(); print(queue.get() == ({FERRULE!r}, 1)); p.join()
                q = context.Process(target=die); q.start(); q.join()
                print(p.exitcode, q.exitcode)
            """, "True\n7 -6\n")

    def test_manager_lock_event_and_shared_memory(self):
        self.each("""
            import multiprocessing
            from multiprocessing import shared_memory
            def work(name, items, lock, event):
                memory = shared_memory.SharedMemory(name)
                with lock:
                    memory.buf[0] = 42
                    items.append("x")
                memory.close()
                event.set()
            if __name__ == "__main__":
                context = multiprocessing.get_context(METHOD)
                memory = shared_memory.SharedMemory(create=True, size=16)
                with context.Manager() as manager:
                    items, lock, event = manager.list(), context.Lock(), context.Event()
                    args = (memory.name, items, lock, event)
                    p = context.Process(target=work, args=args)
                    p.start(); print(event.wait(60)); p.join()
                    print(memory.buf[0], list(items), p.exitcode)
                memory.close(); memory.unlink()
            """, "True\n42 ['x'] 0\n")

    def test_exception_travels(self):
        self.each("""
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor
            def fail(x):
                raise ValueError(f"no {x}")
            if __name__ == "__main__":
                context = multiprocessing.get_context(METHOD)
                with ProcessPoolExecutor(2, mp_context=context) as pool:
                    try:
                        list(pool.map(fail, [1]))
                    except ValueError as e:
                        print(e, type(e.__cause__).__name__)
            """, "no 1 _RemoteTraceback\n")

    def test_packages_beside_the_script_and_vendored(self):
        self.write("helper.py", "def double(x): return 2 * x")
        self.write("vendor/lib.py", "def triple(x): return 3 * x")
        self.each("""
            import multiprocessing, helper, lib
            if __name__ == "__main__":
                with multiprocessing.get_context(METHOD).Pool(1) as pool:
                    print(pool.map(helper.double, [4]), pool.map(lib.triple, [4]))
            """, "[8] [12]\n")

    def test_script_without_a_main_guard_says_so(self):
        done = self.run_script("""
            import multiprocessing
            p = multiprocessing.get_context("spawn").Process(target=print)
            p.start(); p.join()
            print(p.exitcode)
            """)
        self.expect(done, out="1\n", err="freeze_support()")

    def test_module_run_with_m(self):
        self.write("mod.py", """
            import multiprocessing
            def f(x): return x + 1
            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(f, [1]))
            """)
        self.expect(run("-m", "mod", cwd=self.folder), out="[2]\n", err="")

    def test_agent_folder(self):
        self.write("agent/agent.py", """
            import multiprocessing
            from helper import f
            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(f, [1]))
            """)
        self.write("agent/helper.py", "def f(x): return x + 1")
        self.expect(run("run", self.folder / "agent"), out="[2]\n", err="")

    def test_flags_reach_the_children(self):
        script = self.write("a.py", """
            import multiprocessing, sys
            def f(x): return sys.flags.optimize, sys.warnoptions
            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(f, [1]))
            """)
        self.expect(run("-O", "-W", "ignore::DeprecationWarning", script),
                    out="[(1, ['ignore::DeprecationWarning'])]\n", err="")


class Subprocess(HostCase):
    def test_this_executable_again(self):
        self.expect(self.run_code("""
            import subprocess, sys
            print(subprocess.run([sys.executable, "-c", "print('child')"],
                                 capture_output=True, text=True))
            """), out=f"CompletedProcess(args=['{FERRULE}', '-c', \"print('child')\"], "
                      "returncode=0, stdout='child\\n', stderr='')\n")

    def test_code_that_multiprocessing_would_run(self):
        self.expect(run("-I", "-s", "-E", "-B", "-X", "utf8", "-W", "ignore", "-c",
                        "import sys; print(sys.argv)", "--multiprocessing-fork"),
                    out="['-c', '--multiprocessing-fork']\n", err="")

    def test_empty_environment_of_a_child(self):
        self.expect(self.run_code("""
            import subprocess, sys
            subprocess.run([sys.executable, "-c", "import json, ssl; print('ok')"], env={})
            """), out="ok\n", err="")

    def test_fork_by_hand(self):
        self.expect(self.run_code("""
            import os, sys
            pid = os.fork()
            if pid == 0:
                import asyncio, ssl
                print("child", flush=True)
                os._exit(3)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """), out="child\n3\n", err="")

    def test_asyncio_subprocess(self):
        self.expect(self.run_code("""
            import asyncio, sys
            async def main():
                p = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", "print(input()[::-1])",
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
                print(await p.communicate(b"abc\\n"))
            asyncio.run(main())
            """), out="(b'cba\\n', None)\n", err="")


if __name__ == "__main__":
    unittest.main()
