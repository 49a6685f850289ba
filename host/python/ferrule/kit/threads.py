# SPDX-License-Identifier: MIT
"""threads - threads for what may hang."""

import _thread
import threading

__all__ = ["start"]


def start(function, name):
    """Run function() in a thread that does not keep the program from ending, where the
    interpreter has such threads."""
    allowed = getattr(_thread, "daemon_threads_allowed", None)  # since 3.13
    thread = threading.Thread(
        target=function, name=name, daemon=allowed is None or allowed()
    )
    thread.start()
    return thread
