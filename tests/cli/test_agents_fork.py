# SPDX-License-Identifier: MIT
"""What a fork hands over at once: where the code's pages are, and few entries for the
rest."""

import ctypes
import inspect
import mmap
import os
import re
import unittest

from agents import AgentsCase

HUGE_PAGE = 2 << 20
MADV_COLLAPSE = 25


def kilobytes(process, field, mapping):
    """[KB of `field`] of each mapping of a process whose first line matches."""
    import re

    with open(f"/proc/{process}/smaps") as file:
        text = file.read()
    return [int(re.search(rf"^{field}: +(\d+)", one, re.M)[1])
            for one in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", text)
            if re.match(mapping, one)]  # fmt: skip


def why_code_is_not_written():
    """None: a process may write to its own code as a debugger does."""
    address = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p).value
    try:
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            os.pwrite(memory.fileno(), ctypes.string_at(address, 1), address)
    except OSError as error:
        return f"this system lets nobody write to code: {error.strerror}"
    return None


def why_no_huge_pages():
    """None: what is asked for here and now is made into one."""
    memory = mmap.mmap(-1, 2 * HUGE_PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(b"x" * 2 * HUGE_PAGE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    begin = address + -address % HUGE_PAGE
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(HUGE_PAGE), MADV_COLLAPSE):
        return f"no huge page is made when asked: {os.strerror(ctypes.get_errno())}"
    return None


class Fork(AgentsCase):
    def test_code_is_mapped_before_it_is_called(self):
        if reason := why_code_is_not_written():
            self.skipTest(reason)
        done = self.run_workers(1, inspect.getsource(kilobytes) + r"""
for file in ("ferrule", r"libc\.so.6"):
    print(kilobytes("self", "Anonymous", rf"\S+ r-xp .*/{file}\n"))
""")
        self.expect(done, 0, "a | [4]\na | [4]\n", "")

    def test_the_heap_stays_on_huge_pages(self):
        if reason := why_no_huge_pages():
            self.skipTest(reason)
        process = self.start_agents({"a.py": "print('x')"},
                                    '[[agent]]\nscript = "a.py"\nrestart = "always"')
        for _ in range(4):
            self.assertEqual(process.stdout.readline(), b"a | x\n")
        huge, all_of_it = (sum(kilobytes(process.pid, field, r".*\[heap\]"))
                           for field in ("AnonHugePages", "Rss"))
        self.assertGreater(huge, all_of_it * 0.8)


if __name__ == "__main__":
    unittest.main()
