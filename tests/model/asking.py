# SPDX-License-Identifier: MIT
"""asking - run by Ferrule: asks the model of the environment, and prints what came of it
as JSON lines.

    ferrule asking.py prompts|tasks|strict FOLDER
"""

import json
import os
import sys

from questions import PROMPTS, TASKS

from ferrule import Agent, Budget, Chat, tool

FOLDER = sys.argv[2]


@tool
def list_files(path: str) -> list[str]:
    """List the files in a folder.

    path: the folder
    """
    return sorted(os.listdir(os.path.join(FOLDER, path)))


@tool
def read_file(path: str) -> str:
    """Read the text of a file.

    path: the file
    """
    with open(os.path.join(FOLDER, path)) as file:
        return file.read()


def main():
    chat = Chat(temperature=0, max_tokens=200, timeout=900)
    tools = [list_files, read_file]
    mode = sys.argv[1]
    for row in PROMPTS if mode == "prompts" else TASKS:
        if mode == "prompts":
            answer = chat.ask(row[0], tools=tools)
            known = {made.name: made.guard for made in tools}
            found = [
                [c.name, c.arguments, c.name in known
                 and known[c.name].is_valid(c.arguments)] for c in answer.calls
            ]  # fmt: skip
            said = {"text": answer.text, "calls": found}
        else:
            agent = Agent(chat, tools, budget=Budget(turns=6), strict=mode == "strict")
            result = agent.run(row[0])
            said = {"text": result.text, "stopped": result.stopped,
                    "calls": [[c.name, c.arguments, c.outcome] for c in result.calls]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
