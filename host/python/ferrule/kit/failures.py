# SPDX-License-Identifier: MIT
"""failures - answers of HTTP that are no answers of a model: what each means, what to do,
and whether asking again may help."""

import json

from ferrule.kit.errors import ModelError

__all__ = ["BODY_MAX", "is_transient", "of_status", "wait"]

BODY_MAX = 16384  # bytes of an error's body that are read
SAID_MAX = 300  # characters of it that are shown
WAIT_FIRST, WAIT_MAX = 0.5, 20.0  # seconds
RETRY_AFTER_MAX = 120.0  # a server that asks for more is not waited for
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504, 529}


def of_status(status, headers, body, url, has_key):
    """The ModelError of an answer whose status is not 200."""
    said, code = _said(body)
    kind, text = _meaning(status, headers, url, has_key, code)
    if said:
        text += f" (it says: {said})"
    after = _retry_after(headers)
    if code == "insufficient_quota":
        after = RETRY_AFTER_MAX * 2  # waiting does not help
    return ModelError(kind, text, status=status, retry_after=after)


def _meaning(status, headers, url, has_key, code):
    where = url.authority
    if status == 401 and not has_key:
        return "refused", f"{where} wants a key: set FERRULE_MODEL_KEY"
    if status == 401:
        return "refused", f"{where} refuses the key: is FERRULE_MODEL_KEY the right one?"
    if status == 403:
        return "refused", f"{where} does not let this key do that"
    if status == 404:
        return "request", (
            f"{url} is not there, or has no such model: does FERRULE_MODEL_URL end in "
            "/v1, and is FERRULE_MODEL a name the server knows?"
        )
    if status == 429 and code == "insufficient_quota":
        return "busy", f"the account at {where} has no credit left"
    if status == 429:
        return "busy", f"{where} takes no more requests for now: try again later"
    if status == 413 or (status == 400 and code == "exceed_context_size_error") or (
        code == "context_length_exceeded"
    ):
        return "request", "the conversation is too long for this model"
    if 300 <= status < 400:
        place = headers.get("location", "elsewhere")
        return "request", f"{url} has moved to {place[:SAID_MAX]}: set FERRULE_MODEL_URL"
    if status == 503:
        return "server", f"{where} is not ready (503): it may still be loading its model"
    if status >= 500:
        return "server", f"{where} failed ({status}): the fault is the server's"
    return "request", f"{where} does not accept the request ({status})"


def _said(body):
    """(what the server says in words, its code)"""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ("" if text.startswith("<") else _line(text)), None
    error = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(error, dict):
        return _line(error if isinstance(error, str) else text), None
    said = error.get("message") or error.get("detail") or ""
    code = error.get("code")
    code = code if isinstance(code, str) else error.get("type")
    return _line(said if isinstance(said, str) else json.dumps(said)), code


def _line(text):
    text = " ".join(text.split())
    return text if len(text) <= SAID_MAX else text[:SAID_MAX] + "..."


def _retry_after(headers):
    """Seconds the server asks to wait, or None."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = headers.get(name, "")
        if text.replace(".", "", 1).isdigit() and text.isascii():
            return float(text) / unit
    text = headers.get("retry-after")
    if not text:
        return None
    import time
    from email.utils import mktime_tz, parsedate_tz

    date = parsedate_tz(text)
    return max(0.0, mktime_tz(date) - time.time()) if date else None


def is_transient(error):
    """Whether the same request may succeed a little later."""
    if error.retry_after is not None and error.retry_after > RETRY_AFTER_MAX:
        return False
    if error.status is not None:
        return error.status in _TRANSIENT
    return error.kind in ("unreachable", "server", "malformed")


def wait(error, attempt):
    """Seconds before attempt number `attempt` (1 is the second)."""
    if error.retry_after is not None:
        return error.retry_after
    import random

    return min(WAIT_MAX, WAIT_FIRST * 2 ** (attempt - 1)) * random.uniform(0.75, 1.25)
