# SPDX-License-Identifier: MIT
"""channel - bytes from one agent of a run to another.

Example:
    >>> from ferrule import Channel
    >>> work = Channel.open("work")
    >>> work.put(b"index this")
    >>> work.get(timeout=1)
    b'index this'

A pair of connected sockets: all who put share one end, all who get the other. The
kernel keeps the messages, so that an agent may be killed anywhere: a message is there
whole or not at all, and what was put stays until somebody gets it, at most once. Above
INLINE_MAX bytes a memory file travels instead: written once, by put(), and seen in
place by who asks for a view.
"""

import fcntl
import mmap
import os
import select
import socket
import struct
import time

NAME_MAX = 128  # bytes; the launcher's, too
INLINE_MAX = 32 << 10  # larger ones travel as a memory file
_DESCRIPTOR_MIN = 100  # out of the way of programs that close low numbers
_HEAD = struct.Struct("=Q")  # size of what follows, or of the memory file
_SEALS = (fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
          | fcntl.F_SEAL_WRITE)  # fmt: skip

_desk = None  # our end of the launcher's desk
_known = {}  # name -> Channel


def open_desk():
    """Before agents are forked: a place to ask for channels. Returns the other end."""
    global _desk
    ours, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        moved = fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, _DESCRIPTOR_MIN)
    except OSError:  # the limit on open files is lower
        _desk = ours
    else:
        ours.close()
        _desk = socket.socket(fileno=moved)
    return other.detach()


def _ends(name):
    if _desk is None:
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        socket.send_fds(_desk, [name.encode()], [theirs.fileno()])
        theirs.close()
        said, descriptors, _, _ = socket.recv_fds(ours, 256, 2)
    if len(descriptors) != 2:
        raise OSError(f"no channel {name!r}: {said.decode() or 'the launcher is gone'}")
    return tuple(socket.socket(fileno=fd) for fd in descriptors)


def _is_main_interpreter():
    try:
        import _interpreters
    except ImportError:
        return True
    return _interpreters.get_current()[0] == _interpreters.get_main()[0]


class Channel:
    """A queue of bytes that all agents of the run share; see open()."""

    def __init__(self, name, ends):
        self.name = name
        self._put, self._get = ends
        for end in ends:
            end.setblocking(False)

    @classmethod
    def open(cls, name):
        """Return the run's channel of that name; the first to ask makes it.

        Threads, and processes that this one forks afterwards, share it as well.
        ValueError for a name that is empty or longer than NAME_MAX bytes; OSError when
        there are too many; RuntimeError in an interpreter beside the main one.
        """
        if not isinstance(name, str):
            raise TypeError(f"name must be str, not {type(name).__name__}")
        if not 1 <= len(name.encode()) <= NAME_MAX or "\0" in name:
            raise ValueError(f"a channel's name has 1 to {NAME_MAX} bytes, none of them 0")
        if not _is_main_interpreter():
            raise RuntimeError("channels lead from process to process: run the agents "
                               "with --isolation process, the default")
        return _known.get(name) or _known.setdefault(name, cls(name, _ends(name)))

    def put(self, data, timeout=None):
        """Append `data`, bytes or another buffer.

        Waits while the channel is full: after some 200 KB, 280 small or 90 middling
        messages; of large ones 280, whatever their size.
        TimeoutError after `timeout` seconds of waiting; 0: do not wait.
        """
        with memoryview(data).cast("B") as view:
            head = _HEAD.pack(view.nbytes)
            if view.nbytes <= INLINE_MAX:
                self._send([head, view], [], timeout)
                return
            descriptor = _memory_file(view)
        try:
            self._send([head], [descriptor], timeout)
        finally:
            os.close(descriptor)

    def get(self, timeout=None):
        """Remove the first message and return it as bytes.

        Waits for one; TimeoutError after `timeout` seconds, 0: do not wait.
        """
        with self.get_view(timeout) as view:
            return bytes(view)

    def get_view(self, timeout=None):
        """The same as a read-only memoryview; large ones are not copied."""
        said, descriptors = self._receive(timeout)
        if not descriptors:
            return memoryview(said)[_HEAD.size:]
        try:
            (size,) = _HEAD.unpack(said)
            return memoryview(mmap.mmap(descriptors[0], size, prot=mmap.PROT_READ))
        finally:
            os.close(descriptors[0])

    def _send(self, parts, descriptors, timeout):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   struct.pack(f"={len(descriptors)}i", *descriptors))] if descriptors else []
        self._wait(lambda: self._put.sendmsg(parts, rights), self._put, select.POLLOUT,
                   timeout, "full")

    def _receive(self, timeout):
        def receive():
            said, descriptors, _, _ = socket.recv_fds(self._get, _HEAD.size + INLINE_MAX, 1)
            return said, descriptors

        return self._wait(receive, self._get, select.POLLIN, timeout, "empty")

    def _wait(self, action, end, event, timeout, state):
        """The result of `action`, as soon as it need not wait."""
        due = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return action()
            except BlockingIOError:
                left = None if due is None else due - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(f"the channel {self.name!r} is {state}")
            poll = select.poll()
            poll.register(end, event)
            poll.poll(None if left is None else left * 1000)

    def __repr__(self):
        return f"<Channel {self.name!r}>"


def _memory_file(view):
    """A descriptor of a file in memory with these bytes, which nobody can change."""
    descriptor = os.memfd_create("ferrule-message", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        done = 0
        while done < view.nbytes:
            done += os.write(descriptor, view[done:])
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
