# SPDX-License-Identifier: MIT
"""ToolCache and AgentToolStore against a dictionary."""

import time
import unittest

from parity.profile import examples  # first: skips this file without Hypothesis
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from agent_native_core import AgentToolStore
from ferrule import ToolCache
from parity import payloads
from parity.reference_cache import MISS, ReferenceCache
from parity.reference_json import key, parse

TOOLS = st.sampled_from(["read", "search", "", "日本 tool", "a" * 300])
ARGUMENTS = st.one_of(
    st.sampled_from([{}, [], {"a": 1}, {"a": 1.5}, {"a": "1"}, {"a": [1, 2]}, None]),
    payloads.objects(),
)
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.binary(max_size=40),
    st.sampled_from(["", b"", "x" * 100_000]),
)
FOREVER = 3600.0


class CacheMachine(RuleBasedStateMachine):
    """Any order of calls; each answer must be one that the dictionary allows."""

    max_entries = 1000

    def __init__(self):
        super().__init__()
        self.native = ToolCache(self.max_entries, FOREVER)
        self.reference = ReferenceCache(self.max_entries, FOREVER)

    @rule(tool=TOOLS, args=ARGUMENTS, value=VALUES)
    def set_object(self, tool, args, value):
        self.native.set(tool, args, value)
        self.reference.set(tool, args, value)

    @rule(tool=TOOLS, text=ARGUMENTS.flatmap(payloads.spellings), value=VALUES)
    def set_text(self, tool, text, value):
        self.native.set(tool, text.encode(), value)
        self.reference.set(tool, text, value)

    @rule(tool=TOOLS, args=ARGUMENTS)
    def get_object(self, tool, args):
        allowed = self.reference.allowed(tool, args)
        found = self.native.get(tool, args)
        assert found in allowed, f"{found!r}, allowed {allowed!r}"
        assert ((tool, args) in self.native) in {v is not MISS for v in allowed}

    @rule(tool=TOOLS, text=ARGUMENTS.flatmap(payloads.spellings))
    def get_text(self, tool, text):
        found = self.native.get(tool, text)
        assert found in self.reference.allowed(tool, text)

    @rule(tool=TOOLS, args=ARGUMENTS)
    def get_or_call(self, tool, args):
        allowed = self.reference.allowed(tool, args)
        found = self.native.get_or_call(tool, args, lambda *_: "loaded")
        if found not in allowed - {MISS}:
            assert MISS in allowed and found == "loaded"
            self.reference.set(tool, args, "loaded")

    @rule(tool=TOOLS, args=ARGUMENTS)
    def delete(self, tool, args):
        self.native.delete(tool, args)
        self.reference.delete(tool, args)

    @rule(tool=TOOLS)
    def invalidate(self, tool):
        self.native.invalidate(tool=tool)
        self.reference.invalidate(tool)

    @rule()
    def clear(self):
        self.native.clear()
        self.reference.clear()

    @invariant()
    def bounded(self):
        assert len(self.native) <= self.max_entries
        if not self.reference.evicting:
            assert len(self.native) == len(self.reference.entries)


class CrowdedMachine(CacheMachine):
    """The same with room for three entries: bounds and values, whatever the policy."""

    max_entries = 3


class Machines(unittest.TestCase):
    def test_any_order_of_calls(self):
        run_state_machine_as_test(CacheMachine, settings=examples(60))

    def test_any_order_of_calls_with_room_for_three(self):
        run_state_machine_as_test(CrowdedMachine, settings=examples(60))


class Keys(unittest.TestCase):
    """Equal JSON values are equal keys, and only they."""

    @examples(400)
    @given(
        payloads.values().flatmap(
            lambda value: st.tuples(
                payloads.spellings(value), payloads.spellings(value)
            )
        )
    )
    def test_two_spellings_of_one_value(self, texts):
        first, second = texts
        cache = ToolCache(10, FOREVER)
        cache.set("tool", first, "kept")
        self.assertEqual(cache.get("tool", second.encode()), "kept", texts)
        value = parse(first)
        if not isinstance(value, str):  # a str is JSON text, not a value
            self.assertEqual(cache.get("tool", value), "kept", texts)

    @examples(400)
    @given(payloads.values(4), payloads.values(4))
    def test_different_values_never_meet(self, left, right):
        cache = ToolCache(10, FOREVER)
        cache.set("tool", [left], "left")
        wanted = "left" if key(left) == key(right) else None
        self.assertEqual(cache.get("tool", [right]), wanted)

    def test_neighbours_above_2_to_the_53(self):
        cache = ToolCache(10, FOREVER)
        cache.set("tool", "[9007199254740993]", "odd")
        self.assertIsNone(cache.get("tool", "[9007199254740992]"))

    @examples(200)
    @given(st.sampled_from(["", "{", "{'a':1}", "[1,]", "NaN", '{"a":1,"a":2}', "01"]))
    def test_arguments_that_are_not_json(self, text):
        with self.assertRaises(ValueError):
            ToolCache(10, FOREVER).set("tool", text, "x")


class Time(unittest.TestCase):
    SLACK_S = 0.05  # the clock of the cache may be coarse

    def test_entries_live_as_long_as_they_should(self):
        native = ToolCache(100, 0.4)
        # Set before and after, for time may pass between two sets.
        early, late = (ReferenceCache(100, 0.4, slack=self.SLACK_S) for _ in range(2))

        def allowed(number):
            args = {"n": number}
            return early.allowed("tool", args) | late.allowed("tool", args)

        for number, ttl in enumerate([None, 0.1, 0.2, 0.8, FOREVER]):
            for cache in (early, native, late):
                cache.set("tool", {"n": number}, str(number), ttl=ttl)
        for _ in range(24):
            for number in range(5):
                before = allowed(number)
                found = native.get("tool", {"n": number})
                self.assertIn(found, before | allowed(number))
            time.sleep(0.05)
        self.assertIsNone(native.get("tool", {"n": 3}))
        self.assertEqual(native.get("tool", {"n": 4}), "4")


class Store(unittest.TestCase):
    """agent_native_core.AgentToolStore: the same promises by its older names."""

    @examples(200)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["get", "set"]),
                TOOLS,
                ARGUMENTS.flatmap(payloads.spellings),
                st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            ),
            max_size=30,
        )
    )
    def test_get_and_set(self, steps):
        native = AgentToolStore(1000, 3600)
        reference = ReferenceCache(1000, FOREVER)
        for step, tool, text, value in steps:
            if step == "set":
                native.set(tool, text, value)
                reference.set(tool, text, value)
            else:
                self.assertIn(native.get(tool, text), reference.allowed(tool, text))


if __name__ == "__main__":
    unittest.main()
