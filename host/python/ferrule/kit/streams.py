# SPDX-License-Identifier: MIT
"""streams - one answer while it comes: requests, repeats, pieces, the whole at the end."""

import json
import socket
import time

from ferrule.kit import failures, sse
from ferrule.kit.building import TEXT_MAX, Builder, malformed
from ferrule.kit.errors import ModelError
from ferrule.kit.events import Reasoning, Retrying, Text

__all__ = ["Stream"]

DONE = "[DONE]"
LAST_BYTES_SECONDS = 0.2  # for what follows [DONE]: then the connection can be kept


class Stream:
    """An iterator of Text, Reasoning and Retrying; made by Chat.stream().

    answer: the Answer, None until the end. partial(): what has come so far. cancel():
    from any thread; the iterator ends with a ModelError.
    """

    def __init__(self, chat, body, deadline=None):
        self._chat = chat
        self._body = body
        self._deadline = deadline
        self._sock = None
        self._is_cancelled = False
        self._builder = Builder()
        self._pieces = self._run()
        self.answer = None

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._pieces)

    def finish(self):
        """Read to the end; return the Answer."""
        for _ in self._pieces:
            pass
        return self.answer

    def partial(self):
        """The Answer as far as it has come."""
        if self.answer is not None:
            return self.answer
        asked = sum(len(str(m.get("content") or "")) for m in self._body["messages"])
        return self._scrubbed(self._builder.answer(asked))

    def _scrubbed(self, answer):
        """The Answer without the key: a server knows it, and may write it into one, in
        as many pieces as it likes."""
        scrub = self._chat.scrub
        answer.text, answer.reasoning = scrub(answer.text), scrub(answer.reasoning)
        for call in answer.calls:
            if isinstance(call.arguments, str):
                call.arguments = scrub(call.arguments)
        return answer

    def close(self):
        """End the request, if it is still going on."""
        self._pieces.close()

    def cancel(self):
        self._is_cancelled = True
        sock = self._sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is over already

    def _run(self):
        attempt = 0
        while True:
            self._builder = Builder()
            try:
                yield from self._once()
                self.answer = self.partial()
                return
            except ModelError as error:
                pause = self._pause(error, attempt + 1)
                reason = str(error)
            if pause is None:
                continue
            attempt += 1
            yield Retrying(reason, pause)
            time.sleep(pause)

    def _pause(self, error, attempt):
        """Seconds until the next attempt, None for none; raises when there is none."""
        if self._is_cancelled:
            raise ModelError("unreachable", "the request was cancelled") from None
        if error.status == 400 and "stream_options" in str(error) and (
            self._body.pop("stream_options", None)
        ):
            return None  # a server from before there was usage in streams
        error.args = (self._chat.scrub(str(error)),)
        may_repeat = attempt <= self._chat.retries and self._builder.is_empty
        if may_repeat and failures.is_transient(error):
            pause = failures.wait(error, attempt)
            if self._deadline is None or time.monotonic() + pause < self._deadline:
                return pause
        if self._deadline is not None and time.monotonic() >= self._deadline:
            error = ModelError("timeout", "the time for this answer is over")
        error.partial = self.partial()
        raise error

    def _once(self):
        exchange = self._chat.post(self._body, self._watch)
        try:
            response = exchange.response
            if response.status != 200:
                body = exchange.read(failures.BODY_MAX)
                raise failures.of_status(
                    response.status, response.headers, body, self._chat.server_url,
                    self._chat.has_key,
                )  # fmt: skip
            kind = response.headers.get("content-type", "").lower()
            if "json" in kind:
                yield from self._whole(exchange)
            elif "html" in kind:
                raise malformed("it is a web page; is FERRULE_MODEL_URL right?")
            else:
                yield from self._events(exchange)
        finally:
            self._sock = None
            exchange.close()

    def _watch(self, sock):
        self._sock = sock
        if self._is_cancelled:
            self.cancel()
        self._limit()

    def _limit(self):
        """No wait for a byte lasts longer than the deadline."""
        if self._deadline is not None and self._sock is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise ModelError("timeout", "the time for this answer is over")
            if left < (self._sock.gettimeout() or left + 1):
                self._sock.settimeout(left)

    def _whole(self, exchange):
        """An answer in one piece, though a stream was asked for."""
        body = exchange.read(TEXT_MAX)
        yield from self._take(body.decode("utf-8", "replace"))

    def _events(self, exchange):
        events, is_done = sse.Events(), False
        pieces = exchange.pieces()
        for piece in pieces:
            try:
                found = events.feed(piece)
            except sse.TooLong as error:
                raise malformed(str(error)) from None
            for data in found:
                is_done = is_done or data.strip() == DONE
                if not is_done:
                    yield from self._take(data)
            if is_done:
                self._drain(pieces)
                return
            self._limit()
        last = events.finish()
        if last and last.strip() != DONE:
            yield from self._take(last)
        if not self._builder.finish and not (last and last.strip() == DONE):
            raise ModelError("unreachable", "the server broke off in the middle of its "
                             "answer")  # fmt: skip

    def _take(self, data):
        try:
            found = json.loads(self._chat.scrub(data))
        except (ValueError, RecursionError):
            raise malformed(f"{_shown(data)!r} is no JSON") from None
        text, reasoning = self._builder.chunk(found)
        if reasoning:
            yield Reasoning(reasoning)
        if text:
            yield Text(text)

    def _drain(self, pieces):
        """Read what ends the body, so that the connection can be kept."""
        try:
            self._sock.settimeout(LAST_BYTES_SECONDS)
            for _ in pieces:
                pass
        except (ModelError, OSError):
            pass  # it is not kept


def _shown(data):
    return data if len(data) <= 80 else data[:80] + "..."
