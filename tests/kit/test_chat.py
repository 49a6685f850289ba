# SPDX-License-Identifier: MIT
"""Chat: answers in every shape, errors in words, time-outs, repeats, and the key."""

import asyncio
import dataclasses
import io
import json
import os
import socket
import threading
import time
import unittest
from unittest import mock

import scripted
from ferrule import Chat, ModelError, NotConfigured, tool
from ferrule.kit import sse, url

KEY = "sk-very-secret-0123456789"
QUICK = {"retries": 2, "timeout": 5, "connect_timeout": 2}


@tool
def weather(city: str) -> str:
    """Say the weather."""


class ChatCase(unittest.TestCase):
    def serve(self, *replies, **options):
        server = scripted.Server(*replies, **options)
        self.addCleanup(server.close)
        self.server = server
        return server

    def chat(self, *replies, **options):
        self.serve(*replies)
        with mock.patch("ferrule.kit.failures.WAIT_FIRST", 0.01):
            made = Chat(self.server.url, "m", **{"key": "", **QUICK, **options})
        patched = mock.patch("ferrule.kit.failures.WAIT_FIRST", 0.01)
        patched.start()
        self.addCleanup(patched.stop)
        self.addCleanup(made.close)
        return made

    def failure(self, *replies, **options):
        with self.assertRaises(ModelError) as caught:
            self.chat(*replies, **options).ask("hi")
        return caught.exception


