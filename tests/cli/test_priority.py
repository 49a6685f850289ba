# SPDX-License-Identifier: MIT
"""`--priority batch`: whoever computes gives way to whoever answers."""

import inspect
import unittest

from host import HostCase, run


def slice_of_this_thread():
    """ns of the core until another has its turn; 0: the kernel tells nobody."""
    import ctypes
    import os
    import struct

    number = {"x86_64": 315, "aarch64": 275}[os.uname().machine]  # sched_getattr(2)
    attributes = ctypes.create_string_buffer(48)
    ctypes.CDLL(None).syscall(number, 0, attributes, 48, 0)
    return struct.unpack_from("=IIQiIQ", attributes)[5]


class Batch(HostCase):
    def test_of_a_single_run(self):
        done = run("run", "--priority", "batch",
                   self.write("a.py", "import os; print(os.nice(0), os.SCHED_IDLE == "
                                      "os.sched_getscheduler(0))"))  # fmt: skip
        self.expect(done, 0, "10 True\n", "")

    def test_takes_longer_turns(self):
        """A core that was given to another just before is given away again only at the
        next tick: the fewer turns, the fewer who wake are late."""
        if slice_of_this_thread() == 0:
            self.skipTest("this kernel has no slices of a thread's own: 6.12 has")
        script = inspect.getsource(slice_of_this_thread) + "print(slice_of_this_thread())"
        done = run("run", "--priority", "batch", self.write("a.py", script))
        self.expect(done, 0, "8000000\n", "")

    def test_of_another_name(self):
        done = run("run", "--priority", "high", self.write("a.py", ""))
        self.expect(done, 2, "", "normal or batch")


if __name__ == "__main__":
    unittest.main()
