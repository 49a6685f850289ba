# SPDX-License-Identifier: MIT
"""sse - server-sent events, read in whatever pieces they come (WHATWG HTML, 9.2)."""

__all__ = ["EVENT_MAX", "Events", "TooLong"]

EVENT_MAX = 16 << 20  # bytes of one event


class TooLong(Exception):
    """An event is longer than EVENT_MAX."""


class Events:
    """feed(bytes) returns the data of each event that is complete, as str."""

    def __init__(self):
        self._buffer = b""
        self._data = []
        self._size = 0
        self._is_start = True
        self._ended_cr = False

    def feed(self, piece):
        if self._ended_cr and piece[:1] == b"\n":  # CR LF over two pieces
            piece = piece[1:]
        if piece:
            self._ended_cr = piece[-1:] == b"\r"
        if b"\n" not in piece and b"\r" not in piece:
            self._buffer += piece
            self._check(len(self._buffer))
            return []
        text = (self._buffer + piece).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._buffer = text.split(b"\n")
        return [data for line in lines if (data := self._line(line)) is not None]

    def finish(self):
        """The data of an event that the end of the stream cut off, or None.

        The standard drops it; servers that leave out the last empty line exist."""
        rest, self._buffer = self._buffer, b""
        if rest:
            self._line(rest)
        return self._line(b"")

    def _check(self, size):
        if size > EVENT_MAX:
            raise TooLong(f"an event of more than {EVENT_MAX >> 20} MB")

    def _line(self, line):
        if self._is_start:
            self._is_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            data, self._data, self._size = self._data, [], 0
            return b"\n".join(data).decode("utf-8", "replace") if data else None
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
            self._check(self._size)
        return None
