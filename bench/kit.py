# SPDX-License-Identifier: MIT
"""The agent kit: its import, process start to the first byte of a request, a turn's cost.

Stands for what a person waits for, besides the model, when an agent is started from the
desktop. Controls in the same run: the same start with a stock CPython and the `openai`
SDK, compiled beforehand; `-c pass`; and for the loop the model's stream without it.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import measure
import peers
import stock

ROUNDS = 25
OPENAI = [
    "openai==3.54.0", "pydantic==2.14.3", "pydantic-core==2.50.4", "httpx==0.28.1",
    "httpx2==2.16.2", "httpcore==1.0.9", "httpcore2==2.16.2", "h11==0.16.0",
    "anyio==4.16.0", "sniffio==1.3.1", "idna==3.20", "certifi==2026.10.18",
    "truststore==0.10.5", "jiter==0.19.0", "annotated-types==0.8.0",
    "typing-extensions==4.16.0", "typing-inspection==0.4.5",
]  # fmt: skip
IMPORT_MUST, START_MUST, TURN_MUST = 15, 40, 300  # ms, ms, us

AGENT = """
import sys
from ferrule import Agent, Chat, tool

@tool
def weather(city: str, unit: str = "C") -> str:
    '''Say what the weather is like.'''
    return "rain"

print(Agent(Chat(sys.argv[1], "m", ""), [weather]).run("Do I need an umbrella?").text)
"""
SDK = """
import sys
import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="none")
tools = [{"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}]
for chunk in client.chat.completions.create(model="m", stream=True, tools=tools,
        messages=[{"role": "user", "content": "Do I need an umbrella?"}]):
    print(chunk.choices[0].delta.content or "", end="")
"""
LOOP = """
import statistics, time
from ferrule import Agent, Budget, ToolCache, tool
from ferrule.kit.answer import Answer, Call, Usage
from ferrule.kit.events import Text

TURNS = 400

class Stream:
    def __init__(self, answer):
        self.answer, self._pieces = answer, iter([Text("a"), Text("b")])
    def __iter__(self):
        return self._pieces
    def partial(self):
        return self.answer
    def close(self):
        pass

class Canned:
    '''A model that takes no time: a call in each turn.'''
    def stream(self, messages, **options):
        number = len(messages)
        return Stream(Answer("", "", [Call(f"c{number}", "add", '{"a": %d, "b": 2}' % number)],
                             Usage(10, 5), "tool_calls"))

@tool(timeout=LIMIT)
def add(a: int, b: int) -> int:
    return a + b

def turn_us(turns):
    agent = Agent(Canned(), [add], budget=Budget(turns=turns), cache=ToolCache())
    started = time.perf_counter()
    result = agent.run("x")
    seconds = time.perf_counter() - started
    assert result.turns == turns and len(result.calls) == turns
    return seconds / turns * 1e6

turn_us(20)
print(statistics.median(turn_us(20) for _ in range(30)))
"""


class Listener:
    """Answers requests; first_byte() is when the first byte of the next one came."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self._came = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                 "choices": [{"index": 0, "delta": {"content": "yes"},
                              "finish_reason": "stop"}]}  # fmt: skip
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        head = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))  # fmt: skip
        while True:
            sock, _ = self._socket.accept()
            data = sock.recv(1)
            self._came = time.perf_counter()
            while data and not data.endswith(b"}"):
                data = sock.recv(65536)
            sock.sendall(head + body)
            sock.close()

    def seconds(self, command, environment):
        """From spawn to the first byte."""
        self._came = None
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        if self._came is None or done.stdout.strip() != b"yes":
            sys.exit(f"bench: {command[0]} asked nothing")
        return self._came - started


def import_ms():
    flags = [measure.FERRULE, "-c"]
    commands = {"from ferrule import tool, Agent, Chat":
                [*flags, "from ferrule import tool, Agent, Chat"],
                "pass": [*flags, "pass"]}  # fmt: skip
    samples = measure.interleave(commands, ROUNDS)
    measure.print_times(samples, "pass")
    middle = [statistics.median(values) for values in samples.values()]
    return (middle[0] - middle[1]) * 1e3


def start_ms(folder):
    """Median time to the first byte, with the SDK's in the same rounds."""
    packages = peers.fetch(OPENAI, peers.INSIDE)
    (folder / "agent.py").write_text(AGENT)
    (folder / "sdk.py").write_text(SDK)
    listener = Listener()
    python = {**os.environ, "PYTHONPATH": str(packages)}
    commands = {
        "ferrule, agent with a tool": ([measure.FERRULE, folder / "agent.py"], os.environ),
        "stock CPython 3.13, openai": ([stock.interpreter(), folder / "sdk.py"], python),
    }
    samples = {name: [] for name in commands}
    for number in range(ROUNDS + 1):
        for name, (command, environment) in commands.items():
            seconds = listener.seconds([*map(str, command), listener.url], environment)
            if number:  # the first run compiles
                samples[name].append(seconds)
    measure.print_times(samples, "stock CPython 3.13, openai")
    return statistics.median(samples["ferrule, agent with a tool"]) * 1e3


def turn_us(folder, limit):
    script = folder / "loop.py"
    script.write_text(LOOP.replace("LIMIT", limit))
    done = subprocess.run([measure.FERRULE, script], stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def main():
    print(measure.machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        imported = import_ms()
        started = start_ms(folder)
        turn, inline = turn_us(folder, "60"), turn_us(folder, "None")
    print(f"a turn with one call: {turn:.0f} us; without a time limit, and so without a "
          f"thread: {inline:.0f} us")  # fmt: skip
    measure.verdict("import of the kit over -c pass", imported, IMPORT_MUST, IMPORT_MUST,
                    " ms")  # fmt: skip
    measure.verdict("start to first byte of the request", started, START_MUST, START_MUST,
                    " ms")  # fmt: skip
    measure.verdict("the loop, a turn without the model", turn, TURN_MUST, TURN_MUST, " us")


if __name__ == "__main__":
    main()
