# SPDX-License-Identifier: MIT
"""Agent: budgets, and steps asked by response_format."""

import json
import time
import unittest

import scripted
from ferrule import Budget, tool
from support import AgentCase


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Budgets(AgentCase):
    def endless(self, **bounds):
        numbers = iter(range(1000))

        @tool
        def next_number() -> int:
            return next(numbers)

        return self.agent(last=scripted.calls(("next_number", {})), tools=[next_number],
                          budget=Budget(**bounds))  # fmt: skip

    def test_end_runs(self):
        for bounds, stopped in (
            ({"turns": 2}, "turns"), ({"tokens": 40}, "tokens"),
            ({"money": 0.001, "prices": (50, 100)}, "money"),
            ({"seconds": 0.0001}, "seconds"),
        ):  # fmt: skip
            result = self.endless(**bounds).run("x")
            self.assertEqual(result.stopped, stopped)
        self.assertEqual(result.calls, [])

    def test_of_tool_calls(self):
        rows = [("add", {"a": n, "b": 0}) for n in range(4)]
        agent = self.agent(scripted.calls(*rows), scripted.text("enough"), tools=[add],
                           budget=Budget(calls=2))  # fmt: skip
        result = agent.run("x")
        self.assertEqual([c.outcome for c in result.calls],
                         ["done", "done", "refused", "refused"])  # fmt: skip
        self.assertEqual((result.text, result.stopped), ("enough", None))

    def test_cut_a_slow_answer_and_a_slow_tool(self):
        slow = scripted.stream(*[scripted.chunk(content="x")] * 100, pause=0.1)
        agent = self.agent(slow, budget=Budget(seconds=0.5))
        result = agent.run("x")
        self.assertEqual(result.stopped, "seconds")
        self.assertTrue(result.text.startswith("x"))

        @tool(timeout=None)
        def sleep():
            time.sleep(5)

        agent = self.agent(scripted.calls(("sleep", {})), tools=[sleep],
                           budget=Budget(seconds=0.5))  # fmt: skip
        self.assertEqual(agent.run("x").stopped, "seconds")

    def test_count_money(self):
        agent = self.agent(scripted.text("x", usage=(1000, 2000)),
                           budget=Budget(prices=(1.0, 10.0)))  # fmt: skip
        self.assertAlmostEqual(agent.run("x").money, 0.021)

    def test_that_cannot_be_are_refused(self):
        for bounds in ({"turns": 0}, {"tokens": "1"}, {"seconds": True}, {"money": 1},
                       {"money": 1, "prices": (1,)}):  # fmt: skip
            with self.assertRaisesRegex(ValueError, "budget"):
                Budget(**bounds)


class Strict(AgentCase):
    def test_steps_are_asked_by_response_format(self):
        step = {"tool": "add", "arguments": {"a": 1, "b": 2}}
        agent = self.agent(scripted.text(json.dumps({"step": step})),
                           scripted.text(json.dumps({"step": {"answer": "three"}})),
                           tools=[add], strict=True)  # fmt: skip
        events = list(agent.events("x"))
        result = events[-1].result
        self.assertEqual((result.text, self.outcomes(result)),
                         ("three", [("add", "done")]))  # fmt: skip
        self.assertEqual([e.text for e in events if e.kind == "text"], ["three"])
        first, second = self.server.requests
        self.assertNotIn("tools", first)
        schema = first["response_format"]["json_schema"]["schema"]
        self.assertEqual(schema["properties"]["step"]["anyOf"][0]["properties"]["tool"],
                         {"const": "add"})  # fmt: skip
        self.assertEqual([m["role"] for m in second["messages"]],
                         ["system", "user", "assistant", "user"])  # fmt: skip
        self.assertIn("Result of add:\n3", second["messages"][-1]["content"])

    def test_answers_fit_the_schema(self):
        agent = self.agent(scripted.text('{"step": {"answer": {"n": 1}}}'), strict=True,
                           response_schema={"type": "object", "required": ["n"]})
        self.assertEqual(agent.run("x").value, {"n": 1})


if __name__ == "__main__":
    unittest.main()
