# SPDX-License-Identifier: MIT
"""The kit beside others: schemas as pydantic and the openai SDK make them, and the SDK
itself, from a vendor folder inside Ferrule, against the same scripted server."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import scripted
from support import ChatCase
from wheels import FOLDER, fetch

HINTS = """
import dataclasses, datetime, decimal, enum, pathlib, uuid
from typing import *
import pydantic

class Color(enum.Enum):
    RED, BLUE = "r", "b"

class One(enum.IntEnum):
    ONE = 1

class Place(TypedDict):
    city: str
    country: NotRequired[str]

@dataclasses.dataclass
class Trip:
    to: Place
    days: int = 1

@dataclasses.dataclass
class Tree:
    name: str
    inner: "list[Tree]" = dataclasses.field(default_factory=list)

class Pair(NamedTuple):
    x: int
    y: int = 0

class Model(pydantic.BaseModel):
    n: int = pydantic.Field(ge=1)

HINTS = [
    str, int, float, bool, None, Any, bytes, list, list[int], set[str], frozenset[int],
    dict, dict[str, int], dict[str, Any], dict[Color, int], tuple[int, ...],
    tuple[int, str], Sequence[int], Iterable[str], Mapping[str, int], int | None,
    Optional[str], Union[int, str, None], Literal["a"], Literal["a", "b"], Literal[1, "a"],
    Color, One, Place, Trip, Tree, Pair, Model, list[Trip], Annotated[int, pydantic.Field(
        ge=1, lt=9, multiple_of=2, description="d")],
    Annotated[str, pydantic.Field(min_length=1, max_length=5, pattern="^a")],
    Annotated[list[int], pydantic.Field(max_length=3)],
    datetime.datetime, datetime.date, datetime.time, uuid.UUID, decimal.Decimal,
    pathlib.Path, NewType("Metres", float),
]
"""
COMPARE = HINTS + """
import json, sys
import openai
from ferrule import tool
NAMES = ("hint", "ours", "pydantic's", "openai's")

def function(hint):
    def asked(value, other="x"):
        pass
    asked.__annotations__.update(value=hint, other=str)
    return asked

for hint in HINTS:
    made = function(hint)
    model = pydantic.create_model("asked", value=(hint, ...), other=(str, "x"))
    row = (repr(hint), tool(made).schema, pydantic.TypeAdapter(made).json_schema(),
           openai.pydantic_function_tool(model)["function"]["parameters"])
    print(json.dumps(dict(zip(NAMES, row))))
"""
# What differs from pydantic's on purpose: hint -> (ours, theirs) of the value.
DIFFERENT = {
    # No format says anything about any text.
    "<class 'bytes'>": ({"type": "string"}, {"type": "string", "format": "binary"}),
    "<class 'pathlib._local.Path'>": (
        {"type": "string"}, {"type": "string", "format": "path"}),
    # A number would be rounded to a float on the way.
    "<class 'decimal.Decimal'>": (
        {"type": "string"}, {"anyOf": [{"type": "number"}, {"type": "string"}]}),
    # Names help a model more than places.
    "<class '__main__.Pair'>": (
        {"type": "object", "required": ["x"], "properties": {
            "x": {"type": "integer"}, "y": {"type": "integer", "default": 0}}},
        {"type": "array", "minItems": 1, "maxItems": 2, "prefixItems": [
            {"type": "integer"}, {"type": "integer", "default": 0}]}),
}  # fmt: skip
SDK = """
import json, sys
import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
ask = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
try:
    text, calls, usage = "", {}, None
    for chunk in client.chat.completions.create(
            stream=True, stream_options={"include_usage": True}, **ask):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                row = calls.setdefault(part.index, ["", ""])
                row[0] += part.function.name or ""
                row[1] += part.function.arguments or ""
    print(json.dumps([text, list(calls.values()),
                      usage and [usage.prompt_tokens, usage.completion_tokens]]))
except openai.APIStatusError as error:
    print(json.dumps(["status", error.status_code]))
except openai.APIError as error:
    print(json.dumps(["error", str(error)]))