class Answers(ChatCase):
    def test_stream(self):
        chat = self.chat(scripted.text("Hel", "lo", "!", usage=(7, 3)))
        stream = chat.stream("hi")
        self.assertEqual([p.text for p in stream], ["Hel", "lo", "!"])
        answer = stream.answer
        self.assertEqual((answer.text, answer.finish, answer.model),
                         ("Hello!", "stop", "scripted"))  # fmt: skip
        self.assertEqual((answer.usage.input, answer.usage.output), (7, 3))
        self.assertFalse(answer.usage.is_estimate)
        self.assertEqual(self.server.requests[0]["messages"],
                         [{"role": "user", "content": "hi"}])  # fmt: skip

    def test_come_in_any_pieces(self):
        data = "".join(
            f"data: {json.dumps(scripted.chunk(content=c))}{end}{end}"
            for c, end in zip("snow\u2603", ("\n", "\r\n", "\r", "\n", "\n"), strict=True)
        ).encode() + b": comment\r\n\r\nevent: x\nid: 3\n\ndata: [DONE]\n\n"
        for size in (1, 2, 3, 7, len(data)):
            pieces = [data[i : i + size] for i in range(0, len(data), size)]
            answer = self.chat(scripted.stream(*pieces, done=False)).ask("hi")
            self.assertEqual(answer.text, "snow\u2603")

    def test_whole_though_a_stream_was_asked_for(self):
        row = {"id": "1", "type": "function",
               "function": {"name": "weather", "arguments": {"city": "Oslo"}}}
        answer = self.chat(scripted.whole(None, [row])).ask("hi", tools=[weather])
        self.assertEqual(answer.calls[0].arguments, {"city": "Oslo"})
        self.assertEqual(self.server.requests[0]["tools"], [weather.definition])

    def test_with_calls_are_put_together(self):
        rows = [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
        answer = self.chat(scripted.calls(*rows)).ask("hi")
        self.assertEqual([(c.name, json.loads(c.arguments)) for c in answer.calls], rows)
        self.assertEqual(answer.as_message()["content"], None)

    def test_with_calls_in_the_shapes_of_several_servers(self):
        def call(**fields):
            return scripted.chunk(tool_calls=[fields])

        def function(name=None, arguments=None):
            return {"name": name, "arguments": arguments}

        for chunks in (
            # no index, no ids
            [call(function=function("a", "{}")), call(function=function("b", "{}"))],
            # every call is number 0, but has its own id
            [call(index=0, id="1", function=function("a", "{}")),
             call(index=0, id="2", function=function("b", "{}"))],
            # no index, argument pieces by order
            [call(id="1", function=function("a", "{")), call(function=function(None, "}")),
             call(id="2", function=function("b", "{}"))],
            # both in one chunk
            [scripted.chunk(tool_calls=[{"index": 0, "function": function("a", "{}")},
                                        {"index": 1, "function": function("b", "{}")}])],
        ):  # fmt: skip
            answer = self.chat(scripted.stream(*chunks)).ask("hi")
            self.assertEqual([(c.name, c.arguments) for c in answer.calls],
                             [("a", "{}"), ("b", "{}")])  # fmt: skip

    def test_with_reasoning_and_parts(self):
        answer = self.chat(scripted.stream(
            scripted.chunk(reasoning_content="hm"),
            scripted.chunk(content=[{"type": "text", "text": "so"}]),
            {"choices": []}, {"choices": None}, {"choices": [{"delta": None}]},
        )).ask("hi")
        self.assertEqual((answer.text, answer.reasoning), ("so", "hm"))
        self.assertTrue(answer.usage.is_estimate)

    def test_of_servers_without_an_end(self):
        self.assertEqual(self.chat(scripted.text("a", done=False)).ask("x").text, "a")
        self.assertEqual(self.chat(scripted.text("b", chunked=False)).ask("x").text, "b")
        cut = b'data: {"choices": [{"delta": {"content": "c"}, "finish_reason": "stop"}]}'
        self.assertEqual(self.chat(scripted.stream(cut, done=False)).ask("x").text, "c")

    def test_reuse_the_connection(self):
        chat = self.chat(scripted.text("a"), scripted.text("b"))
        real, made = socket.create_connection, []
        with mock.patch("socket.create_connection",
                        lambda *a: made.append(a) or real(*a)):  # fmt: skip
            self.assertEqual(chat.ask("x").text + chat.ask("x").text, "ab")
        self.assertEqual(len(made), 1)

    def test_survive_a_kept_connection_that_has_ended(self):
        chat = self.chat(scripted.text("a"), scripted.text("b"))
        chat.ask("x")
        chat._server._kept[0][2].shutdown(socket.SHUT_RDWR)
        self.assertEqual(chat.ask("x").text, "b")

    def test_carry_parameters(self):
        chat = self.chat(scripted.text("a"), temperature=0, seed=None)
        chat.ask([{"role": "system", "content": "\ud800"}], max_tokens=5)
        sent = self.server.requests[0]
        self.assertEqual((sent["temperature"], sent["max_tokens"]), (0, 5))
        self.assertNotIn("seed", sent)

    def test_without_stream_options(self):
        chat = self.chat(
            scripted.status(400, {"error": {"message": "unknown field stream_options"}}),
            scripted.text("old"),
        )
        self.assertEqual(chat.ask("x").text, "old")
        self.assertNotIn("stream_options", self.server.requests[1])


class Structured(ChatCase):
    SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}

    def test_answers_are_checked_values(self):
        chat = self.chat(scripted.text('{"n": ', "1}"))
        self.assertEqual(chat.ask("x", response_schema=self.SCHEMA).value, {"n": 1})
        sent = self.server.requests[0]["response_format"]
        self.assertEqual(sent["json_schema"]["schema"], self.SCHEMA)

    def test_answers_are_corrected(self):
        chat = self.chat(scripted.text("so: 1"), scripted.text('{"n": "x"}'),
                         scripted.text('```json\n{"n": 2}\n```'))  # fmt: skip
        self.assertEqual(chat.ask("x", response_schema=self.SCHEMA).value, {"n": 2})
        said = self.server.requests[2]["messages"][-1]["content"]
        self.assertIn("/n: expected integer", said)

    def test_answers_that_stay_wrong_end(self):
        chat = self.chat(*[scripted.text("no")] * 3)
        with self.assertRaisesRegex(ModelError, "does not fit") as caught:
            chat.ask("x", response_schema=self.SCHEMA)
        self.assertEqual(caught.exception.partial.text, "no")

    def test_types_are_built(self):
        @dataclasses.dataclass
        class City:
            name: str
            people: float

        chat = self.chat(scripted.text('{"name": "Oslo", "people": 1}'))
        found = chat.ask("x", response_schema=City).value
        self.assertEqual(found, City("Oslo", 1.0))


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


