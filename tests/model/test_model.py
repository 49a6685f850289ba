# SPDX-License-Identifier: MIT
"""The real local model, end to end: its server on loopback, agents inside Ferrule."""

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TIMEOUT = 7200  # of this file: two cores that others use too
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(ROOT / "agents/desk/model"), str(ROOT / "tests/support")]

import fetch  # noqa: E402
import server  # noqa: E402
import wheels  # noqa: E402
from folders import FOLDERS, QUESTIONS  # noqa: E402
from questions import FILES, PROMPTS, TASKS  # noqa: E402

SENSIBLE, RIGHT = 19, 8  # of 20 and of 10
DESK_RIGHT = 20  # of the 24 questions of the desk
HELLOS = 10  # runs of hello, all of them right


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
    for top, files in {"": FILES, **FOLDERS}.items():
        for name, text in files.items():
            path = Path(FOLDER) / top / name
            path.parent.mkdir(parents=True, exist_ok=True)
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
    said = answer["text"].lower()
    return any(text.lower() in said for text in row[-1])


def run(agent, *words):
    """An agent as a person runs it: (stdout, stderr)."""
    done = subprocess.run(
        [os.environ["FERRULE"], "run", ROOT / "agents" / agent, *words],
        env=RUNNING.environment(), capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def ask_desk(folder, question):
    """The desk's Result, as plain JSON."""
    out, _ = run("desk", Path(FOLDER) / folder, question, "--json")
    return json.loads(out.splitlines()[-1])["result"]


class Model(unittest.TestCase):
    def test_calls_are_sensible(self):
        answers = ask("prompts")
        wrong = []
        for (prompt, tool, path), answer in zip(PROMPTS, answers, strict=True):
            calls = answer["calls"]
            if not (len(calls) == 1 and calls[0][0] == tool and calls[0][2]
                    and json.loads(calls[0][1]) == {"path": path}):  # fmt: skip
                wrong.append((prompt, answer))
        print(f"sensible calls: {len(PROMPTS) - len(wrong)} of {len(PROMPTS)}, "
              f"others: {wrong}", file=sys.stderr)  # fmt: skip
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

    def test_the_desk_looks_and_is_right(self):
        wrong, idle = [], []
        for folder, question, right in QUESTIONS:
            result = ask_desk(folder, question)
            if not is_right((right,), result):
                wrong.append((question, result["text"]))
            if not result["calls"]:
                idle.append(question)
        print(f"the desk: {len(QUESTIONS) - len(wrong)} of {len(QUESTIONS)} right, "
              f"{len(QUESTIONS) - len(idle)} with tools, wrong: {wrong}",
              file=sys.stderr)  # fmt: skip
        self.assertEqual(idle, [], "answered from the head")
        self.assertGreaterEqual(len(QUESTIONS) - len(wrong), DESK_RIGHT)

    def test_the_desk_can_be_greeted(self):
        for greeting in ("Hello, how are you?", "Thank you!"):
            result = ask_desk("notes", greeting)
            self.assertTrue(result["text"].strip())
            self.assertIsNone(result["stopped"])

    def test_the_desk_shows_its_calls(self):
        out, said = run("desk", Path(FOLDER) / "notes", "When does my train leave?")
        self.assertIn("14:36", out)
        self.assertRegex(said, r"(?m)^(search|read) .* yes +done")

    def test_hello_asks_its_tool(self):
        wrong = []
        for _ in range(HELLOS):
            before = datetime.date.today()
            out, _ = run("hello")
            days = {f"{day + datetime.timedelta(100):%A}"
                    for day in (before, datetime.date.today())}  # fmt: skip
            if not any(day in out for day in days):
                wrong.append(out)
        print(f"hello: {HELLOS - len(wrong)} of {HELLOS} right", file=sys.stderr)
        self.assertEqual(wrong, [])

    def test_is_understood_as_the_openai_sdk_does(self):
        reason = wheels.fetch()
        if reason:
            self.skipTest(reason)
        with tempfile.TemporaryDirectory(prefix="ferrule-sdk-") as name:
            (Path(name) / "vendor").symlink_to(wheels.FOLDER / "vendor")
            shutil.copy(HERE / "beside_sdk.py", name)
            done = subprocess.run(
                [os.environ["FERRULE"], Path(name) / "beside_sdk.py"],
                env=RUNNING.environment(), capture_output=True, text=True)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(rows), 2)
        for whole, streamed, ours in rows:
            self.assertEqual(ours, streamed)
            self.assertEqual(ours[1:], whole[1:])
        self.assertEqual(rows[1][2][1], [["weather", {"city": "Bergen"}]])

    def test_a_key_is_wanted(self):
        code = "from ferrule import Chat; Chat(key='wrong').ask('x')"
        done = subprocess.run([os.environ["FERRULE"], "-c", code], capture_output=True,
                              env=RUNNING.environment(), text=True)  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("refuses the key", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
