# SPDX-License-Identifier: MIT
"""server - starts serve.py and waits until the model is loaded.

Example: with Running(threads=2) as server: ask(server.environment())
"""

import os
import secrets
import selectors
import subprocess
import sys
from pathlib import Path

import fetch

HERE = Path(__file__).resolve().parent
ALIAS = "qwen2.5-coder-1.5b"
READY_S = 180  # on a slow disk


class Running:
    """The server, on loopback, for who knows its key; ended by close(), and by the end
    of this process."""

    def __init__(self, threads=None):
        self.key = secrets.token_hex(16)
        self.log = fetch.cache_folder() / "server.log"
        # A core is left to others: when one thread has to wait for one, all wait for it.
        threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        environment = {**os.environ, "PYTHONPATH": str(fetch.server_folder())}
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-s", HERE / "serve.py", fetch.model_file(), str(threads)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=environment, start_new_session=True,
            )  # fmt: skip
        try:
            self._process.stdin.write(self.key.encode() + b"\n")
            self._process.stdin.flush()
            self.url = self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            is_ready = selector.select(READY_S)
        line = self._process.stdout.readline().decode().strip() if is_ready else ""
        if not line.startswith("http"):
            raise fetch.Unavailable(f"the model's server did not start, see {self.log}")
        return f"{line.rstrip('/')}/v1"

    def environment(self):
        """What a process needs to use it."""
        return {**os.environ, "FERRULE_MODEL_URL": self.url, "FERRULE_MODEL": ALIAS,
                "FERRULE_MODEL_KEY": self.key}  # fmt: skip

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
