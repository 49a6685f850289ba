# SPDX-License-Identifier: MIT
"""A server of Redis or Valkey, where one is installed, and the shortest way to ask it."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time


@contextlib.contextmanager
def server():
    """The path of a socket a server listens on; "" where there is none installed."""
    server = shutil.which("valkey-server") or shutil.which("redis-server")
    if server is None:
        yield ""
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        options = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
        process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
        try:
            for _ in range(500):
                if os.path.exists(path):
                    break
                time.sleep(0.01)
            yield path
        finally:
            process.terminate()
            process.wait()


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
