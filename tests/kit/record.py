# SPDX-License-Identifier: MIT
"""record - writes down what the real server of the local model answers.

    python3 tests/kit/record.py

One file data/NAME.http for each request below: head and body as they came. The tests check
the scripted server's shapes against them, and that the kit reads them.
"""

import http.client
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "agents/desk/model"))

import server  # noqa: E402

TOOL = {"type": "function", "function": {
    "name": "weather", "description": "Say what the weather is like in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                   "required": ["city"]}}}  # fmt: skip
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
SAY_HI = [{"role": "user", "content": "Say hi."}]
ASK = [{"role": "user", "content": "What is the weather in Oslo?"}]
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
REQUESTS = {
    "text-stream": {"messages": SAY_HI, **STREAM},
    "text-whole": {"messages": SAY_HI},
    "call-stream": {"messages": ASK, "tools": [TOOL], **STREAM},
    "call-whole": {"messages": ASK, "tools": [TOOL]},
    "schema-stream": {"messages": [{"role": "user", "content": "A number, as JSON."}],
                      "response_format": {"type": "json_schema", "json_schema": {
                          "name": "n", "strict": True, "schema": SCHEMA}}, **STREAM},
    "too-long": {"messages": [{"role": "user", "content": "a b " * 10_000}], **STREAM},
    "bad-request": {"messages": 3},
}  # fmt: skip


def main():
    with server.Running() as running:
        for name, asked in REQUESTS.items():
            save(name, *post(running, running.key, asked))
        save("no-key", *post(running, "wrong", REQUESTS["text-whole"]))


def post(running, key, asked):
    url = urlsplit(running.url)
    body = json.dumps({"model": "m", "temperature": 0, "max_tokens": 40, **asked})
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=1800)
    connection.request("POST", "/v1/chat/completions", body, {
        "Content-Type": "application/json", "Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    return answer.status, answer.getheader("content-type"), answer.read()


def save(name, status, kind, body):
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n\r\n".encode()
    (HERE / "data" / f"{name}.http").write_bytes(head + body)
    print(name, status, len(body), flush=True)


if __name__ == "__main__":
    main()
