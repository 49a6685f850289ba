# SPDX-License-Identifier: MIT
"""InterpreterPoolExecutor: functions of a main script; the module below the pool."""

import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import _ferrule_interpreters


SCRIPT = '''
from ferrule import InterpreterPoolExecutor
import helper

STATUS = "uninitialized"

class Point:
    def __init__(self, x): self.x = x

def init(x):
    global STATUS
    STATUS = x

def status(): return STATUS
def point(x): return Point(helper.double(x))
def x_of(p): return type(p).__name__, p.x
'''


class MainScripts(unittest.TestCase):
    """Functions of a script, found again in the workers."""

    def run_script(self, text, *words, code=0):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "my-script.py")
            script.write_text(text)
            Path(folder, "helper.py").write_text("def double(x): return 2 * x\n")
            done = subprocess.run([sys.executable, *words, script], capture_output=True,
                                  text=True, timeout=100)  # fmt: skip
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_names_of_main(self):
        done = self.run_script(SCRIPT + (
            'if __name__ == "__main__":\n'
            "    pool = InterpreterPoolExecutor(initializer=init, initargs=('ready',))\n"
            "    print(pool.submit(status).result(), STATUS)\n"
            "    print(pool.submit(point, 4).result().x)\n"
            "    print(*pool.submit(x_of, Point(5)).result())\n"))
        self.assertEqual(done.stdout.split("\n")[:3],
                         ["ready uninitialized", "8", "Point 5"])

    def test_a_script_without_guard_is_told(self):
        done = self.run_script(SCRIPT + (
            "pool = InterpreterPoolExecutor(1)\nprint(pool.submit(point, 4).result())\n"
        ), code=1)
        self.assertIn('below `if __name__ == "__main__":`', done.stderr)

    def test_a_script_without_guard_sends_what_needs_nothing_of_it(self):
        done = self.run_script(
            "from ferrule import InterpreterPoolExecutor\n"
            "def square(x): return x * x\n"
            "print(list(InterpreterPoolExecutor(2).map(square, range(4))))\n")
        self.assertEqual(done.stdout, "[0, 1, 4, 9]\n")

    def test_a_worker_begins_with_one_module_of_ours(self):
        done = self.run_script(
            "from ferrule import InterpreterPoolExecutor\n"
            "def loaded():\n"
            "    import sys\n"
            "    return [x for x in sys.modules if x.startswith('ferrule')]\n"
            "def imported():\n"
            "    import ferrule, sys\n"
            "    from ferrule import _interpreter_worker as worker\n"
            "    return (worker is sys.modules[worker.__name__], worker.setup != {},\n"
            "            ferrule.ToolCache.__name__)\n"
            "pool = InterpreterPoolExecutor(1)\n"
            "print(*pool.submit(loaded).result(), *pool.submit(imported).result())\n")
        self.assertEqual(done.stdout, "ferrule._interpreter_worker True True ToolCache\n")

    def test_a_pool_that_is_never_shut_down(self):
        done = self.run_script(
            "from ferrule import InterpreterPoolExecutor\nimport time\n"
            "pool = InterpreterPoolExecutor(2)\n"
            "pool.submit(lambda: print('done', flush=True))\n")
        self.assertEqual((done.stdout, done.stderr), ("done\n", ""))

    def test_main_without_a_file(self):
        code = ("from ferrule import InterpreterPoolExecutor\n"
                "g = 1\ndef f(): return g\ndef h(): return 2\n"
                "pool = InterpreterPoolExecutor(1)\nprint(pool.submit(h).result())\n"
                "try: pool.submit(f).result()\nexcept ValueError as e: print(e)\n")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertIn("2\n", done.stdout)
        self.assertIn("found there when the main script is a file", done.stdout)


class Interpreters(unittest.TestCase):
    """The module below the pool."""

    def setUp(self):
        self.Interpreter = _ferrule_interpreters.Interpreter

    def test_an_entry_that_is_not_there(self):
        for module, function in (("no_such_module", "x"), ("sys", "no_such_function")):
            with self.assertRaisesRegex(RuntimeError, "no_such"):
                self.Interpreter(module, function)

    def test_an_entry_that_returns_no_bytes(self):
        worker = self.Interpreter("builtins", "len")
        with self.assertRaisesRegex(RuntimeError, "a tuple of bytes"):
            worker.call(b"abc")
        worker.close()
        worker.close()
        with self.assertRaisesRegex(RuntimeError, "has ended"):
            worker.call(b"abc")

    def test_another_thread_is_refused(self):
        worker = self.Interpreter("builtins", "tuple")
        seen = []

        def use():
            for call in (worker.close, worker.call):
                try:
                    call()
                except RuntimeError as error:
                    seen.append(str(error))

        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        self.assertEqual(len(seen), 2)
        self.assertIn("by the thread that made it", seen[0])
        self.assertEqual(worker.call(), ())
        worker.close()

    def test_arguments_that_are_no_bytes(self):
        worker = self.Interpreter("builtins", "tuple")
        with self.assertRaises(TypeError):
            worker.call(b"1", 2)
        worker.close()


if __name__ == "__main__":
    unittest.main()
