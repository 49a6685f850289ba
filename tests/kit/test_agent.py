# SPDX-License-Identifier: MIT
"""Agent: turns, tools of every temper, what models and servers get wrong."""

import asyncio
import json
import threading
import time
import unittest

import scripted
from ferrule import Agent, Chat, ToolCache, this_call, tool
from support import AgentCase


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(cache=60)
def look_up(word: str) -> str:
    """Look a word up."""
    LOOKED_UP.append(word)
    return word.upper()


LOOKED_UP = []


class Turns(AgentCase):
    def test_end_with_the_answer(self):
        agent = self.agent(scripted.calls(("add", {"a": 1, "b": 2})), scripted.text("3"),
                           tools=[add], instructions="Be brief.")  # fmt: skip
        result = agent.run("1 + 2?")
        self.assertEqual((result.text, result.stopped, result.turns), ("3", None, 2))
        self.assertEqual((result.usage.input, result.usage.output), (20, 10))
        messages = self.server.requests[1]["messages"]
        self.assertEqual([m["role"] for m in messages],
                         ["system", "user", "assistant", "tool"])  # fmt: skip
        self.assertEqual(messages[3], {"role": "tool", "tool_call_id": "call_add_0",
                                       "content": "3"})  # fmt: skip

    def test_are_told_as_events(self):
        agent = self.agent(scripted.calls(("add", {"a": 1, "b": 2})),
                           scripted.text("thr", "ee"), tools=[add])  # fmt: skip
        events = list(agent.events("1 + 2?"))
        self.assertEqual([e.kind for e in events], [
            "asking", "turn-ended", "tool-started", "tool-ended", "asking", "text", "text",
            "turn-ended", "finished"])  # fmt: skip
        for event in events:
            json.dumps(event.as_dict())

    def test_go_on_with_the_conversation(self):
        agent = self.agent(scripted.text("a"), scripted.text("b"))
        agent.run("one")
        agent.run("two")
        self.assertEqual([m["content"] for m in self.server.requests[1]["messages"]],
                         ["one", "a", "two"])  # fmt: skip

    def test_of_coroutines(self):
        agent = self.agent(scripted.calls(("add", {"a": 1, "b": 2})), scripted.text("3"),
                           tools=[add])  # fmt: skip
        self.assertEqual(asyncio.run(agent.arun("1 + 2?")).text, "3")

    def test_stop_after_a_tool(self):
        for stop in ("add", {"add"}, lambda answer, ended: ended[0].text == "3"):
            agent = self.agent(scripted.calls(("add", {"a": 1, "b": 2})), tools=[add],
                               stop=stop)  # fmt: skip
            result = agent.run("x")
            self.assertEqual((result.stopped, result.calls[0].text), ("stop", "3"))
        with self.assertRaisesRegex(ValueError, "no tool 'nothing'"):
            self.agent(tools=[add], stop="nothing")

    def test_give_a_checked_value(self):
        agent = self.agent(scripted.calls(("add", {"a": 1, "b": 2})), scripted.text("3!"),
                           scripted.text('{"sum": 3}'), tools=[add],
                           response_schema={"type": "object", "required": ["sum"]})
        self.assertEqual(agent.run("x").value, {"sum": 3})
        self.assertIn("does not fit", self.server.requests[2]["messages"][-1]["content"])

    def test_refuse_what_is_no_question(self):
        agent = self.agent()
        for bad in ("", "  ", 3):
            with self.assertRaisesRegex(ValueError, "question"):
                agent.run(bad)
        with self.assertRaisesRegex(ValueError, "go on"):
            agent.resume()


