# SPDX-License-Identifier: MIT
"""agents/desk and agents/hello: the folder's walls, the tools, the program."""

import datetime
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "agents/desk"))

import folder  # noqa: E402
import looking  # noqa: E402
import scripted  # noqa: E402
from support import KEY  # noqa: E402


TIMEOUT_S = 60


class DeskCase(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="ferrule-desk-")
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name).resolve() / "files"
        (self.folder / "trip").mkdir(parents=True)
        (self.folder / "phone.txt").write_text("Anna: 1\nBen: 2\n")
        (self.folder / "trip/train.txt").write_text("platform 9\n")
        (self.folder.parent / "secret.txt").write_text("outside")

    def program(self, *words, agent="desk", env=None, **options):
        """The agent as a user starts it."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("FERRULE_MODEL")}
        return subprocess.Popen(
            [sys.executable, "run", ROOT / "agents" / agent, *map(str, words)],
            env={**clean, **(env or {})}, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    def finished(self, process):
        out, said = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out, said

    def serve(self, *replies):
        self.server = scripted.Server(*replies)
        self.addCleanup(self.server.close)
        return {"FERRULE_MODEL_URL": self.server.url, "FERRULE_MODEL": "m",
                "FERRULE_MODEL_KEY": KEY}


class Walls(DeskCase):
    def test_hold(self):
        inside = folder.Folder(self.folder)
        self.addCleanup(inside.close)
        (self.folder / "link").symlink_to(self.folder.parent / "secret.txt")
        (self.folder / "way").symlink_to(self.folder.parent)
        (self.folder / "loop").symlink_to("loop")
        for path, said in (
            ("../secret.txt", "leads out"), ("trip/../../secret.txt", "leads out"),
            ("/etc/passwd", "not inside"), ("~/x", "not inside"), ("link", "symbolic link"),
            ("way/secret.txt", "symbolic link"), ("loop", "symbolic link"),
            ("nothing", "there is no"), ("phone.txt/x", "no folder"), ("a\0b", "no path"),
            ("x/" * 100, "names"), ("x" * 5000, "no path"), ("y" * 300, "File name"),
        ):  # fmt: skip
            with self.subTest(path=path[:20]), self.assertRaisesRegex(ValueError, said):
                os.close(inside.open(path))

    def test_hold_against_a_folder_that_becomes_a_link(self):
        inside = folder.Folder(self.folder)
        self.addCleanup(inside.close)
        process = subprocess.Popen(
            [sys.executable, "-c", "import os, sys\nos.chdir(sys.argv[1])\nwhile True:\n"
             "    os.rename('trip', 'old'); os.symlink('..', 'trip')\n"
             "    os.unlink('trip'); os.rename('old', 'trip')\n", self.folder])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        (self.folder.parent / "train.txt").write_text("outside")
        refused = opened = 0
        until = time.monotonic() + 20
        while (not refused or not opened) and time.monotonic() < until:
            try:
                descriptor = inside.open("trip/train.txt")
            except ValueError:
                refused += 1
                continue
            opened += 1
            self.assertEqual(os.read(descriptor, 99), b"platform 9\n")
            os.close(descriptor)
        self.assertGreater(opened, 0)

    def test_leave_no_descriptor_open(self):
        desk = looking.Desk(self.folder)
        before = len(os.listdir("/proc/self/fd"))
        for call in (lambda: desk.read("nothing/x"), lambda: desk.read("../x"),
                     lambda: desk.search("platform"), lambda: desk.read("trip"),
                     lambda: desk.search("1", "phone.txt"), lambda: desk.read("x" * 300)):
            try:
                call()
            except ValueError:
                pass
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class Looking(DeskCase):
    def setUp(self):
        super().setUp()
        self.desk = looking.Desk(self.folder)

    def test_lists(self):
        names = "[names only: to know what the files say, search or read them]"
        self.assertRegex(self.desk.read("."), r"^phone.txt  15 bytes, changed \d{4}-\d\d-"
                         r"\d\d \d\d:\d\d\ntrip/\n" + re.escape(names))  # fmt: skip
        for number in range(200):
            (self.folder / f"trip/{number:03}").touch()
        self.assertIn("... and 51 more", self.desk.read("trip"))

    def test_tells_beforehand_what_there_is(self):
        (self.folder / ".hidden").touch()
        (self.folder / "closed").mkdir(mode=0)
        self.assertEqual(self.desk.outline(), "phone.txt\ntrip/train.txt")
        for number in range(200):
            (self.folder / f"trip/{number:03}").touch()
        rows = self.desk.outline().splitlines()
        self.assertEqual((len(rows), rows[-1]), (looking.OUTLINE_MAX + 1, "..."))

    def test_reads(self):
        self.assertEqual(self.desk.read("./phone.txt"), "Anna: 1\nBen: 2")
        (self.folder / "long").write_text("\n".join(map(str, range(1000))))
        text = self.desk.read("long", 100)
        self.assertTrue(text.startswith("99\n"))
        self.assertIn("[501 more lines: first_line=500]", text)

    def test_reads_text_only(self):
        (self.folder / "picture").write_bytes(b"\x89PNG\0")
        os.mkfifo(self.folder / "pipe")
        with open(self.folder / "large", "wb") as file:
            file.truncate(1 << 30)
        for path, said in (("picture", "no text"), ("pipe", "no file"),
                           ("large", "too many")):  # fmt: skip
            with self.assertRaisesRegex(ValueError, said):
                self.desk.read(path)

    def test_searches(self):
        (self.folder / ".hidden").write_text("Ben")
        (self.folder / "link").symlink_to(self.folder.parent / "secret.txt")
        phone = "phone.txt, from line 1:\n  Anna: 1\n  Ben: 2"
        self.assertEqual(self.desk.search("ben"), phone)
        self.assertEqual(self.desk.search("PLATFORM", "trip"),
                         "trip/train.txt, from line 1:\n  platform 9")  # fmt: skip
        self.assertEqual(self.desk.search("^[AB].*[0-9]$"), phone)
        self.assertEqual(self.desk.search("ben", "trip"),
                         f"[nothing in 'trip'; in the whole folder:]\n{phone}")  # fmt: skip
        for text in ("outside", "(", "a++", "[", "?!"):
            self.assertIn("nothing in 2 files", self.desk.search(text))

    def test_searches_for_words(self):
        (self.folder / "tickets.txt").write_text("Berlin\n\nIt leaves at 14:36\n")
        (self.folder / "rent.txt").write_text("The landlord: Petrov\nThe rent: 940\n")
        for text, found in (
            ("train leave", "trip/train.txt"), ("when does it leave", "tickets.txt"),
            ("my landlords", "rent.txt"), ("tickets to Berlin", "tickets.txt"),
            ("Ben's number", "phone.txt"),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertIn(f"{found}, from line 1:", self.desk.search(text))
        self.assertEqual(self.desk.search("landlord rent").splitlines()[0],
                         "rent.txt, from line 1:")  # fmt: skip

    def test_finds_rows_with_their_heading(self):
        (self.folder / "a.csv").write_text("name,room\nTom,1\nAnn,2\nZoe,3\n")
        self.assertEqual(self.desk.search("zoe"), "a.csv, from line 1:\n  name,room\n"
                         "a.csv, from line 4:\n  Zoe,3")  # fmt: skip

    def test_finds_what_has_only_a_name(self):
        (self.folder / "holiday.png").write_bytes(b"\x89PNG\0")
        (self.folder / "empty.csv").touch()
        self.assertEqual(self.desk.search("holiday"), "holiday.png: no text")
        self.assertEqual(self.desk.search("empty"), "empty.csv: no text")

    def test_searches_with_bounds(self):
        (self.folder / "long.txt").write_text("word of many\n" * 1000 + "w" * 100_000)
        for text in ("word", "w.*d", "many words"):
            lines = self.desk.search(text).splitlines()
            self.assertLessEqual(len(lines), 41)
            self.assertLess(max(map(len, lines)), 250)

    def test_searches_many_files_with_few_descriptors(self):
        for number in range(1500):
            (self.folder / f"trip/{number}").write_text("x")
        self.assertIn("nothing in 1502 files", self.desk.search("nowhere"))


class Program(DeskCase):
    def test_answers_and_shows_its_calls(self):
        env = self.serve(scripted.calls(("read", {"path": "phone.txt"}),
                                        ("read", {"path": "../secret.txt"}),
                                        ("read", {"file": 1})),
                         scripted.calls(("read", {"path": "./phone.txt"})),
                         scripted.text("Ben has ", "2\x1b[2J."))  # fmt: skip
        talk = self.folder.parent / "talk.jsonl"
        code, out, said = self.finished(self.program(
            self.folder, "Ben's", "number?", "--transcript", talk, env=env))
        self.assertEqual((code, out), (0, "Ben has 2 [2J.\n"), said)
        self.assertRegex(said, r"read +\{\"path\": \"phone.txt\"\} +yes +done")
        self.assertRegex(said, r"secret.txt.* yes +failed")
        self.assertRegex(said, r"\"file\": 1.* no +invalid")
        request = self.server.requests[0]
        self.assertEqual(request["messages"][1]["content"], "Ben's number?")
        self.assertIn("phone.txt", request["messages"][0]["content"])
        for text in (out, said, talk.read_text(), json.dumps(self.server.requests)):
            self.assertNotIn(KEY, text)
            self.assertNotIn("outside", text)

    def test_tells_another_front_end(self):
        env = self.serve(scripted.text("hi"))
        code, out, _ = self.finished(self.program(self.folder, "x", "--json", env=env))
        self.assertEqual(code, 0)
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((rows[0]["kind"], rows[-1]["kind"]), ("asking", "finished"))

    def test_without_a_model_says_what_to_set(self):
        for agent, words in (("desk", (self.folder, "x")), ("hello", ())):
            code, out, said = self.finished(self.program(*words, agent=agent))
            self.assertEqual((code, out), (3, ""))
            self.assertIn("set FERRULE_MODEL_URL and FERRULE_MODEL", said)
            self.assertNotIn("Traceback", said)

    def test_says_what_is_wrong(self):
        down = {"FERRULE_MODEL_URL": "http://127.0.0.1:1", "FERRULE_MODEL": "m"}
        bad = self.folder.parent / "bad"
        bad.write_text("no\n")
        for words, env, code, said in (
            ((self.folder / "no", "x"), down, 2, "No such file"),
            ((self.folder / "phone.txt", "x"), down, 2, "Not a directory"),
            ((self.folder,), down, 2, "required: question"),
            ((self.folder, "x", "--transcript", bad), down, 2, "bad:1:"),
        ):
            found = self.finished(self.program(*words, env=env))
            self.assertEqual(found[:2], (code, ""), found)
            self.assertIn(said, found[2])
            self.assertNotIn("Traceback", found[2])
        env = self.serve(scripted.status(401, {"error": {"message": KEY}}))
        code, _, said = self.finished(self.program(self.folder, "x", env=env))
        self.assertEqual(code, 1)
        self.assertIn("refuses the key", said)
        self.assertNotIn(KEY, said)

    def test_interrupted_keeps_what_was_said(self):
        slow = scripted.stream(*[scripted.chunk(content="word ")] * 500, pause=0.05)
        env = self.serve(slow, scripted.text("whole"))
        talk = self.folder.parent / "talk.jsonl"
        words = (self.folder, "x", "--transcript", talk)
        process = self.program(*words, env=env)
        self.assertEqual(process.stdout.read(10), "word word ")
        process.send_signal(signal.SIGINT)
        code, out, said = self.finished(process)
        self.assertEqual(code, 130, said)
        self.assertIn("interrupted", said)
        self.assertNotIn("Traceback", said)
        last = json.loads(talk.read_text().splitlines()[-1])
        self.assertTrue(last["is_partial"])
        self.assertTrue(last["message"]["content"].startswith("word word "))
        code, out, _ = self.finished(self.program(*words, env=env))
        self.assertEqual((code, out), (0, "whole\n"))

    def test_hello_is_what_the_readme_shows(self):
        shown = (ROOT / "README.md").read_text()
        code = (ROOT / "agents/hello/agent.py").read_text().partition("import datetime")
        self.assertIn(f"```python\n{code[1]}{code[2]}```", shown)

    def test_hello_counts_days(self):
        env = self.serve(scripted.calls(("day_in", {"days": 100})), scripted.text("A day."))
        before = datetime.date.today()
        code, out, said = self.finished(self.program(agent="hello", env=env))
        self.assertEqual((code, out), (0, "A day.\n"), said)
        days = {f"{day + datetime.timedelta(100):%A, %d %B %Y}"
                for day in (before, datetime.date.today())}  # fmt: skip
        self.assertIn(self.server.requests[1]["messages"][-1]["content"], days)


if __name__ == "__main__":
    unittest.main()
