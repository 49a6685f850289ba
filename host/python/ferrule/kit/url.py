# SPDX-License-Identifier: MIT
"""url - the parts of a server's URL, without the 9 ms that urllib.parse takes."""

from ferrule.kit.errors import NotConfigured

__all__ = ["Url", "split"]

PORTS = {"http": 80, "https": 443}
LOCAL = ("localhost", "127.0.0.1", "::1")


class Url:
    """scheme, host, port, path; user: "name:password" or "". str() hides the user."""

    __slots__ = ("scheme", "host", "port", "path", "user")

    def __init__(self, scheme, host, port, path, user=""):
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.user = user

    @property
    def is_local(self):
        return self.host in LOCAL or self.host.startswith("127.")

    @property
    def authority(self):
        """host:port as it stands in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self):
        return f"{self.scheme}://{self.authority}{self.path}"


def split(text, what, schemes=("http", "https")):
    """The Url of a text; NotConfigured names `what` when it is none."""
    scheme, mark, rest = text.strip().partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in schemes:
        raise NotConfigured(
            f"{what} is no URL: expected {schemes[0]}://HOST:PORT/PATH, got "
            f"{_shown(text)!r}"
        )
    authority, slash, path = rest.partition("/")
    user, at, place = authority.rpartition("@")
    host, port = _host_and_port(place, PORTS.get(scheme, 80))
    path = (slash + path).partition("#")[0]
    good = host and path.isascii() and path.isprintable() and " " not in rest
    if not good or port is None or any(c in host for c in "?#\\ \r\n\t"):
        raise NotConfigured(f"{what} is no URL that can be asked: {_shown(text)!r}")
    if not host.isascii():
        host = host.encode("idna").decode()
    return Url(scheme, host.lower(), port, path or "/", user if at else "")


def _host_and_port(place, default):
    if place.startswith("["):
        host, _, tail = place[1:].partition("]")
        port = tail.removeprefix(":")
    else:
        host, _, port = place.partition(":")
    if not port:
        return host, default
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65536
    return host, int(port) if is_port else None


def _shown(text):
    """Without a password; not longer than a line."""
    head, at, tail = text[:200].rpartition("@")
    return f"...@{tail}" if at and "://" in head + at else text[:200]
