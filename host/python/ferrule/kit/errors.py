# SPDX-License-Identifier: MIT
"""errors - what can go wrong with a model, worded for the person at the terminal.

An uncaught ModelError ends the program with its sentence, not with a traceback, and
with exit code 3 when nothing is configured, 1 otherwise (`-X dev` shows both).
"""

import sys

__all__ = ["KINDS", "ModelError", "NotConfigured"]

KINDS = (
    "not-configured",  # no URL, no model, a key that cannot be one
    "unreachable",  # no connection, or it broke off
    "timeout",  # no byte for as long as allowed
    "tls",  # the certificate or the encryption
    "refused",  # 401, 403: the key
    "busy",  # 429
    "server",  # 5xx
    "request",  # other 4xx: what was asked for
    "malformed",  # an answer that is none
)
CONFIGURATION_EXIT = 3
ERROR_EXIT = 1


class ModelError(Exception):
    """A request to a model failed.

    kind: one of KINDS. status: of HTTP, or None. retry_after: seconds the server asked
    to wait, or None. partial: the Answer as far as it came, or None.
    """

    def __init__(self, kind, message, *, status=None, retry_after=None, partial=None):
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after
        self.partial = partial

    @property
    def exit_code(self):
        """What a program that ends because of this ends with."""
        return CONFIGURATION_EXIT if self.kind == "not-configured" else ERROR_EXIT


class NotConfigured(ModelError):
    """There is no model to ask; the text says what to set."""

    def __init__(self, message):
        super().__init__("not-configured", message)


def _say_and_end(kind, error, trace):
    if sys.flags.dev_mode or not issubclass(kind, ModelError):
        sys.__excepthook__(kind, error, trace)
    else:
        print(f"ferrule: {error}", file=sys.stderr)
    if issubclass(kind, ModelError):
        raise SystemExit(error.exit_code)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _say_and_end
