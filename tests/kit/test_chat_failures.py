# SPDX-License-Identifier: MIT
"""Chat: what goes wrong on the way, in words; repeats; proxies; HTTP itself."""

import io
import json
import os
import socket
import threading
import time
import unittest
from unittest import mock

import scripted
from ferrule import Chat, ModelError
from ferrule.kit import sse
from ferrule.kit.wire import Response
from support import QUICK, ChatCase


class Failures(ChatCase):
    def test_of_status_are_worded(self):
        for code, body, kind, said in (
            (401, {}, "refused", "wants a key: set FERRULE_MODEL_KEY"),
            (403, {}, "refused", "does not let"),
            (404, {}, "request", "end in /v1"),
            (413, {}, "request", "too long"),
            (400, {"error": {"type": "exceed_context_size_error"}}, "request", "too long"),
            (400, {"error": {"message": "bad top_p"}}, "request", "bad top_p"),
            (301, {}, "request", "has moved"),
            (429, {"error": {"code": "insufficient_quota"}}, "busy", "no credit"),
            (500, b"<html>oh</html>", "server", "failed (500)"),
            (503, {"error": {"message": "Loading model"}}, "server", "may still be loading"),
            (418, b"\xff\xfe", "request", "(418)"),
        ):
            with self.subTest(code=code, body=body):
                error = self.failure(scripted.status(code, body), retries=0)
                self.assertEqual((error.kind, error.status), (kind, code))
                self.assertIn(said, str(error))

    def test_that_pass_are_waited_for(self):
        for code in (429, 500, 502, 503):
            chat = self.chat(scripted.status(code), scripted.status(code),
                             scripted.text("ok"))  # fmt: skip
            pieces = list(chat.stream("x"))
            self.assertEqual([p.kind for p in pieces], ["retrying", "retrying", "text"])

    def test_end_after_the_repeats(self):
        self.failure(*[scripted.status(500)] * 5)
        self.assertEqual(len(self.server.requests), 1 + QUICK["retries"])

    def test_that_do_not_pass_are_not_repeated(self):
        for code, body in ((401, {}), (404, {}), (400, {}),
                           (429, {"error": {"code": "insufficient_quota"}})):  # fmt: skip
            self.failure(scripted.status(code, body))
            self.assertEqual(len(self.server.requests), 1)

    def test_say_when_to_come_back(self):
        for headers, seconds in (
            ({"retry_after": "0.2"}, 0.2), ({"retry_after_ms": "100"}, 0.1),
            ({"retry_after": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0),
        ):  # fmt: skip
            chat = self.chat(scripted.status(429, **headers), scripted.text("ok"))
            self.assertEqual([p.seconds for p in chat.stream("x")
                              if p.kind == "retrying"], [seconds])  # fmt: skip
        error = self.failure(scripted.status(429, retry_after="4000"))
        self.assertEqual((error.retry_after, len(self.server.requests)), (4000, 1))

    def test_of_connections_are_worded(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with self.assertRaisesRegex(ModelError, f"127.0.0.1:{port}.*refused.*start it"):
            Chat(f"http://127.0.0.1:{port}/v1", "m", "", retries=0).ask("x")
        with self.assertRaisesRegex(ModelError, "no computer is called 'nowhere.invalid'"):
            Chat("http://nowhere.invalid/v1", "m", "", retries=0, proxy="").ask("x")

    def test_of_silence_are_worded(self):
        error = self.failure(scripted.silent(2), timeout=0.2)
        self.assertEqual(error.kind, "timeout")
        self.assertIn("said nothing for 0.2 s", str(error))
        half = scripted.stream(scripted.chunk(content="half"), scripted.chunk(), pause=1)
        error = self.failure(half, timeout=0.3)
        self.assertEqual((error.kind, error.partial.text), ("timeout", "half"))

    def test_of_the_deadline_end_the_wait(self):
        chat = self.chat(scripted.stream(*[scripted.chunk(content="x")] * 50, pause=0.1))
        started = time.monotonic()
        with self.assertRaisesRegex(ModelError, "time for this answer is over") as caught:
            chat.stream("x", deadline=started + 0.5).finish()
        self.assertTrue(caught.exception.partial.text.startswith("x"))

    def test_of_what_is_no_answer_are_worded(self):
        chunk = json.dumps(scripted.chunk(content="a")).encode()
        for reply, said in (
            (scripted.stream("{not json"), "is no JSON"),
            (scripted.stream("[1]"), "list where an object is due"),
            (scripted.stream({"error": {"message": "out of memory", "code": 500}}),
             "out of memory"),
            (scripted.stream(b"data: " + chunk[:-9], done=False), "is no JSON"),
            (scripted.stream(done=False), "broke off"),
            (scripted.raw(b"SSH-2.0-OpenSSH\r\n\r\n"), "does not speak HTTP"),
            (scripted.raw(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), "without a colon"),
            (scripted.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "broke"),
            (scripted.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
             "chunk of size"),
            (scripted.raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 300), "headers"),
            (scripted.raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000), "a line of more"),
            (scripted.status(200, b"<html>", content_type="text/html"), "web page"),
            (scripted.raw(b""), "ended the connection"),
        ):
            error = self.failure(reply, retries=0)
            self.assertIn(said, str(error))

    def test_after_text_keep_it(self):
        error = self.failure(scripted.stream(scripted.chunk(content="half"), "{"))
        self.assertEqual((error.partial.text, len(self.server.requests)), ("half", 1))
        error = self.failure(scripted.stream(scripted.chunk(content="half"), done=False))
        self.assertEqual(error.partial.text, "half")
        self.assertIn("broke off", str(error))

    def test_of_events_without_end_are_bounded(self):
        reader = sse.Events()
        with self.assertRaises(sse.TooLong):
            for _ in range(sse.EVENT_MAX // 65536 + 2):
                reader.feed(b"x" * 65536)


class Proxies(ChatCase):
    def proxy(self, answer):
        """A proxy that says `answer`; returns (its URL, what it was asked)."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        asked = []

        def serve():
            sock, _ = listener.accept()
            asked.append(sock.recv(65536).decode())
            sock.sendall(answer)
            sock.close()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://me:p%40ss@127.0.0.1:{listener.getsockname()[1]}", asked

    def test_are_asked_by_whole_url(self):
        body = json.dumps({"choices": [{"message": {"content": "via"},
                                        "finish_reason": "stop"}]}).encode()
        address, asked = self.proxy(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body)
        env = {"http_proxy": address, "no_proxy": "other.example"}
        with mock.patch.dict(os.environ, env, clear=True):
            answer = Chat("http://model.example:81/v1", "m", "").ask("x")
        self.assertEqual(answer.text, "via")
        head = asked[0].splitlines()
        self.assertEqual(head[0],
                         "POST http://model.example:81/v1/chat/completions HTTP/1.1")
        self.assertIn("Proxy-Authorization: Basic bWU6cEBzcw==", head)

    def test_that_refuse_are_named_without_their_password(self):
        address, asked = self.proxy(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
        with self.assertRaisesRegex(ModelError, "proxy.*407") as caught:
            Chat("https://model.example", "m", "", proxy=address, retries=0).ask("x")
        self.assertNotIn("p%40ss", str(caught.exception))
        self.assertTrue(asked[0].startswith("CONNECT model.example:443 HTTP/1.1"))

    def test_are_left_out_for_local_and_excluded_hosts(self):
        env = {"all_proxy": "http://127.0.0.1:1", "no_proxy": ".example, other"}
        with mock.patch.dict(os.environ, env, clear=True):
            for host, expected in (("localhost", False), ("a.example", False),
                                   ("other", False), ("b.test", True)):  # fmt: skip
                chat = Chat(f"http://{host}", "m", "")
                self.assertEqual(chat._server._proxy is not None, expected, host)


class Wire(unittest.TestCase):
    def response(self, data):
        return Response(io.BytesIO(data).read)

    def test_bodies(self):
        for head, body, is_reusable in (
            ("Content-Length: 3", "abc", True),
            ("Content-Length: 3\r\nConnection: close", "abc", False),
            ("Transfer-Encoding: chunked", "1;x=y\r\na\r\n2\r\nbc\r\n0\r\nT: t\r\n\r\n", True),
            ("X: y", "abc", False),
        ):
            found = self.response(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}".encode())
            self.assertEqual(found.read(100), b"abc")
            self.assertEqual(found.is_reusable, is_reusable)

    def test_interim_answers_are_skipped(self):
        found = self.response(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n")
        self.assertEqual((found.status, found.read(9)), (204, b""))


if __name__ == "__main__":
    unittest.main()