class Configuration(ChatCase):
    def test_says_what_to_set(self):
        with mock.patch.dict(os.environ, clear=True):
            with self.assertRaisesRegex(NotConfigured, "FERRULE_MODEL_URL and FERRULE_M"):
                Chat()
            with self.assertRaisesRegex(NotConfigured, "set FERRULE_MODEL\n") as caught:
                Chat("http://127.0.0.1")
            self.assertEqual(caught.exception.exit_code, 3)

    def test_comes_from_the_environment(self):
        server = self.serve(scripted.text("hi"))
        env = {"FERRULE_MODEL_URL": server.url, "FERRULE_MODEL": "name",
               "FERRULE_MODEL_KEY": KEY}
        with mock.patch.dict(os.environ, env):
            Chat().ask("x")
        self.assertEqual(server.requests[0]["model"], "name")
        self.assertEqual(server.heads[0][1]["Authorization"], f"Bearer {KEY}")

    def test_urls(self):
        for text, path in (
            ("http://h", "/v1/chat/completions"),
            ("http://h/", "/v1/chat/completions"),
            ("http://h/v1", "/v1/chat/completions"),
            ("http://h/api/v1/", "/api/v1/chat/completions"),
            ("http://h/v1/chat/completions", "/v1/chat/completions"),
            ("https://h/x?api-version=1", "/x/chat/completions?api-version=1"),
        ):
            self.assertEqual(Chat(text, "m", "")._path, path)
        found = url.split("http://me:pw@[::1]:8080/v1", "it")
        self.assertEqual((found.host, found.port, found.user), ("::1", 8080, "me:pw"))
        self.assertEqual(str(found), "http://[::1]:8080/v1")

    def test_that_is_none_is_refused(self):
        for text in ("localhost:8080", "ftp://h", "http://", "http://h:0", "http://h:x",
                     "http://h h/", "http://h/\r\nx: y", "http://h:99999"):  # fmt: skip
            with self.assertRaisesRegex(NotConfigured, "FERRULE_MODEL_URL is no URL"):
                Chat(text, "m", "")
        with self.assertRaises(NotConfigured) as caught:
            Chat("ftp://me:password@h", "m", "")
        self.assertNotIn("password", str(caught.exception))


class Keys(ChatCase):
    def test_are_not_shown(self):
        chat = self.chat(key=KEY)
        for shown in (repr(chat), str(chat._key), repr(chat._key), str(vars(chat))):
            self.assertNotIn(KEY, shown)

    def test_are_taken_out_of_what_servers_repeat(self):
        body = {"error": {"message": f"bad key {KEY}!"}}
        error = self.failure(scripted.status(401, body), key=KEY)
        self.assertIn("bad key [key]!", str(error))
        self.assertIn("FERRULE_MODEL_KEY the right one", str(error))

    def test_that_cannot_be_are_not_quoted(self):
        for bad in (f"{KEY}\nX: y", f"{KEY}\u00e9", f"{KEY}\0"):
            with self.assertRaises(NotConfigured) as caught:
                Chat("http://h", "m", bad)
            self.assertNotIn(KEY, str(caught.exception))

    def test_are_not_pickled(self):
        with self.assertRaisesRegex(TypeError, "not written"):
            self.chat(key=KEY)._key.__reduce__()


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


class Coroutines(ChatCase):
    def test_stream_and_ask(self):
        chat = self.chat(scripted.text("a", "b"), scripted.text("c"))

        async def main():
            stream = chat.astream("x")
            found = [piece.text async for piece in stream]
            return found, stream.answer.text, (await chat.aask("y")).text

        self.assertEqual(asyncio.run(main()), (["a", "b"], "ab", "c"))

    def test_ask_beside_each_other(self):
        slow = scripted.stream(*[scripted.chunk(content="x")] * 5, pause=0.1)
        chat = self.chat(*[slow] * 5)

        async def main():
            return await asyncio.gather(*(chat.aask("x") for _ in range(5)))

        started = time.monotonic()
        self.assertEqual([a.text for a in asyncio.run(main())], ["xxxxx"] * 5)
        self.assertLess(time.monotonic() - started, 2.4)  # 3 s one after the other

    def test_are_cancelled(self):
        chat = self.chat(scripted.stream(*[scripted.chunk(content="x")] * 500, pause=0.05))

        async def main():
            stream = chat.astream("x")
            task = asyncio.create_task(stream.finish())
            await asyncio.sleep(0.3)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return stream.partial().text

        self.assertTrue(asyncio.run(main()).startswith("x"))
        self.assertEqual([t.name for t in threading.enumerate()
                          if t.name == "ferrule-stream" and not _ends(t)], [])  # fmt: skip

    def test_raise_what_went_wrong(self):
        chat = self.chat(scripted.status(401))
        with self.assertRaises(ModelError):
            asyncio.run(chat.aask("x"))


def _ends(thread):
    thread.join(5)
    return not thread.is_alive()


class Wire(unittest.TestCase):
    def response(self, data):
        from ferrule.kit.wire import Response

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
