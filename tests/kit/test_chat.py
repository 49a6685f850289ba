# SPDX-License-Identifier: MIT
"""Chat: answers in every shape, errors in words, time-outs, repeats, and the key."""

import asyncio
import dataclasses
import json
import os
import socket
import threading
import time
import unittest
from unittest import mock

import scripted
from ferrule import Chat, ModelError, NotConfigured, tool
from ferrule.kit import url
from support import KEY, ChatCase

@tool
def weather(city: str) -> str:
    """Say the weather."""


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
            chat = Chat()
            chat.ask("x")
        chat.close()
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


if __name__ == "__main__":
    unittest.main()