"""


def plain(schema, definitions=None):
    """Without what only pydantic writes and what is said once: titles, "$ref"s that are
    not inside themselves, `true` where nothing says the same, and closed records."""
    if isinstance(schema, list):
        return [plain(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if definitions is None:
        definitions = schema.get("$defs", {})
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if name in definitions:
        rest = {k: v for k, v in definitions.items() if k != name}
        beside = {k: v for k, v in schema.items() if k != "$ref"}
        return {**plain(definitions[name], rest), **plain(beside, rest)}
    return {
        key: {n: plain(v, definitions) for n, v in value.items()}
        if key == "properties" else plain(value, definitions)
        for key, value in schema.items()
        if key not in ("title", "$defs")
        and not (key == "additionalProperties" and value in (True, False))
    }  # fmt: skip


class SdkCase(ChatCase):
    @classmethod
    def setUpClass(cls):
        reason = fetch()
        if reason:
            raise unittest.SkipTest(reason)

    def program(self, code, *words):
        """What a script prints that finds the packages in its vendor folder."""
        with tempfile.TemporaryDirectory(prefix="ferrule-kit-") as name:
            (Path(name) / "vendor").symlink_to(FOLDER / "vendor")
            (Path(name) / "agent.py").write_text(code)
            done = subprocess.run([sys.executable, Path(name) / "agent.py", *words],
                                  capture_output=True, text=True)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]


class Schemas(SdkCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls().program(COMPARE)

    def test_are_those_of_pydantic(self):
        met = set()
        for row in self.rows:
            ours, theirs = (plain(row[k])["properties"]["value"]
                            for k in ("ours", "pydantic's"))  # fmt: skip
            with self.subTest(row["hint"]):
                met.add(row["hint"])
                if row["hint"] in DIFFERENT:
                    self.assertEqual((ours, theirs), DIFFERENT[row["hint"]])
                else:
                    self.assertEqual(ours, theirs)
                self.assertEqual(row["ours"]["required"], row["pydantic's"]["required"])
                self.assertIs(row["pydantic's"]["additionalProperties"], False)
                self.assertIs(row["ours"]["additionalProperties"], False)
        self.assertEqual(set(DIFFERENT) - met, set())

    def test_are_those_of_the_openai_sdk(self):
        """But for "strict": there everything is required, and defaults stay as notes."""
        for row in self.rows:
            if row["hint"] in DIFFERENT:
                continue
            ours, theirs = plain(row["ours"]), plain(row["openai's"])
            with self.subTest(row["hint"]):
                self.assertEqual(set(ours["properties"]), set(theirs["properties"]))
                self.assertEqual(theirs["required"], ["value", "other"])
                for schema in (ours, theirs):
                    _drop_required(schema)
                self.assertEqual(ours, theirs)


def _drop_required(schema):
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            part.pop("required", None)
            todo += part.values()
        elif isinstance(part, list):
            todo += part


class Clients(SdkCase):
    def test_understand_the_same(self):
        rows = [("weather", {"city": "Oslo"}), ("weather", {"city": "R\u00f8ros"})]
        for reply in (
            scripted.text("Hel", "lo \u2603"), scripted.calls(*rows),
            scripted.calls(*rows, said="Let me look."), scripted.text("x", done=False),
            scripted.text("a", chunked=False), scripted.stream(scripted.chunk("stop")),
        ):  # fmt: skip
            chat = self.chat(reply, reply)
            theirs = self.program(SDK, self.server.url)[0]
            answer = chat.ask("x")
            usage = answer.usage
            ours = [answer.text, [[c.name, c.arguments] for c in answer.calls],
                    None if usage.is_estimate else [usage.input, usage.output]]
            self.assertEqual(ours, theirs)
            asked = [{k: r[k] for k in ("model", "messages", "stream", "stream_options")}
                     for r in self.server.requests]  # fmt: skip
            self.assertEqual(*asked)

    def test_fail_on_the_same(self):
        for reply, expected in (
            (scripted.status(401, {"error": {"message": "no"}}), ["status", 401]),
            (scripted.status(503), ["status", 503]),
            (scripted.stream({"error": {"message": "broken"}}), ["error", "broken"]),
        ):
            self.assertEqual(self.program(SDK, self.serve(reply).url)[0], expected)
            error = self.failure(reply, retries=0)
            self.assertIn(str(expected[1]) if expected[0] == "error" else "",
                          str(error))  # fmt: skip
            if expected[0] == "status":
                self.assertEqual(error.status, expected[1])


if __name__ == "__main__":
    unittest.main()
