# SPDX-License-Identifier: MIT
"""What the real server of the local model answered once (record.py): the kit
reads it, and the scripted server says nothing that the real one does not."""

import io
import json
import re
import unittest
from pathlib import Path

import scripted
from ferrule import ModelError
from support import KEY, ChatCase

RECORDED = Path(__file__).resolve().parent / "data"


def recorded(name):
    return (RECORDED / f"{name}.http").read_bytes()


def events(data):
    """The parsed chunks of a stream."""
    text = data.decode().partition("\r\n\r\n")[2]
    found = re.findall(r"^data: (\{.*\})$", text, re.M)
    return [json.loads(line) for line in found]


def paths(value, at=""):
    """Every place in a JSON value with the type that is there; null is any."""
    if isinstance(value, dict):
        return set().union(*(paths(v, f"{at}.{k}") for k, v in value.items()), {at})
    if isinstance(value, list):
        return set().union(*(paths(v, f"{at}[]") for v in value), {at})
    return {f"{at}: {type(value).__name__}"} if value is not None else set()


class Answers(ChatCase):
    def answer(self, name, **options):
        return self.chat(scripted.raw(recorded(name))).ask("x", **options)

    def test_in_text_are_read(self):
        streamed, whole = self.answer("text-stream"), self.answer("text-whole")
        self.assertEqual(streamed.text, whole.text)
        self.assertTrue(streamed.text.startswith("Hello!"), streamed.text)
        self.assertEqual((streamed.finish, streamed.calls), ("stop", []))
        self.assertGreater(streamed.usage.input, 10)
        self.assertFalse(streamed.usage.is_estimate)

    def test_with_a_call_are_read(self):
        for name in ("call-stream", "call-whole"):
            answer = self.answer(name)
            self.assertEqual([(c.name, json.loads(c.arguments)) for c in answer.calls],
                             [("weather", {"city": "Oslo"})])  # fmt: skip
            self.assertEqual((answer.text, answer.finish), ("", "tool_calls"))

    def test_with_a_schema_fit(self):
        schema = {"type": "object", "required": ["n"],
                  "properties": {"n": {"type": "integer"}}}  # fmt: skip
        self.assertIsInstance(
            self.answer("schema-stream", response_schema=schema).value["n"], int)

    def test_that_are_errors_are_worded(self):
        for name, said in (("too-long", "too long for this model"),
                           ("bad-request", "messages"), ("no-key", "refuses the key")):
            with self.assertRaisesRegex(ModelError, said):
                self.chat(scripted.raw(recorded(name)), key=KEY).ask("x")


class Script(unittest.TestCase):
    def said(self, reply):
        """The bytes that a scripted reply writes."""

        class Request:
            wfile = io.BytesIO()

            def send_response(self, code):
                self.wfile.write(b"HTTP/1.1 %d X\r\n" % code)

            def send_header(self, name, value):
                self.wfile.write(f"{name}: {value}\r\n".encode())

            def end_headers(self):
                self.wfile.write(b"\r\n")

        reply(Request())
        return Request.wfile.getvalue()

    def test_says_what_the_real_server_says(self):
        for reply, name in (
            (scripted.text("a", "b", chunked=False), "text-stream"),
            (scripted.calls(("weather", {"city": "Oslo"}), chunked=False), "call-stream"),
        ):
            ours = paths(events(self.said(reply)))
            real = paths(events(recorded(name)))
            self.assertGreater(len(ours), 10)
            self.assertEqual(ours - real, set())

    def test_says_whole_answers_as_the_real_server(self):
        row = {"id": "1", "type": "function",
               "function": {"name": "weather", "arguments": "{}"}}
        for reply, name in ((scripted.whole("x"), "text-whole"),
                            (scripted.whole(None, [row]), "call-whole")):  # fmt: skip
            ours, real = (
                paths(json.loads(data.partition(b"\r\n\r\n")[2]))
                for data in (self.said(reply), recorded(name))
            )
            self.assertEqual(ours - real, set())


if __name__ == "__main__":
    unittest.main()
