# SPDX-License-Identifier: MIT
"""What freezes other caches, each case with many seeds: FERRULE_STRESS=100 makes 1,000
of each. A case that hangs ends the program with every thread's stack."""

import asyncio
import faulthandler
import gc
import os
import random
import signal
import sys
import threading
import time
import unittest

import _interpreters

from ferrule import ToolCache

SEEDS = 10 * int(os.environ.get("FERRULE_STRESS", "1"))
PATIENCE_S = 120  # for one case with all its seeds, times FERRULE_STRESS


class Hangs(unittest.TestCase):
    def setUp(self):
        faulthandler.dump_traceback_later(PATIENCE_S * SEEDS / 10, exit=True)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)

    def test_no_comparison_of_keys_is_python(self):
        """So none can ask the cache for something, or let another thread run."""
        called = []

        class Sly(str):
            def __eq__(self, other):
                called.append(cache.get("tool", 1))
                return str.__eq__(self, other)

            def __hash__(self):
                called.append(cache.get("tool", 1))
                return str.__hash__(self)

        for seed in range(SEEDS):
            cache = ToolCache(20)
            for number in range(100):
                cache.set(Sly("tool"), Sly(number % (seed + 2)), "v")
                cache.get(Sly("tool"), Sly(number % (seed + 2)))
                cache.delete(Sly("tool"), Sly(number % 3))
        self.assertEqual(called, [])

    def test_finalizers_that_collect_during_evictions(self):
        class Loud(str):
            def __del__(self):
                gc.collect(0)
                cache.get("tool", 1)

        for seed in range(SEEDS):
            cache = ToolCache(3)

            def work(seed=seed, cache=cache):
                chance = random.Random(seed)
                for _ in range(30):
                    loud = Loud("v" * chance.randrange(50))
                    loud.itself = [loud]
                    cache.set("tool", chance.randrange(9), loud)

            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertLessEqual(len(cache), 3)

    def test_a_decorated_function_that_calls_itself(self):
        for seed in range(SEEDS):
            cache = ToolCache()

            @cache.tool
            def down(n, depth=seed % 5):
                return down(n)

            with self.assertRaises(RuntimeError):
                down(seed)

            @cache.tool
            async def adown(n):
                return await adown(n)

            with self.assertRaises(RuntimeError):
                asyncio.run(adown(seed))
            self.assertEqual(cache.get_or_call("down", {"n": seed}, lambda: "v"), "v")

    def test_loaders_that_fork(self):
        for seed in range(SEEDS):
            cache = ToolCache()

            def loader(seed=seed, cache=cache):
                pid = os.fork()
                if pid == 0:
                    # The child is in the middle of a flight that is its parent's.
                    cache.set("other", seed, "child's")
                    cache.get_or_call("third", seed, lambda: "v")
                    os._exit(0)
                os.waitpid(pid, 0)
                return "parent's"

            self.assertEqual(cache.get_or_call("tool", seed, loader), "parent's")
            self.assertEqual(cache.get("other", seed), "child's")
            self.assertEqual(cache.get("third", seed), "v")

    def test_an_interpreter_that_ends_while_it_leads(self):
        name = f"hangs-{os.getpid()}"
        cache = ToolCache.open(name)
        for seed in range(SEEDS):
            began = threading.Event()
            interpreter = _interpreters.create("isolated")
            code = (
                "from ferrule import ToolCache\n"
                f"flight = ToolCache.open({name!r})._join('tool', {seed})\n"
                "assert flight.state == 'lead', flight.state\n"
            )

            def lead(interpreter=interpreter, code=code, began=began, seed=seed):
                failed = _interpreters.run_string(interpreter, code)
                began.set()
                time.sleep(seed % 10 / 1000)
                _interpreters.destroy(interpreter)
                assert failed is None, failed

            thread = threading.Thread(target=lead)
            thread.start()
            began.wait()
            self.assertEqual(cache.get_or_call("tool", seed, lambda: "v"), "v")
            thread.join()

    def test_a_process_killed_while_it_leads(self):
        for seed in range(SEEDS):
            cache = ToolCache()
            ours, theirs = os.pipe()
            pid = os.fork()
            if pid == 0:
                cache.get_or_call(
                    "tool", seed, lambda t=theirs: os.write(t, b".") and time.sleep(60)
                )
            os.read(ours, 1)
            found = []
            threads = [
                threading.Thread(
                    target=lambda: found.append(
                        cache.get_or_call("tool", seed, lambda: "v")
                    )
                )
                for _ in range(3)
            ]
            for thread in threads:
                thread.start()
            time.sleep(seed % 7 / 1000)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            for thread in threads:
                thread.join()
            self.assertEqual(found, ["v"] * 3)
            os.close(ours)
            os.close(theirs)

    def test_signals_in_a_waiter(self):
        class Interrupted(Exception):
            pass

        def handler(*_):
            raise Interrupted

        old = signal.signal(signal.SIGUSR1, handler)
        self.addCleanup(signal.signal, signal.SIGUSR1, old)
        for seed in range(SEEDS):
            cache, begun, over = ToolCache(), threading.Event(), threading.Event()

            def loader(begun=begun, over=over):
                begun.set()
                over.wait()
                return "v"

            leader = threading.Thread(target=cache.get_or_call, args=("tool", 1, loader))
            leader.start()
            begun.wait()
            timer = threading.Timer(
                seed % 10 / 1000, signal.pthread_kill,
                (threading.main_thread().ident, signal.SIGUSR1),
            )  # fmt: skip
            try:
                timer.start()
                cache.get_or_call("tool", 1, lambda: "mine", timeout=30)
                self.fail("nothing was loaded")
            except Interrupted:
                pass
            over.set()
            leader.join()
            timer.join()
            self.assertEqual(cache.get("tool", 1), "v")


if __name__ == "__main__":
    sys.exit(unittest.main())
