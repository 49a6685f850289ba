# SPDX-License-Identifier: MIT
"""bridge - from coroutines to the blocking parts of the kit, one thread for each request
that is under way, and back. Cancelling the coroutine ends the request."""

import asyncio

from ferrule.kit.threads import start

__all__ = ["AsyncStream"]

_END = object()


class AsyncStream:
    """A Stream for `async for`; answer, partial() and finish() as there."""

    def __init__(self, stream):
        self._stream = stream
        self._queue = None
        self._is_over = False

    @property
    def answer(self):
        return self._stream.answer

    def partial(self):
        return self._stream.partial()

    def cancel(self):
        self._is_over = True
        self._stream.cancel()

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._is_over:
            raise StopAsyncIteration
        if self._queue is None:
            self._queue = asyncio.Queue()
            loop = asyncio.get_running_loop()
            start(lambda: self._read(loop), "ferrule-stream")
        try:
            piece = await self._queue.get()
        except BaseException:
            self.cancel()
            raise
        if piece is _END:
            self._is_over = True
            raise StopAsyncIteration
        if isinstance(piece, BaseException):
            self._is_over = True
            raise piece
        return piece

    async def finish(self):
        async for _ in self:
            pass
        return self.answer

    def _read(self, loop):
        try:
            for piece in self._stream:
                self._put(loop, piece)
            self._put(loop, _END)
        except BaseException as error:  # handed to who waits for it
            self._put(loop, error)

    def _put(self, loop, piece):
        try:
            loop.call_soon_threadsafe(self._queue.put_nowait, piece)
        except RuntimeError:
            self._stream.cancel()  # the loop is closed: nobody waits
