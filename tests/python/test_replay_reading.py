# SPDX-License-Identifier: MIT
"""agents/replay reads tools and calls, and places every mistake."""

import json
import tempfile
import unittest
from pathlib import Path

from support import replay  # first: makes the agent's modules importable

import reading
from records import BadInput


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        file = self.folder / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file


class Tools(Files):
    def read(self, text):
        return reading.read_tools(self.write("tools.json", text))

    def refusal(self, text):
        with self.assertRaises(BadInput) as caught:
            self.read(text)
        return caught.exception.problem

    def test_keeps_name_schema_and_line(self):
        tools, problems = self.read(f"[\n\n  {json.dumps(replay.tool())}\n]\n")
        self.assertEqual(problems, [])
        self.assertEqual(tools["weather"].line, 3)
        self.assertEqual(tools["weather"].schema["required"], ["city"])
        self.assertTrue(tools["weather"].cacheable)

    def test_reads_the_forms_of_other_interfaces(self):
        forms = [
            {"type": "function", "function": {"name": "a", "parameters": {}}},
            {"name": "b", "inputSchema": {}},
            {"name": "c", "input_schema": {}},
        ]
        tools, _ = self.read(json.dumps(forms))
        self.assertEqual(list(tools), ["a", "b", "c"])

    def test_a_tool_that_changes_things_is_not_cacheable(self):
        hints = {"readOnlyHint": False}
        tools, _ = self.read(json.dumps([replay.tool(annotations=hints)]))
        self.assertFalse(tools["weather"].cacheable)

    def test_starts_with_a_byte_order_mark(self):
        tools, _ = self.read(b"\xef\xbb\xbf" + json.dumps([replay.tool()]).encode())
        self.assertIn("weather", tools)

    def test_refusals_name_line_and_cause(self):
        for text, line, words in [
            ('{"name": "x"}', 1, "expected a JSON list"),
            ("", 1, "expected a JSON list"),
            ('[\n {"name": "x",\n  "parameters": }\n]', 3, "not JSON: expecting value"),
            ('[\n {"name": "a", "parameters": {}}\n {"name": "b"}]', 3, 'expected ","'),
            ("[]", 1, "empty"),
            ("[]\n\nmore", 3, "unexpected text after the list"),
            ('[{"name": "a", "parameters": {}}', 1, 'expected ","'),
            (b'[\n"\xff"]', 2, "not UTF-8"),
            ("[" + '{"a":' * 100_000, 1, "nested too deeply"),
        ]:
            with self.subTest(text=text[:40]):
                problem = self.refusal(text)
                self.assertEqual(problem.line, line)
                self.assertIn(words, problem.text)

    def test_one_bad_tool_does_not_cost_the_others(self):
        good = json.dumps(replay.tool())
        text = f'[{good},\n {{"name": "x"}},\n 7,\n {good},\n {{"parameters": {{}}}}]'
        tools, problems = self.read(text)
        self.assertEqual(list(tools), ["weather"])
        self.assertEqual([p.line for p in problems], [2, 3, 4, 5])
        self.assertIn('"x" has no parameters', problems[0].text)
        self.assertIn("already given at line 1", problems[2].text)

    def test_no_such_file(self):
        with self.assertRaises(BadInput) as caught:
            reading.read_tools(self.folder / "none.json")
        self.assertIn("none.json: no such file", str(caught.exception))


class Calls(Files):
    def setUp(self):
        super().setUp()
        file = self.write("tools.json", json.dumps([replay.tool()]))
        self.tools, _ = reading.read_tools(file)

    def read(self, text):
        return reading.read_calls(self.write("calls.jsonl", text), self.tools)

    def one(self, record):
        [call], problems = self.read(json.dumps(record))
        self.assertEqual(problems, [])
        return call

    def test_arguments_keep_the_text_of_the_model(self):
        text = '{ "city" : "Bergen" '
        self.assertEqual(self.one(replay.call(text)).payload, text.encode())

    def test_arguments_that_are_an_object_become_text(self):
        call = self.one(replay.call({"city": "Málaga", "n": 2**64}))
        self.assertEqual(json.loads(call.payload), {"city": "Málaga", "n": 2**64})

    def test_a_lone_surrogate_does_not_stop_the_reading(self):
        self.one(replay.call({"city": "\ud800"}))
        self.one(replay.call('{"city": "\ud800"}', result="\ud800"))

    def test_time_latency_and_answer(self):
        call = self.one(
            replay.call({}, at="1970-01-01T00:01:00Z", latency_ms=250, result={"a": 1})
        )
        self.assertEqual(
            (call.at_s, call.latency_s, call.result), (60.0, 0.25, '{"a":1}')
        )
        bare = self.one({"tool": "weather", "arguments": {}})
        self.assertEqual((bare.at_s, bare.latency_s, bare.error), (None, None, None))

    def test_calls_with_one_id_are_one_call(self):
        calls, _ = self.read(
            "\n".join(
                json.dumps(c)
                for c in [
                    replay.call({"city": "A"}, id=7),
                    replay.call({"city": "B"}, id=7),
                    replay.call({"city": "C"}),
                    replay.call({"city": "C"}),
                ]
            )
        )
        self.assertEqual(len({call.origin for call in calls}), 2)

    def test_blank_lines_and_line_ends_of_windows(self):
        line = json.dumps(replay.call({}))
        calls, problems = self.read(f"\ufeff{line}\r\n\r\n\n{line}")
        self.assertEqual([call.line for call in calls], [1, 4])
        self.assertEqual(problems, [])

    def test_each_bad_line_is_placed_and_the_rest_is_read(self):
        good = json.dumps(replay.call({}))
        bad = [
            ("{", "not JSON"),
            ("[1]", "expected an object"),
            ('{"arguments": {}}', "names no tool"),
            ('{"tool": 5, "arguments": {}}', "names no tool"),
            ('{"tool": "wether", "arguments": {}}', 'did you mean "weather"?'),
            ('{"tool": "zzzz", "arguments": {}}', 'unknown tool "zzzz"'),
            ('{"tool": "weather"}', "has no arguments"),
            (json.dumps(replay.call({}, latency_ms="5")), "latency_ms is not a number"),
            (json.dumps(replay.call({}, latency_ms=-1)), "latency_ms is not a time"),
            (json.dumps(replay.call({}, latency_ms=float("nan"))), "is not a time"),
            (json.dumps(replay.call({}, at="noon")), "at is not a time"),
            ("[" * 200_000, "nested too deeply"),
        ]
        calls, problems = self.read("\n".join([good, *(line for line, _ in bad), good]))
        self.assertEqual([call.line for call in calls], [1, len(bad) + 2])
        for number, (problem, (line, words)) in enumerate(
            zip(problems, bad, strict=True)
        ):
            with self.subTest(line=line[:40]):
                self.assertEqual(problem.line, number + 2)
                self.assertIn(words, problem.text)

    def test_a_line_that_is_not_utf8(self):
        calls, [problem] = self.read(
            b'{"tool": "\xff"}\n' + json.dumps(replay.call({})).encode()
        )
        self.assertEqual((problem.line, problem.text), (1, "not UTF-8 text"))
        self.assertEqual(len(calls), 1)


if __name__ == "__main__":
    unittest.main()
