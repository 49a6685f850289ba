# SPDX-License-Identifier: MIT
"""wire - HTTP/1.1 as a client of one server needs it (RFC 9112): one request, one answer
with its length, in chunks, or until the connection ends.

http.client does the same and takes 16 ms to be imported, more than the rest of the kit.
"""

__all__ = ["Broken", "Response", "request"]

LINE_MAX = 65536  # bytes of a line of the head
HEADERS_MAX = 200  # lines
PIECE = 65536  # bytes asked for at once


class Broken(Exception):
    """What came is no HTTP, or ended too early; the text says which."""


def request(method, target, headers, body=b""):
    """The bytes of a request. headers: {name: value}, ASCII without line breaks."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


class Response:
    """An answer, read through recv(size) -> bytes, b"" at the end.

    status: int. headers: {lower-case name: value}. pieces(): the body as it comes.
    is_reusable: whether the connection may carry another request, known at the end.
    """

    def __init__(self, recv, has_body=True):
        self._recv = recv
        self._buffer = b""
        self.is_reusable = False
        self.status, self.headers = self._head()
        while 100 <= self.status < 200:
            self.status, self.headers = self._head()
        self._has_body = has_body and self.status not in (204, 304)

    def _head(self):
        first = self._line()
        version, _, rest = first.partition(" ")
        status = rest[:3]
        if not version.startswith("HTTP/1.") or not (status.isdigit() and status >= "1"):
            raise Broken(f"the server does not speak HTTP: it said {first[:60]!r}")
        headers = {}
        for _ in range(HEADERS_MAX):
            line = self._line()
            if not line:
                return int(status), headers
            name, colon, value = line.partition(":")
            if not colon:
                raise Broken(f"a header without a colon: {line[:60]!r}")
            headers[name.strip().lower()] = value.strip()
        raise Broken(f"more than {HEADERS_MAX} headers")

    def pieces(self):
        """Yield the body in pieces of bytes, as they arrive."""
        if not self._has_body:
            self.is_reusable = self._may_stay()
        elif "chunked" in self.headers.get("transfer-encoding", "").lower():
            yield from self._chunks()
            self.is_reusable = self._may_stay()
        elif "content-length" in self.headers:
            length = self.headers["content-length"]
            if not (length.isascii() and length.isdigit()):
                raise Broken(f"Content-Length: {length[:20]!r}")
            yield from self._exactly(int(length))
            self.is_reusable = self._may_stay()
        else:
            if self._buffer:
                yield self._buffer
            while piece := self._recv(PIECE):
                yield piece

    def read(self, limit):
        """The first `limit` bytes of the body."""
        body = b""
        for piece in self.pieces():
            body += piece
            if len(body) >= limit:
                self.is_reusable = False
                break
        return body[:limit]

    def _may_stay(self):
        return self.headers.get("connection", "").lower() != "close" and not self._buffer

    def _chunks(self):
        while True:
            line = self._line().partition(";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise Broken(f"a chunk of size {line[:20]!r}") from None
            if size <= 0:
                break
            yield from self._exactly(size)
            if self._line():
                raise Broken("a chunk is longer than it says")
        while self._line():
            pass  # trailers

    def _exactly(self, size):
        while size:
            piece = self._buffer or self._more()
            piece, self._buffer = piece[:size], piece[size:]
            size -= len(piece)
            yield piece

    def _line(self):
        while b"\n" not in self._buffer:
            if len(self._buffer) > LINE_MAX:
                raise Broken(f"a line of more than {LINE_MAX} bytes")
            self._buffer += self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def _more(self):
        piece = self._recv(PIECE)
        if not piece:
            raise Broken("the server ended the connection in the middle of its answer")
        return piece
