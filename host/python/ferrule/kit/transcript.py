# SPDX-License-Identifier: MIT
"""transcript - a conversation as JSON lines, whole at every moment.

Each line is one record: "begin", "message", "started" and "ended" of a tool call,
"finished" of a run. What surrounds a side effect is on the disk (fsync) before the next
step, so that a process that is killed anywhere finds out what it has done. A last line
that was not written whole is taken away; any other damage is refused with its line.
"""

import fcntl
import json
import os
import time

__all__ = ["Damaged", "Transcript"]

VERSION = 1
LINES_MAX = 1_000_000
BYTES_MAX = 1 << 30


class Damaged(ValueError):
    """The file is no transcript; the text begins with file:line."""


class Transcript:
    """Records of one conversation. path: a file, made with mode 0600, or None for none.

    messages, started, ended: what was read: {call id: key} and {call id: record}.
    is_finished: whether the last question was answered or given up. scrub: taken over
    every line before it is written.
    """

    def __init__(self, path=None, scrub=None):
        self._file = None
        self._scrub = scrub
        self.id = os.urandom(16).hex()
        self.messages = []
        self.started = {}
        self.ended = {}
        self.is_finished = True
        self.last_is_partial = False
        if path is not None:
            self._open(os.fspath(path))

    def _open(self, path):
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise BlockingIOError(
                f"{path}: another process is writing this transcript"
            ) from None
        try:
            self._read(path)
        except BaseException:
            self.close()
            raise

    def close(self):
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, path):
        size = os.fstat(self._file).st_size
        if size > BYTES_MAX:
            raise Damaged(f"{path}:1: larger than {BYTES_MAX >> 20} MB")
        data = b""
        while len(data) < size and (piece := os.pread(self._file, size, len(data))):
            data += piece
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._file, whole)
        for number, line in enumerate(data[:whole].splitlines(), 1):
            if number > LINES_MAX:
                raise Damaged(f"{path}:{number}: more than {LINES_MAX:,} lines")
            try:
                self._take(json.loads(line), number)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                said = str(error) if type(error) is ValueError else "no such record"
                raise Damaged(f"{path}:{number}: {said}") from None
        if whole == 0:
            self._write({"type": "begin", "version": VERSION, "id": self.id,
                         "time": round(time.time(), 3)})  # fmt: skip

    def _take(self, record, number):
        kind = record["type"]
        if (kind == "begin") != (number == 1):
            raise ValueError("the first line, and no other, is of type begin")
        if kind == "begin":
            if record["version"] != VERSION:
                raise ValueError(f"version {record['version']}, this is {VERSION}")
            self.id = record["id"]
        elif kind == "message":
            self._message(record["message"], record.get("is_partial", False))
        elif kind == "started":
            self.started[record["id"]] = record["key"]
        elif kind == "ended":
            self._ended(record)
        elif kind == "finished":
            self.is_finished = True

    def _message(self, message, is_partial):
        if self.last_is_partial and message["role"] == "assistant":
            self.messages.pop()  # asked again
        self.messages.append(message)
        self.last_is_partial = is_partial
        if message["role"] == "user":
            self.is_finished = False

    def _ended(self, record):
        self.ended[record["id"]] = record
        self.messages.append(
            {"role": "tool", "tool_call_id": record["id"], "content": record["text"]}
        )
        self._order_results()

    def _order_results(self):
        """The results that follow an answer stand in the order of its calls."""
        first = len(self.messages)
        while first and self.messages[first - 1]["role"] == "tool":
            first -= 1
        calls = self.messages[first - 1].get("tool_calls") if first else None
        order = {call["id"]: place for place, call in enumerate(calls or ())}
        self.messages[first:] = sorted(
            self.messages[first:], key=lambda m: order.get(m["tool_call_id"], len(order))
        )

    def add(self, message, *, is_partial=False):
        """A message of the conversation."""
        self._message(message, is_partial)
        record = {"type": "message", "message": message}
        if is_partial:
            record["is_partial"] = True
        self._write(record)

    def start(self, job):
        """A tool is about to run."""
        self.started[job.call.id] = job.key
        record = {"type": "started", "id": job.call.id, "key": job.key,
                  "name": job.call.name}  # fmt: skip
        self._write(record, sync=job.has_side_effects)

    def end(self, job):
        """A tool call is over, and this is what the model is given."""
        record = {"type": "ended", "id": job.call.id, "outcome": job.outcome,
                  "seconds": round(job.seconds, 6), "text": job.result}  # fmt: skip
        self._ended(record)
        self._write(record, sync=job.has_side_effects)

    def finish(self, stopped):
        self.is_finished = True
        self._write({"type": "finished", "stopped": stopped})

    def to_send(self):
        """The messages for the model: an answer that broke off is asked for again."""
        return self.messages[:-1] if self.last_is_partial else list(self.messages)

    def key(self, call_id):
        """The idempotency key of a call of this conversation."""
        import hashlib

        text = f"{self.id} {call_id}".encode()
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def pending(self):
        """The tool calls of the last answer, as they stand in its message, that have no
        result yet."""
        found = []
        for message in reversed(self.messages):
            if message["role"] == "assistant":
                found = message.get("tool_calls") or []
                break
            if message["role"] == "user":
                break
        return [call for call in found if call["id"] not in self.ended]

    def _write(self, record, sync=False):
        if self._file is None:
            return
        line = json.dumps(record, ensure_ascii=True, separators=(",", ":")) + "\n"
        if self._scrub is not None:
            line = self._scrub(line)
        data = line.encode()
        while data:
            data = data[os.write(self._file, data) :]
        if sync:
            os.fsync(self._file)
