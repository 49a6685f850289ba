# SPDX-License-Identifier: MIT
"""Who gets the interpreter lock: threads that come back from a wait go first, and those
that compute get done what is theirs (host/cpython/returning-threads.patch).

Counted are turns and loops, never time: a loaded machine does not change the order.
"""

import unittest

from host import HostCase

HEAD = """
import os, statistics, sys, threading, time
stop, turns, last, turns_of = False, 0, None, {}

def unit():
    return sum(len(name) for name in sorted(f"row {n * 7 % 13}" for n in range(200)))

def compute(counts, me):
    global turns, last
    while not stop:
        unit()
        counts[me] += 1
        if last != me:
            turns, last = turns + 1, me
            turns_of[me] = turns_of.get(me, 0) + 1

def start(count, target, *args):
    threads = [threading.Thread(target=target, args=(*args, n), daemon=True)
               for n in range(count)]
    for thread in threads:
        thread.start()
"""


class Order(HostCase):
    def run_threads(self, code, **options):
        return self.run_script(HEAD + code, **options)

    def test_who_comes_back_from_a_wait_waits_for_one_turn_not_for_all(self):
        done = self.run_threads("""
counts, waited = [0] * 8, []
start(8, compute, counts)
while not all(counts):
    time.sleep(0.01)
for _ in range(200):
    before = turns
    time.sleep(0.0005)
    waited.append(turns - before)
stop = True
print(statistics.median(waited) <= 2 or waited)
""")
        self.expect(done, 0, "True\n", "")

    def test_who_computes_gets_its_half_beside_many_that_come_back(self):
        done = self.run_threads("""
def come_back(counts, me):
    while not stop:
        unit()
        counts[me] += 1
        time.sleep(0.0005)

given, counts = [0] * 16, [0]
start(16, come_back, given)
start(1, compute, counts)
while counts[0] < 2000:
    time.sleep(0.01)
stop = True
print(min(given) > 0 and counts[0] > sum(given) / 4 or (counts, given))
""")
        self.expect(done, 0, "True\n", "")

    def test_threads_that_compute_share_evenly_beside_one_that_never_holds_long(self):
        done = self.run_threads("""
def look(counts, me):
    while not stop:
        os.stat("/")
        counts[me] += 1

looked, counts = [0], [0] * 3
start(1, look, looked)
start(3, compute, counts)
while min(counts) < 1000:
    time.sleep(0.01)
stop = True
# Turns, for what is done in one depends on who else wants that thread's core.
shares = turns_of.values()
print(looked[0] > 0 and max(shares) < 3 * min(shares) or (turns_of, counts, looked))
""")
        self.expect(done, 0, "True\n", "")

    def test_a_longer_switch_interval_is_longer_for_all(self):
        done = self.run_threads("""
sys.setswitchinterval(1000)
waits, comes_back, left = threading.Event(), threading.Lock(), []
comes_back.acquire()

def come_back():
    waits.set()
    comes_back.acquire()
    left.append(loops)

thread = threading.Thread(target=come_back)
thread.start()
waits.wait()
loops = None
comes_back.release()
for loops in range(2000, -1, -1):
    unit()
thread.join()
print(left)
""")
        self.expect(done, 0, "[0]\n", "")


class Surroundings(HostCase):
    run_threads = Order.run_threads

    def test_a_fork_beside_threads_that_wait_for_the_lock(self):
        done = self.run_threads("""
counts = [0] * 3
start(3, compute, counts)
for _ in range(20):
    time.sleep(0.001)
    pid = os.fork()
    if pid == 0:
        mine = [0] * 2
        start(2, compute, mine)
        while not all(mine):
            time.sleep(0.0001)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
print("well")
""")
        self.expect(done, 0, "well\n", None)

    def test_interpreters_that_share_the_lock(self):
        done = self.run_threads("""
import _interpreters

counts, waited = [0] * 2, []
start(2, compute, counts)
one = _interpreters.create("legacy")
for _ in range(50):
    before = turns
    assert _interpreters.run_string(one, "import time; time.sleep(0.001)") is None
    waited.append(turns - before)
stop = True
_interpreters.destroy(one)
print(statistics.median(waited) <= 4 or waited)
""")
        self.expect(done, 0, "True\n", "")

    def test_the_end_of_a_run_waits_for_no_thread(self):
        code = """
def sleep(me):
    while True:
        time.sleep(0.0001)

counts = [0] * 3
start(3, compute, counts)
start(3, sleep)
time.sleep(0.02)
print("end")
"""
        for _ in range(20):
            self.expect(self.run_threads(code), 0, "end\n", "")


if __name__ == "__main__":
    unittest.main()
