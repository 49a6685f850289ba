# SPDX-License-Identifier: MIT
"""Transcripts: what is written, and runs that go on after kill -9."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

import scripted
from ferrule import Agent, Chat, ModelError, ToolCache, tool
from ferrule.kit.transcript import Damaged, Transcript
from support import KEY, AgentCase

ROUNDS = 25  # processes that are killed
AGENT = '''
import os, sys, time
from ferrule import Agent, Chat, this_call, tool

out, seed = sys.argv[2], float(sys.argv[3])

def append(text):
    with open(out, "a") as file:
        file.write(text + "\\n")
        file.flush()
        os.fsync(file.fileno())

@tool(side_effects=True)
def pay(amount: int) -> str:
    append(f"pay {this_call().key}")
    time.sleep(0.01)
    return "paid"

@tool(side_effects="keyed")
def order(item: str) -> str:
    append(f"order {this_call().key}")
    time.sleep(0.01)
    return "ordered"

@tool
def look(n: int) -> int:
    return n

agent = Agent(Chat(sys.argv[4], "m", "", retries=0), [pay, order, look],
              transcript=sys.argv[1])
print(agent.run("do it").text, flush=True)
'''


class TranscriptCase(AgentCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferrule-kit-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "talk.jsonl"

    def records(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@tool(side_effects=True)
def send(to: str) -> str:
    """Send it."""
    return f"sent to {to}"


class Files(TranscriptCase):
    def test_hold_everything_that_was_said(self):
        agent = self.agent(scripted.calls(("send", {"to": "a"})), scripted.text("x"),
                           tools=[send], transcript=self.path)  # fmt: skip
        agent.run("q")
        agent.close()
        self.assertEqual([r["type"] for r in self.records()], [
            "begin", "message", "message", "started", "ended", "message", "finished"])
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(Transcript(self.path).messages, agent.messages)

    def test_are_gone_on_with(self):
        for question, answer in (("one", "a"), ("two", "b")):
            agent = self.agent(scripted.text(answer), transcript=self.path)
            agent.run(question)
            agent.close()
        self.assertEqual([m["content"] for m in self.server.requests[0]["messages"]],
                         ["one", "a", "two"])  # fmt: skip

    def test_lose_a_line_that_was_not_whole(self):
        Transcript(self.path).close()
        with open(self.path, "a") as file:
            file.write('{"type":"message","mess')
        record = Transcript(self.path)
        record.add({"role": "user", "content": "q"})
        record.close()
        self.assertEqual([r["type"] for r in self.records()], ["begin", "message"])

    def test_that_are_damaged_are_refused_with_their_line(self):
        begin = '{"type":"begin","version":1,"id":"1"}\n'
        for text, said in (
            ("hello\n", ":1: "),
            ('{"type":"message"}\n', ":1: the first line"),
            (begin + begin, ":2: the first line"),
            (begin.replace("1,", "9,"), ":1: version 9"),
            (begin + '{"type":"message","message":3}\n', ":2: no such record"),
            (begin + '{"type":"ended"}\n', ":2: no such record"),
            (begin + "[" * 100_000 + "\n", ":2: "),
        ):
            self.path.write_text(text)
            with self.assertRaisesRegex(Damaged, said):
                Transcript(self.path)
            self.assertEqual(self.path.read_text(), text)

    def test_belong_to_one_process(self):
        record = Transcript(self.path)
        with self.assertRaisesRegex(BlockingIOError, "another process"):
            Transcript(self.path)
        record.close()
        Transcript(self.path).close()

    def test_never_hold_the_key(self):
        server = scripted.Server(scripted.text(f"your key is {KEY}"))
        self.addCleanup(server.close)
        agent = Agent(Chat(server.url, "m", KEY), transcript=self.path)
        agent.run("what is my key?")
        agent.close()
        self.assertIn("your key is [key]", self.path.read_text())
        self.assertNotIn(KEY, self.path.read_text())

    def test_keep_a_partial_answer(self):
        half = scripted.stream(scripted.chunk(content="half"), done=False)
        agent = self.agent(half, scripted.text("whole"), transcript=self.path)
        with self.assertRaises(ModelError):
            agent.run("q")
        self.assertTrue(agent.is_unfinished)
        self.assertTrue(self.records()[-1]["is_partial"])
        agent.close()
        again = Agent(Chat(self.server.url, "m", ""), transcript=self.path)
        self.assertEqual(again.messages[-1]["content"], "half")
        self.assertEqual(again.resume().text, "whole")
        self.assertEqual([m["content"] for m in again.messages], ["q", "whole"])
        self.assertEqual(len(self.server.requests[1]["messages"]), 1)
        again.close()


class Resumed(TranscriptCase):
    def interrupted(self, *records):
        """An agent whose transcript ends with these records; its tools count."""
        call = {"id": "1", "type": "function",
                "function": {"name": self.tool.name, "arguments": "{}"}}
        start = [{"type": "begin", "version": 1, "id": "t"},
                 {"type": "message", "message": {"role": "user", "content": "q"}},
                 {"type": "message", "message": {"role": "assistant", "content": None,
                                                 "tool_calls": [call]}}]
        lines = [json.dumps(r) + "\n" for r in [*start, *records]]
        self.path.write_text("".join(lines))
        return self.agent(scripted.text("x"), tools=[self.tool], transcript=self.path)

    def make(self, **options):
        self.ran = []

        @tool(name="act", **options)
        def act():
            self.ran.append(1)
            return "acted"

        self.tool = act

    STARTED = {"type": "started", "id": "1", "key": "k", "name": "act"}
    ENDED = {"type": "ended", "id": "1", "outcome": "done", "seconds": 0, "text": "acted"}

    def test_run_what_was_not_started(self):
        self.make(side_effects=True)
        result = self.interrupted().run("q")
        self.assertEqual((self.ran, self.sent()), ([1], {"1": "acted"}))
        self.assertEqual(result.calls[0].outcome, "done")

    def test_do_not_repeat_what_was_started(self):
        self.make(side_effects=True)
        result = self.interrupted(self.STARTED).resume()
        self.assertEqual((self.ran, result.calls[0].outcome), ([], "uncertain"))
        self.assertIn("not known", self.sent()["1"])

    def test_repeat_what_has_no_side_effect_or_its_key(self):
        for options in ({}, {"side_effects": "keyed"}):
            self.make(**options)
            agent = self.interrupted(self.STARTED)
            self.assertEqual(agent.resume().text, "x")
            agent.close()
            self.assertEqual(self.ran, [1])

    def test_do_not_repeat_what_has_ended(self):
        self.make()
        self.interrupted(self.STARTED, self.ENDED).resume()
        self.assertEqual((self.ran, self.sent()), ([], {"1": "acted"}))

    def test_give_up_on_another_question(self):
        self.make(side_effects=True)
        self.interrupted(self.STARTED).run("something else")
        self.assertEqual((self.ran, self.sent()), ([], {"1": "interrupted"}))


class Killed(TranscriptCase):
    def test_at_any_moment_no_side_effect_happens_twice(self):
        script = self.folder / "agent.py"
        script.write_text(textwrap.dedent(AGENT))
        out = self.folder / "out"
        luck = random.Random(7)
        first = scripted.calls(("pay", {"amount": 1}), ("look", {"n": 1}),
                               ("order", {"item": "a"}), ("pay", {"amount": 2}))

        def reply(request):
            """Calls until there are results, then the answer."""
            sent = self.server.requests[-1]["messages"]
            results = [m for m in sent if m["role"] == "tool"]
            (scripted.text("all done") if results else first)(request)

        self.server = scripted.Server(last=reply)
        self.addCleanup(self.server.close)
        killed = 0
        for number in range(ROUNDS):
            path = self.folder / f"{number}.jsonl"
            out.write_text("")
            for attempt in range(40):
                process = subprocess.Popen(
                    [sys.executable, script, path, out, str(number), self.server.url],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                lines = len(out.read_text().splitlines())
                wait = luck.uniform(0, 0.1) if attempt < 30 else 60
                said = self.after(process, path, wait)
                if process.returncode == 0:
                    break
                killed += process.returncode == -signal.SIGKILL
                self.assertGreaterEqual(len(out.read_text().splitlines()), lines)
            self.assertEqual(said, "all done\n")
            paid = [x for x in out.read_text().splitlines() if x.startswith("pay")]
            ordered = [x for x in out.read_text().splitlines() if x.startswith("order")]
            self.assertEqual(len(paid), len(set(paid)), "a side effect happened twice")
            self.assertLessEqual(len(paid), 2)
            self.assertEqual(len(set(ordered)), 1)
        self.assertGreater(killed, ROUNDS / 2)

    def after(self, process, path, seconds):
        """Kill the process that long after it has begun to write."""
        size = path.stat().st_size if path.exists() else 0
        until = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < until:
            if path.exists() and path.stat().st_size > size:
                break
            time.sleep(0.002)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        return process.communicate()[0]


if __name__ == "__main__":
    unittest.main()
