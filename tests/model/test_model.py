# SPDX-License-Identifier: MIT
"""The real local model, end to end: its server on loopback, agents inside Ferrule."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TIMEOUT = 7200  # of this file: two cores that others use too
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(ROOT / "agents/desk/model")]

import fetch  # noqa: E402
import server  # noqa: E402
from questions import FILES, PROMPTS, TASKS  # noqa: E402

SENSIBLE, RIGHT = 19, 8  # of 20 and of 10


def setUpModule():
    global RUNNING, FOLDER
    if "FERRULE" not in os.environ:
        raise unittest.SkipTest("no executable: FERRULE is not set (./dev test sets it)")
    if not fetch.is_here():
        if os.environ.get("FERRULE_FETCH_MODEL") != "yes":
            raise unittest.SkipTest(
                f"the model is not in {fetch.cache_folder()}; FERRULE_FETCH_MODEL=yes lets "
                f"the tests fetch it ({fetch.DOWNLOAD_BYTES >> 20:,} MB)"
            )
        try:
            fetch.fetch(lambda text: None)
        except fetch.Unavailable as error:
            raise unittest.SkipTest(f"the model is not to be had: {error}") from None
    RUNNING = server.Running()
    unittest.addModuleCleanup(RUNNING.close)
    folder = tempfile.TemporaryDirectory(prefix="ferrule-model-")
    unittest.addModuleCleanup(folder.cleanup)
    FOLDER = folder.name
    for name, text in FILES.items():
        path = Path(FOLDER) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def ask(mode):
    done = subprocess.run(
        [os.environ["FERRULE"], HERE / "asking.py", mode, FOLDER],
        env=RUNNING.environment(), capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_right(row, answer):
    return any(text in answer["text"] for text in row[1])


class Model(unittest.TestCase):
    def test_calls_are_sensible(self):
        answers = ask("prompts")
        wrong = []
        for (prompt, tool, path), answer in zip(PROMPTS, answers, strict=True):
            calls = answer["calls"]
            if not (len(calls) == 1 and calls[0][0] == tool and calls[0][2]
                    and json.loads(calls[0][1]) == {"path": path}):  # fmt: skip
                wrong.append((prompt, answer))
        print(f"sensible calls: {len(PROMPTS) - len(wrong)} of {len(PROMPTS)}",
              file=sys.stderr)  # fmt: skip
        self.assertGreaterEqual(len(PROMPTS) - len(wrong), SENSIBLE, wrong)

    def test_tasks_end_in_right_answers(self):
        answers = ask("tasks")
        wrong = [(row, a) for row, a in zip(TASKS, answers, strict=True)
                 if not is_right(row, a)]  # fmt: skip
        print(f"right answers: {len(TASKS) - len(wrong)} of {len(TASKS)}, "
              f"wrong: {wrong}", file=sys.stderr)  # fmt: skip
        self.assertGreaterEqual(len(TASKS) - len(wrong), RIGHT, wrong)
        self.assertEqual([a for a in answers if a["stopped"]], [], "all end by themselves")
        self.assertTrue(any(c[2] == "done" for a in answers for c in a["calls"]))

    def test_a_key_is_wanted(self):
        code = "from ferrule import Chat; Chat(key='wrong').ask('x')"
        done = subprocess.run([os.environ["FERRULE"], "-c", code], capture_output=True,
                              env=RUNNING.environment(), text=True)  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("refuses the key", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