class Calls(AgentCase):
    def test_run_beside_each_other_and_answer_in_order(self):
        @tool
        def wait(seconds: float) -> str:
            time.sleep(seconds)
            return str(seconds)

        @tool
        async def await_it(seconds: float) -> str:
            await asyncio.sleep(seconds)
            return str(seconds)

        rows = [("wait", {"seconds": 0.4}), ("await_it", {"seconds": 0.3}),
                ("wait", {"seconds": 0.2})]  # fmt: skip
        for run in ("run", "arun"):
            agent = self.agent(scripted.calls(*rows), scripted.text("done"),
                               tools=[wait, await_it])  # fmt: skip
            started = time.monotonic()
            result = agent.run("x") if run == "run" else asyncio.run(agent.arun("x"))
            self.assertEqual(list(self.sent().values()), ["0.4", "0.3", "0.2"])
            self.assertEqual([c.text for c in result.calls], ["0.4", "0.3", "0.2"])
            self.assertLess(time.monotonic() - started, 0.85)  # 0.9 s one by one

    def test_with_side_effects_run_alone_and_in_order(self):
        running, most, order = [], [], []

        def work(name):
            running.append(name)
            most.append(len(running))
            time.sleep(0.05)
            order.append(name)
            running.remove(name)

        @tool(side_effects=True)
        def write(name: str):
            work(name)

        rows = [("write", {"name": str(n)}) for n in range(4)]
        for run in ("run", "arun"):
            order.clear()
            agent = self.agent(scripted.calls(*rows), scripted.text("x"), tools=[write])
            _ = agent.run("x") if run == "run" else asyncio.run(agent.arun("x"))
            self.assertEqual((max(most), order), (1, ["0", "1", "2", "3"]))

    def test_that_hang_are_given_up(self):
        seen = []

        @tool(timeout=0.2)
        def hang():
            call = this_call()
            while not call.is_cancelled:
                time.sleep(0.01)
            seen.append("function")

        @tool(timeout=0.2)
        async def ahang():
            try:
                await asyncio.sleep(30)
            finally:
                seen.append("coroutine")

        for run in ("run", "arun"):
            seen.clear()
            agent = self.agent(scripted.calls(("hang", {}), ("ahang", {})),
                               scripted.text("x"), tools=[hang, ahang])  # fmt: skip
            result = agent.run("x") if run == "run" else asyncio.run(agent.arun("x"))
            self.assertEqual(self.outcomes(result),
                             [("hang", "timeout"), ("ahang", "timeout")])  # fmt: skip
            self.assertIn("did not end after 0.2 s", self.sent()["call_hang_0"])
            for _ in range(100):
                if len(seen) == 2:
                    break
                time.sleep(0.02)
            self.assertEqual(sorted(seen), ["coroutine", "function"])

    def test_that_raise_are_told(self):
        @tool
        def broken(how: str):
            raise {"value": ValueError("x" * 9999), "exit": SystemExit(3),
                   "stop": StopIteration("s")}[how]  # fmt: skip

        @tool
        async def abroken():
            raise TimeoutError("the tool's own")

        rows = [("broken", {"how": how}) for how in ("value", "exit", "stop")]
        for run in ("run", "arun"):
            agent = self.agent(scripted.calls(*rows, ("abroken", {})), scripted.text("x"),
                               tools=[broken, abroken])  # fmt: skip
            result = agent.run("x") if run == "run" else asyncio.run(agent.arun("x"))
            self.assertEqual({c.outcome for c in result.calls}, {"failed"})
            self.assertIn("broken failed: ValueError: xxx", result.calls[0].text)
            self.assertLess(len(result.calls[0].text), 600)
            self.assertIn("the tool's own", result.calls[3].text)

    def test_that_do_not_fit_are_explained(self):
        agent = self.agent(scripted.calls(("add", {"a": 1})),
                           scripted.calls(("add", '{"a": 1, "b":')),
                           scripted.calls(("add", {"a": 1, "b": 2})),
                           scripted.text("3"), tools=[add])  # fmt: skip
        result = agent.run("x")
        self.assertEqual([c.outcome for c in result.calls], ["invalid", "invalid", "done"])
        self.assertIn('"b"', result.calls[0].text)
        self.assertIn("end in the middle", result.calls[1].text)
        for message in self.server.requests[-1]["messages"]:
            for call in message.get("tool_calls", ()):
                self.assertIsInstance(json.loads(call["function"]["arguments"]), dict)

    def test_that_never_fit_end(self):
        agent = self.agent(last=scripted.calls(("add", {"a": "x"})), tools=[add])
        result = agent.run("x")
        self.assertEqual(result.stopped, "calls")
        self.assertLessEqual(len(self.server.requests), 6)
        self.assertNotIn("tools", self.server.requests[-1])

    def test_of_unknown_tools_name_the_nearest(self):
        agent = self.agent(scripted.calls(("ad", {}), ("zzz", {})), scripted.text("x"),
                           tools=[add, look_up])  # fmt: skip
        result = agent.run("x")
        self.assertIn("Did you mean add?", result.calls[0].text)
        self.assertIn("The tools are: add, look_up.", result.calls[1].text)

    def test_by_a_name_written_otherwise_are_understood(self):
        agent = self.agent(scripted.calls(("functions.Look-Up", {"word": "a"})),
                           scripted.text("x"), tools=[look_up])  # fmt: skip
        self.assertEqual(self.outcomes(agent.run("x")), [("look_up", "done")])

    def test_with_the_same_id_get_ids_of_their_own(self):
        rows = [("add", {"a": 1, "b": 1}), ("add", {"a": 2, "b": 2})]
        agent = self.agent(scripted.calls(*rows, ids=["1", "1"]),
                           scripted.calls(("add", {"a": 3, "b": 3}), ids=["1"]),
                           scripted.text("x"), tools=[add])  # fmt: skip
        agent.run("x")
        self.assertEqual(sorted(self.sent().values()), ["2", "4", "6"])
        self.assertEqual(len(set(self.sent())), 3)

    def test_in_the_text_are_found(self):
        call = '{"name": "add", "arguments": {"a": 1, "b": 2}}'
        for said in (
            call, f"```json\n{call}\n```", f"I will add.\n```\n{call}\n```",
            f"<tool_call>\n{call}\n</tool_call>", f"[TOOL_CALLS][{call}]",
            f'{{"type": "function", "function": {call}}}',
        ):  # fmt: skip
            agent = self.agent(scripted.text(*said), scripted.text("3"), tools=[add])
            events = list(agent.events("x"))
            self.assertEqual(self.outcomes(events[-1].result), [("add", "done")], said)
            shown = "".join(e.text for e in events if e.kind == "text")
            self.assertNotIn('{"name', shown if said.startswith(("{", "`")) else "")

    def test_in_the_text_that_are_none_stay_text(self):
        for said in ('{"name": "other", "arguments": {}}', '{"name": "add"}',
                     '```json\n{"name": "add", "arguments": {}, "why": 1}\n```',
                     "```python\nadd(1, 2)\n```", "{", "[1]"):  # fmt: skip
            agent = self.agent(scripted.text(*said), tools=[add])
            events = list(agent.events("x"))
            self.assertEqual(events[-1].result.calls, [])
            self.assertEqual("".join(e.text for e in events if e.kind == "text"), said)

    def test_that_repeat_are_led_to_an_end(self):
        agent = self.agent(last=scripted.calls(("add", {"a": 1, "b": 2})), tools=[add])
        result = agent.run("x")
        self.assertEqual(result.stopped, "calls")
        self.assertEqual(result.calls[-1].outcome, "repeated")
        self.assertLessEqual(len(self.server.requests), 6)

    def test_with_side_effects_are_not_repeated(self):
        done = []

        @tool(side_effects=True)
        def send(to: str):
            done.append(to)
            return "sent"

        agent = self.agent(scripted.calls(("send", {"to": "a"})),
                           scripted.calls(("send", {"to": "a"})),
                           scripted.calls(("send", {"to": "b"})),
                           scripted.text("x"), tools=[send])  # fmt: skip
        result = agent.run("x")
        self.assertEqual(done, ["a", "b"])
        self.assertEqual([c.outcome for c in result.calls], ["done", "repeated", "done"])
        self.assertIn("sent", result.calls[1].text)

    def test_are_answered_from_the_store(self):
        LOOKED_UP.clear()
        cache = ToolCache()
        for run in ("run", "arun"):
            agent = self.agent(scripted.calls(("look_up", {"word": "w"})),
                               scripted.text("x"), tools=[look_up], cache=cache)
            result = agent.run("x") if run == "run" else asyncio.run(agent.arun("x"))
        self.assertEqual(LOOKED_UP, ["w"])
        self.assertEqual(self.outcomes(result), [("look_up", "cached")])
        self.assertEqual(self.sent(), {"call_look_up_0": "W"})

    def test_that_fail_are_not_stored(self):
        tries = []

        @tool(cache=60)
        def flaky():
            tries.append(1)
            if len(tries) == 1:
                raise OSError("not now")
            return "ok"

        agent = self.agent(scripted.calls(("flaky", {})), scripted.calls(("flaky", {})),
                           scripted.text("x"), tools=[flaky])  # fmt: skip
        self.assertEqual([c.outcome for c in agent.run("x").calls], ["failed", "done"])

    def test_with_huge_results_are_cut(self):
        @tool
        def huge(kind: str):
            return {"text": "x" * 100_000_000, "bytes": b"\xff" * 100_000_000}[kind]

        agent = self.agent(scripted.calls(("huge", {"kind": "text"}),
                                          ("huge", {"kind": "bytes"})),
                           scripted.text("x"), tools=[huge])  # fmt: skip
        texts = [c.text for c in agent.run("x").calls]
        self.assertLess(len(texts[0]), 25_000)
        self.assertIn("100,000,000 characters in all", texts[0])
        self.assertEqual(texts[1], "[100,000,000 bytes that are no text]")

    def test_know_their_call(self):
        keys = []

        @tool(side_effects=True)
        def act():
            keys.append((this_call().id, this_call().key))

        agent = self.agent(scripted.calls(("act", {}), ("act", {}), ids=["1", "2"]),
                           scripted.text("x"), tools=[act])  # fmt: skip
        agent.run("x")
        self.assertEqual(len(set(keys)), len(keys))
        self.assertIsNone(this_call())


class Setup(AgentCase):
    def test_refuses_two_tools_of_one_name(self):
        with self.assertRaisesRegex(ValueError, "two tools are called add"):
            self.agent(tools=[add, add])

    def test_takes_plain_functions(self):
        def shout(text: str) -> str:
            return text.upper()

        agent = self.agent(scripted.calls(("shout", {"text": "a"})), scripted.text("x"),
                           tools=[shout])  # fmt: skip
        self.assertEqual(agent.run("x").calls[0].text, "A")

    def test_works_in_several_threads(self):
        server = scripted.Server(last=scripted.text("x"))
        self.addCleanup(server.close)
        chat, found = Chat(server.url, "m", ""), []
        self.addCleanup(chat.close)
        threads = [threading.Thread(target=lambda: found.append(Agent(chat).run("q").text))
                   for _ in range(8)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(found, ["x"] * 8)


if __name__ == "__main__":
    unittest.main()
