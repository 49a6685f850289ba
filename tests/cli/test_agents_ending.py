# SPDX-License-Identifier: MIT
"""How an agent ends: what it still says, finishes and writes, and what that costs."""

import resource
import unittest

from agents import AgentsCase


class LastWords(AgentsCase):
    SCRIPT = """
        import atexit, json, os, sys, tempfile, threading, time, weakref

        class Last:
            def __del__(self):
                print("del", json.dumps([1]), os.path.join("a", "b"))

        last, circle = Last(), [Last()]
        circle.append(circle)
        file = open(sys.argv[1], "w")
        file.write("never closed")
        weakref.finalize(Last, print, "finalize")
        atexit.register(print, "atexit")
        folder = tempfile.TemporaryDirectory()
        print(os.path.isdir(folder.name))
        threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
        """

    def test_are_those_of_a_single_run(self):
        alone = self.run_script(self.SCRIPT, self.folder / "one")
        done = self.run_workers(1, self.SCRIPT, self.folder / "two")
        lines = [line.removeprefix("a | ") for line in done.stdout.splitlines()]
        self.assertEqual(lines, alone.stdout.splitlines(), done.stderr)
        self.assertEqual(lines.count('del [1] a/b'), 2)
        self.assertEqual((self.folder / "two").read_text(), "never closed")

    def test_main_is_the_script(self):
        done = self.run_workers(1, """
            import __main__, sys, inspect
            x = 5
            assert __main__.x == 5 and sys.modules["__main__"] is __main__
            assert __main__.__file__ == __file__ and print is __builtins__.print
            def function(): return 1
            import pickle
            assert pickle.loads(pickle.dumps(function)) is function
            print(inspect.getsource(function).strip())
            exit(3)
            """)
        self.expect(done, 3, "a | def function(): return 1\n")

    def test_processes_of_its_own(self):
        done = self.run_workers(2, """
            import multiprocessing, subprocess, sys
            def work(n): return n * n
            if __name__ == "__main__":
                for method in ("fork", "forkserver", "spawn"):
                    with multiprocessing.get_context(method).Pool(2) as pool:
                        print(sum(pool.map(work, range(5))))
                print(subprocess.run([sys.executable, "-c", "print(7)"], text=True,
                                     capture_output=True).stdout.strip())
            """)
        self.expect(done, 0, err="")
        self.assertEqual(self.lines(done.stdout), sorted(
            f"a[{n}] | {x}" for n in (0, 1) for x in (30, 30, 30, 7)))


class Ends(AgentsCase):
    """The end of an agent: quick, for what it shares with its parent goes untouched, and
    complete for what is its own."""

    def test_a_life_copies_little(self):
        def faults(workers):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
            self.expect(self.run_workers(workers, "print('x')"), 0, err="")
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before

        self.assertLess((faults(21) - faults(1)) / 20, 500)

    def test_finalizers_and_buffers_have_their_turn(self):
        done = self.run_workers(1, f"""
            import atexit, builtins, contextvars, json, threading

            class Last:
                def __init__(self, name):
                    self.name = name
                def __del__(self):
                    print("end of", self.name)

            def kept(name):
                file = open("{self.folder}/" + name, "w")
                file.write(name)
                return file

            held = Last("a global")
            json.mine = kept("in a module of the parent")
            builtins.mine = kept("in builtins")
            local, variable = threading.local(), contextvars.ContextVar("v")
            local.mine = kept("of a thread")
            variable.set(kept("in a context"))
            cycle = [Last("a cycle")]
            cycle.append(cycle)
            del cycle
            atexit.register(print, "exit function")
            print("script", end=": ")
            """)
        self.assertEqual(done.stdout.replace("a | ", ""), "script: exit function\n"
                         "end of a cycle\nend of a global\n", done.stderr)
        for name in ("in a module of the parent", "in builtins", "of a thread",
                     "in a context"):
            self.assertEqual((self.folder / name).read_text(), name)


if __name__ == "__main__":
    unittest.main()
