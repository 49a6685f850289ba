# SPDX-License-Identifier: MIT
"""secret - the key of a model's server, kept out of everything that is written.

It comes from the environment (FERRULE_MODEL_KEY), else from the desktop's keyring, where
it is filed under service=ferrule and url=the server's. `secret-tool`, of the package
libsecret-tools, puts it there and reads it:
    secret-tool store --label="Ferrule" service ferrule url https://host/v1
"""

import os

from ferrule.kit.errors import NotConfigured

__all__ = ["Secret", "find"]

ENVIRONMENT = "FERRULE_MODEL_KEY"
KEYRING_TIMEOUT = 30.0  # seconds; the person may have to unlock it
HIDDEN = "[key]"
SCRUBBED_MIN = 6  # shorter ones would take away what is no secret


class Secret:
    """A text that shows itself to nobody who does not ask for it."""

    __slots__ = ("_text",)

    def __init__(self, text):
        if isinstance(text, Secret):
            text = text.reveal()
        if not isinstance(text, str):
            raise TypeError(f"a key is text, not {type(text).__name__}")
        text = text.strip()
        # The text itself must not get into the message.
        if not (text.isascii() and text.isprintable()):
            raise NotConfigured(
                "the model's key has characters that no key has, such as line breaks: "
                f"correct {ENVIRONMENT}"
            )
        self._text = text

    def reveal(self):
        return self._text

    def scrub(self, text):
        """The text with the key taken out of it."""
        if len(self._text) < SCRUBBED_MIN or self._text not in text:
            return text
        return text.replace(self._text, HIDDEN)

    def __bool__(self):
        return bool(self._text)

    def __repr__(self):
        return "Secret([key])" if self._text else "Secret()"

    __str__ = __repr__

    def __reduce__(self):
        raise TypeError("a key is not written anywhere: give each process its own")


def find(url, is_local):
    """The Secret for a server; an empty one when there is none."""
    given = os.environ.get(ENVIRONMENT)
    if given is not None:
        return Secret(given)
    return Secret("" if is_local else _from_keyring(url))


def _from_keyring(url):
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return ""
    import shutil
    import subprocess

    program = shutil.which("secret-tool")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "lookup", "service", "ferrule", "url", url],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=KEYRING_TIMEOUT,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
