# SPDX-License-Identifier: MIT
"""A server of Redis or Valkey, and the shortest way to ask it."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# Debian's redis-tools has the server, under the name of its checker: it goes by how it is
# called. The package redis-server would start a service of the system.
PROGRAMS = ("valkey-server", "redis-server", "redis-check-rdb")
START_S = 10


class Server:
    """One of our own on a Unix socket, without persistence; OSError: why there is none."""

    def __init__(self, folder):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise OSError("no Redis: apt-get install redis-tools")
        self.socket = str(Path(folder) / "redis.sock")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
             "--appendonly", "no", "--dir", folder],
            executable=program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + START_S
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > end:
                self.close()
                raise OSError(f"{program} did not start")
            time.sleep(0.01)

    def close(self):
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def listening():
    """The path of a server's socket; "" where there is none, which is said."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Server(folder)
        except OSError as error:
            print(f"no row of Redis: {error}")
            yield ""
            return
        try:
            yield server.socket
        finally:
            server.close()


def getter(tool, keys, value):
    """A function that gets every key over the socket; None without a server."""
    path = os.environ.get("FERRULE_BENCH_REDIS")
    if not path:
        return None
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)

    def command(*words):
        parts = [f"*{len(words)}\r\n".encode()]
        parts += [b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words]
        client.sendall(b"".join(parts))
        return client.recv(1 << 16)

    for key in keys:
        command("SET", f"{tool}:{key}", value)

    def get(keys):
        for key in keys:
            assert command("GET", f"{tool}:{key}").startswith(b"$100")

    return get
