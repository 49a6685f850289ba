# SPDX-License-Identifier: MIT
"""threads - threads for what may hang."""

import _thread
import threading

__all__ = ["start"]


def start(function, name):
    """Run function() in a thread that does not keep the program from ending, where the
    interpreter has such threads."""
    thread = threading.Thread(
        target=function, name=name, daemon=_thread.daemon_threads_allowed()
    )
    thread.start()
    return thread
