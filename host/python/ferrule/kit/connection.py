# SPDX-License-Identifier: MIT
"""connection - sockets to one server: through a proxy where one is set, encrypted and
verified for https, kept for the next request, and never shared with a forked process."""

import errno
import os
import socket
import time

from ferrule.kit import url as urls
from ferrule.kit import wire
from ferrule.kit.errors import ModelError

__all__ = ["Server"]

KEPT_MAX = 4  # connections
KEPT_SECONDS = 15.0  # servers end idle ones after some more
RECEIVE_MAX = 65536  # bytes


class Server:
    """Where requests go. url: Url. timeouts in seconds. ca_file: PEM, or None for the
    system's certificates. proxy: a URL, "" for none, None for what the environment says.
    """

    def __init__(self, url, *, connect_timeout, timeout, proxy=None, ca_file=None):
        self.url = url
        self.connect_timeout = connect_timeout
        self.timeout = timeout
        self._proxy = _proxy(url, proxy)
        self._ca_file = ca_file
        self._tls = None
        self._kept = []  # (process, since, socket)

    def post(self, path, headers, body, on_socket=None):
        """Send a request; return an Exchange with the head of the answer read.

        A kept connection that the server has ended meanwhile is replaced by a new one.
        on_socket is called with each socket before it is used: to shut it down from
        another thread is how a request is cancelled.
        """
        data = self._bytes(path, headers, body)
        kept = self._take()
        if kept is not None:
            try:
                return Exchange(self, kept, data, on_socket)
            except ModelError as error:
                if error.kind != "unreachable":
                    raise
        return Exchange(self, self._connect(), data, on_socket)

    def keep(self, sock):
        if len(self._kept) < KEPT_MAX:
            self._kept.append((os.getpid(), time.monotonic(), sock))
        else:
            sock.close()

    def close(self):
        while self._kept:
            self._kept.pop()[2].close()

    def _take(self):
        while self._kept:
            process, since, sock = self._kept.pop()
            fresh = time.monotonic() - since < KEPT_SECONDS
            if process == os.getpid() and fresh and not _has_input(sock):
                sock.settimeout(self.timeout)
                return sock
            sock.close()
        return None

    def _bytes(self, path, headers, body):
        target = path
        head = {"Host": self.url.authority, **headers}
        if self._proxy and self.url.scheme == "http":
            target = f"http://{self.url.authority}{path}"
            head.update(_proxy_authorization(self._proxy))
        return wire.request("POST", target, head, body)

    def _connect(self):
        place = self._proxy or self.url
        try:
            # A host in bytes spares the import of the codec for names beyond ASCII.
            sock = socket.create_connection(
                (place.host.encode(), place.port), self.connect_timeout
            )
        except OSError as error:
            raise self._unreachable(error) from None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.url.scheme == "https":
                if self._proxy:
                    self._tunnel(sock)
                sock = self._encrypted(sock)
            sock.settimeout(self.timeout)
        except BaseException:
            sock.close()
            raise
        return sock

    def _unreachable(self, error):
        place = self._proxy or self.url
        where = f"{place.host}:{place.port}"
        through = f" (the proxy for {self.url.host})" if self._proxy else ""
        if isinstance(error, TimeoutError):
            return ModelError(
                "timeout",
                f"{where}{through} did not answer for {self.connect_timeout:g} s: is the "
                "address right, and the network up?",
            )
        if isinstance(error, socket.gaierror):
            return ModelError(
                "unreachable",
                f"no computer is called {place.host!r}{through}: is the address right, "
                "and the network up?",
            )
        reason = os.strerror(error.errno) if error.errno else str(error)
        hint = "start it, or correct FERRULE_MODEL_URL"
        if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            hint = "is the network up?"
        return ModelError(
            "unreachable", f"no model server answers at {where}{through} ({reason}): {hint}"
        )

    def _tunnel(self, sock):
        authority = f"{self.url.host}:{self.url.port}"
        head = {"Host": authority, **_proxy_authorization(self._proxy)}
        try:
            sock.sendall(wire.request("CONNECT", authority, head))
            answer = wire.Response(sock.recv, has_body=False)
        except (OSError, wire.Broken) as error:
            raise ModelError(
                "unreachable", f"the proxy {self._proxy.host} failed: {error}"
            ) from None
        if answer.status != 200:
            raise ModelError(
                "unreachable",
                f"the proxy {self._proxy.host} does not connect to {authority}: it "
                f"answered {answer.status}",
                status=answer.status,
            )

    def _encrypted(self, sock):
        from ferrule.kit import tls

        if self._tls is None:
            self._tls = tls.context(self._ca_file)
        return tls.wrap(self._tls, sock, self.url)


class Exchange:
    """One request and its answer on one socket.

    response: wire.Response. pieces(): the body. close(): always, when done with it.
    """

    def __init__(self, server, sock, data, on_socket=None):
        self._server = server
        self._sock = sock
        try:
            if on_socket is not None:
                on_socket(sock)
            sock.sendall(data)
            self.response = wire.Response(self._receive)
        except (OSError, wire.Broken) as error:
            sock.close()
            raise self._failure(error) from None
        except BaseException:
            sock.close()
            raise

    def _receive(self, size):
        return self._sock.recv(min(size, RECEIVE_MAX))

    def pieces(self):
        try:
            yield from self.response.pieces()
        except (OSError, wire.Broken) as error:
            raise self._failure(error) from None

    def read(self, limit):
        try:
            return self.response.read(limit)
        except (OSError, wire.Broken) as error:
            raise self._failure(error) from None

    def close(self):
        sock, self._sock = self._sock, None
        if sock is None:
            return
        if self.response.is_reusable:
            self._server.keep(sock)
        else:
            sock.close()

    def _failure(self, error):
        server = self._server
        if isinstance(error, TimeoutError):
            return ModelError(
                "timeout",
                f"the model server {server.url.authority} said nothing for "
                f"{server.timeout:g} s",
            )
        reason = error.strerror if isinstance(error, OSError) else None
        return ModelError(
            "unreachable",
            f"the connection to {server.url.authority} broke: {reason or error}",
        )


def _has_input(sock):
    """A kept socket that can be read has been ended by the server."""
    import select

    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _proxy(url, given):
    """The Url of the proxy to use, or None."""
    if given is None:
        given = "" if url.is_local else _proxy_of_environment(url)
    if not given:
        return None
    if "://" not in given:
        given = "http://" + given
    return urls.split(given, "the proxy's address", ("http",))


def _proxy_of_environment(url):
    names = (f"{url.scheme}_proxy", "all_proxy")
    found = next(
        (os.environ.get(n) or os.environ.get(n.upper()) for n in names
         if os.environ.get(n) or os.environ.get(n.upper())), "",
    )  # fmt: skip
    excluded = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    for entry in excluded.replace(",", " ").split():
        entry = entry.lower().removeprefix("*").removeprefix(".").partition(":")[0]
        if not entry or url.host == entry or url.host.endswith("." + entry):
            return ""
    return found


def _proxy_authorization(proxy):
    if not proxy.user:
        return {}
    from base64 import b64encode

    token = b64encode(_unquoted(proxy.user).encode()).decode()
    return {"Proxy-Authorization": f"Basic {token}"}


def _unquoted(text):
    from urllib.parse import unquote

    return unquote(text)
