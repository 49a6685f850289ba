# SPDX-License-Identifier: MIT
"""agents/replay as a user runs it: table, JSON, picture, and what goes wrong."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from support import replay

from ferrule import SchemaGuard

EXIT_ALL, EXIT_PARTLY, EXIT_NOTHING, EXIT_INTERRUPTED = 0, 1, 2, 130


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def data(self, tools, calls):
        replay.write_tools(self.folder, *tools)
        replay.write_calls(self.folder, *calls)
        return "--data", self.folder


class Sample(unittest.TestCase):
    def test_the_folder_runs_without_options(self):
        done = subprocess.run(
            [sys.executable, "run", replay.FOLDER],
            capture_output=True,
            text=True,
            timeout=replay.TIMEOUT_S,
        )
        self.assertEqual(done.returncode, EXIT_ALL, done.stderr)
        self.assertNotIn("replay: ", done.stderr)
        for words in ("valid", "invalid", "hit rate", "saved by cache", "p50", "p99"):
            self.assertIn(words, done.stdout)

    def test_counts_are_those_of_the_log(self):
        lines = (replay.SAMPLE / "calls.jsonl").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        wrong = [r for r in records if r.get("error") == "invalid arguments"]
        told = replay.summary()
        self.assertGreaterEqual(len(records), 200)
        self.assertEqual(told["calls"], len(records))
        self.assertEqual(told["invalid"], len(wrong))
        self.assertEqual(told["valid"], len(records) - len(wrong))
        self.assertEqual(told["input"]["tools"], 12)
        self.assertEqual(len(told["reasons"]), 5)
        self.assertEqual(told["problems"], [])

    def test_models_make_every_kind_of_mistake(self):
        tools = json.loads((replay.SAMPLE / "tools.json").read_text(encoding="utf-8"))
        guards = {tool["name"]: SchemaGuard(tool["parameters"]) for tool in tools}
        keywords = set()
        for line in (replay.SAMPLE / "calls.jsonl").open(encoding="utf-8"):
            record = json.loads(line)
            payload = record["arguments"]
            if not isinstance(payload, str):
                errors = guards[record["tool"]].errors(json.dumps(payload))
                keywords |= {error.keyword for error in errors}
        self.assertLessEqual(
            {"required", "type", "enum", "additionalProperties", "pattern", "format"},
            keywords,
        )
        self.assertTrue(keywords & {"minimum", "maximum"})

    def test_every_call_is_accounted_for(self):
        told = replay.summary("--clients", "32")
        cache = told["cache"]
        self.assertEqual(
            cache["hits"] + cache["joined"] + cache["misses"], cache["asked"]
        )
        self.assertEqual(
            cache["asked"] + cache["uncached"] + told["invalid"], told["calls"]
        )

    def test_the_sample_is_what_its_script_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            for file in replay.SAMPLE.glob("*.py"):
                (Path(folder) / file.name).write_bytes(file.read_bytes())
            subprocess.run(
                [sys.executable, Path(folder) / "make_sample.py"],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            made = (Path(folder) / "calls.jsonl").read_bytes()
        self.assertEqual(made, (replay.SAMPLE / "calls.jsonl").read_bytes())

    def test_help(self):
        done = replay.run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--trace OUT.svg", done.stdout)


class Answers(Folder):
    """One client: the sources of the answers follow from the log alone."""

    def sources(self, *calls, tools=None, options=()):
        data = self.data(tools or [replay.tool()], calls)
        told = replay.summary(*data, "--clients", "1", *options)
        return told["cache"], told

    def test_a_repeat_is_a_hit_however_it_is_spelled(self):
        cache, told = self.sources(
            replay.call('{"city": "Oslo"}', latency_ms=40),
            replay.call({"city": "Oslo"}, latency_ms=60),
            replay.call('{ "city":"\\u004fslo" }', latency_ms=80),
        )
        self.assertEqual((cache["misses"], cache["hits"]), (1, 2))
        self.assertEqual(cache["hit_rate"], 0.6667)
        self.assertEqual(told["tool_time_s"]["recorded"], 0.18)
        self.assertEqual(told["tool_time_s"]["saved_by_cache"], 0.14)

    def test_results_age_by_the_times_of_the_log(self):
        cache, _ = self.sources(
            *(replay.call({"city": "Oslo"}, at=at) for at in (0, 299, 300, 599, 900))
        )
        self.assertEqual((cache["hits"], cache["aged"], cache["misses"]), (2, 2, 3))

    def test_a_failed_call_is_not_kept(self):
        cache, _ = self.sources(
            replay.call({"city": "Oslo"}, error="timed out"),
            replay.call({"city": "Oslo"}),
            replay.call({"city": "Oslo"}),
        )
        self.assertEqual((cache["misses"], cache["hits"]), (2, 1))

    def test_a_failure_reaches_all_who_waited_for_it(self):
        call = replay.call({"city": "Oslo"}, error="timed out", latency_ms=300)
        data = self.data([replay.tool()], [call] * 4)
        told = replay.summary(*data, "--clients", "4", "--speed", "1")
        self.assertEqual(told["problems"], [])
        self.assertEqual(told["cache"]["hits"], 0)
        self.assertEqual(told["cache"]["joined"] + told["cache"]["misses"], 4)

    def test_a_tool_that_changes_things_always_runs(self):
        mail = replay.tool(annotations={"readOnlyHint": False})
        cache, told = self.sources(*[replay.call({"city": "Oslo"})] * 3, tools=[mail])
        self.assertEqual((cache["uncached"], cache["asked"]), (3, 0))
        self.assertIsNone(cache["hit_rate"])

    def test_invalid_calls_never_reach_the_cache(self):
        cache, told = self.sources(*[replay.call({"town": "Oslo"}, latency_ms=5)] * 2)
        self.assertEqual((told["invalid"], cache["asked"]), (2, 0))
        self.assertEqual(told["reasons"][0]["calls"], 2)
        self.assertEqual(told["tool_time_s"]["saved_by_guard"], 0.01)

    def test_calls_at_once_share_one_run_of_the_tool(self):
        data = self.data(
            [replay.tool()], [replay.call({"city": "Oslo"}, latency_ms=500)] * 8
        )
        cache = replay.summary(*data, "--clients", "8", "--speed", "1")["cache"]
        self.assertEqual(cache["misses"], 1)
        self.assertEqual(cache["hits"] + cache["joined"], 7)

    def test_a_log_without_latencies(self):
        cache, told = self.sources({"tool": "weather", "arguments": {"city": "Oslo"}})
        self.assertEqual(told["tool_time_s"]["calls_without_latency"], 1)


class BadInput(Folder):
    def test_bad_lines_are_told_and_the_rest_is_replayed(self):
        data = self.data(
            [replay.tool()],
            [
                replay.call({"city": "Oslo"}),
                "{nonsense",
                replay.call({}, name="wether"),
                {"tool": "weather"},
                replay.call({"city": "Oslo"}),
            ],
        )
        done = replay.run(*data)
        self.assertEqual(done.returncode, EXIT_PARTLY)
        for line, words in [
            (2, "not JSON"),
            (3, 'did you mean "weather"?'),
            (4, "has no arguments"),
        ]:
            self.assertRegex(
                done.stderr, rf"calls\.jsonl:{line}: .*{words}".replace("?", r"\?")
            )
        self.assertRegex(done.stdout, r"calls +2 ")
        problems = replay.summary(*data)["problems"]
        self.assertEqual([problem["line"] for problem in problems], [2, 3, 4])

    def test_many_bad_lines_are_counted(self):
        data = self.data([replay.tool()], [replay.call({"city": "Oslo"}), *["{"] * 50])
        done = replay.run(*data)
        self.assertIn("and 40 more", done.stderr)
        self.assertEqual(len(replay.summary(*data)["problems"]), 50)

    def test_a_bad_schema_costs_only_its_tool(self):
        bad = {"name": "map", "parameters": {"type": "object", "properties": 7}}
        data = self.data(
            [replay.tool(), bad],
            [replay.call({"city": "Oslo"}), replay.call({}, name="map")],
        )
        done = replay.run(*data)
        self.assertEqual(done.returncode, EXIT_PARTLY)
        self.assertRegex(done.stderr, r'tools\.json:1: tool "map" has a bad schema: ')
        self.assertIn("(1 call to it is left out)", done.stderr)

    def test_nothing_to_replay(self):
        for tools, calls, words in [
            ([replay.tool()], ["{"], "calls.jsonl:1: not JSON"),
            ([replay.tool()], [""], "calls.jsonl:1: the log of calls is empty"),
            ([{"name": "x"}], [replay.call({})], 'tool "x" has no parameters'),
        ]:
            with self.subTest(words=words):
                done = replay.run(*self.data(tools, calls))
                self.assertEqual((done.returncode, done.stdout), (EXIT_NOTHING, ""))
                self.assertIn(words, done.stderr)
                self.assertNotIn("Traceback", done.stderr)

    def test_a_missing_file_or_folder(self):
        done = replay.run("--calls", self.folder / "none.jsonl")
        self.assertEqual(done.returncode, EXIT_NOTHING)
        self.assertIn("none.jsonl: no such file", done.stderr)
        done = replay.run("--tools", self.folder)
        self.assertIn("is a folder, not a file", done.stderr)

    def test_bad_options(self):
        for options in (
            ["--clients", "0"],
            ["--clients", "x"],
            ["--speed", "-1"],
            ["--ttl", "nan"],
            ["--max-entries", "1e3"],
            ["--nonsense"],
        ):
            with self.subTest(options=options):
                done = replay.run(*options)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("usage:", done.stderr)


class Picture(Folder):
    SVG = "{http://www.w3.org/2000/svg}"

    def draw(self, *options):
        file = self.folder / "out.svg"
        done = replay.run("--trace", file, *options)
        self.assertEqual(done.returncode, EXIT_ALL, done.stderr)
        return ElementTree.parse(file).getroot()

    def test_has_title_axes_units_and_legend(self):
        words = [text.text for text in self.draw().iter(f"{self.SVG}text")]
        for wanted in (
            "tool calls were answered from the cache",
            "answered from the cache:",
            "stopped by the guard:",
            "100 %",
            "since the replay began",
        ):
            self.assertTrue(any(wanted in text for text in words), (wanted, words))

    def test_nothing_is_drawn_outside(self):
        root = self.draw()
        width, height = float(root.get("width")), float(root.get("height"))
        for shape in root.iter(f"{self.SVG}rect"):
            right = float(shape.get("x", 0)) + float(shape.get("width"))
            bottom = float(shape.get("y", 0)) + float(shape.get("height"))
            self.assertTrue(right <= width and bottom <= height, shape.attrib)

    def test_columns_add_up_to_the_calls(self):
        tips = [
            tip.text
            for tip in self.draw().findall(f".//{self.SVG}rect/{self.SVG}title")
        ]
        drawn = sum(int(tip.split()[0].replace(",", "")) for tip in tips)
        self.assertEqual(drawn, replay.summary()["calls"])

    def test_one_call_and_names_with_markup(self):
        data = self.data([replay.tool("<&>")], [replay.call({"city": "x"}, name="<&>")])
        self.draw(*data)

    def test_a_path_that_cannot_be_written_is_told_before_the_replay(self):
        done = replay.run("--trace", self.folder / "no" / "such" / "out.svg")
        self.assertEqual((done.returncode, done.stdout), (EXIT_NOTHING, ""))
        self.assertIn("out.svg: can't be written: ", done.stderr)


class Ends(Folder):
    def start(self, *options, **keywords):
        process = subprocess.Popen(
            [sys.executable, replay.FOLDER / "agent.py", *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **keywords,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_interrupted_it_tells_what_it_has(self):
        calls = [replay.call({"city": str(n)}, latency_ms=20) for n in range(2000)]
        process = self.start(
            *self.data([replay.tool()], calls),
            "--speed",
            "1",
            "--clients",
            "1",
            "--json",
        )
        # Progress lines come every two seconds: the first one says it is under way.
        self.assertIn("of 2,000 calls", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        told = json.loads(process.communicate(timeout=replay.TIMEOUT_S)[0])
        self.assertEqual(process.returncode, EXIT_INTERRUPTED)
        self.assertTrue(told["interrupted"])
        self.assertTrue(0 < told["calls"] < 2000)

    def test_a_reader_that_goes_away_early(self):
        process = self.start()
        process.stdout.close()
        self.assertNotIn("Traceback", process.stderr.read())

    def test_progress_on_a_terminal_is_one_line(self):
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        calls = [replay.call({"city": str(n)}, latency_ms=100) for n in range(30)]
        done = subprocess.run(
            [
                sys.executable,
                replay.FOLDER / "agent.py",
                "--speed",
                "1",
                "--clients",
                "4",
                *map(str, self.data([replay.tool()], calls)),
            ],
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=replay.TIMEOUT_S,
        )
        os.close(theirs)
        self.assertEqual(done.returncode, EXIT_ALL)
        drawn = os.read(ours, 65536).decode()
        self.assertIn("of 30 calls", drawn)
        self.assertNotIn("\n", drawn)


if __name__ == "__main__":
    unittest.main()
