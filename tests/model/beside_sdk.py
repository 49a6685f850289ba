# SPDX-License-Identifier: MIT
"""beside_sdk - run by Ferrule, the openai SDK in the folder `vendor` beside it: asks the
model of the environment the same by the SDK, streamed and whole, and by the kit, and
prints what each understood as a JSON line: [text, calls, tokens]."""

import json
import os

import openai

from ferrule import Chat, tool

QUESTIONS = ("Say hello to Anna.", "What is the weather like in Bergen?")
SETTINGS = {"temperature": 0, "max_tokens": 60}


@tool
def weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return f"rain in {city}"


def main():
    client = openai.OpenAI(base_url=os.environ["FERRULE_MODEL_URL"], max_retries=0,
                           api_key=os.environ["FERRULE_MODEL_KEY"], timeout=900)
    for question in QUESTIONS:
        asked = {
            "model": os.environ["FERRULE_MODEL"], "tools": [weather.definition],
            "messages": [{"role": "user", "content": question}], **SETTINGS,
        }  # fmt: skip
        print(json.dumps([whole(client, asked), streamed(client, asked), ours(question)]))


def whole(client, asked):
    answer = client.chat.completions.create(**asked)
    message = answer.choices[0].message
    calls = [[c.function.name, json.loads(c.function.arguments)]
             for c in message.tool_calls or ()]  # fmt: skip
    return [message.content or "", calls, answer.usage.total_tokens]


def streamed(client, asked):
    text, calls, usage = "", {}, None
    for chunk in client.chat.completions.create(
        stream=True, stream_options={"include_usage": True}, **asked
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                row = calls.setdefault(part.index, ["", ""])
                row[0] += part.function.name or ""
                row[1] += part.function.arguments or ""
    found = [[name, json.loads(arguments)] for name, arguments in calls.values()]
    return [text, found, usage.total_tokens]


def ours(question):
    answer = Chat(timeout=900, **SETTINGS).ask(question, tools=[weather])
    calls = [[c.name, json.loads(c.arguments)] for c in answer.calls]
    return [answer.text, calls, answer.usage.total]


if __name__ == "__main__":
    main()
