# SPDX-License-Identifier: MIT
"""agents/replay/bfcl maps BFCL's dialect; its 3,302 calls get the known verdicts."""

import importlib.util
import json
import os
import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

from support import replay

from ferrule import SchemaGuard

BFCL = replay.FOLDER / "bfcl"
PYTHON = "python3"  # the system's: the data are prepared before there is a Ferrule


def load(name):
    spec = importlib.util.spec_from_file_location(f"bfcl_{name}", BFCL / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mapping, stream, fetch = load("mapping"), load("stream"), load("fetch")


class Schema(unittest.TestCase):
    def test_types_of_three_languages(self):
        for theirs, ours in [
            ("dict", "object"),
            ("HashMap", "object"),
            ("float", "number"),
            ("double", "number"),
            ("long", "integer"),
            ("tuple", "array"),
            ("ArrayList", "array"),
            ("String", "string"),
            ("Boolean", "boolean"),
            ("string", "string"),
        ]:
            self.assertEqual(mapping.schema({"type": theirs}), {"type": ours})

    def test_any_type_is_no_restriction(self):
        self.assertEqual(
            mapping.schema({"type": "any", "description": "x"}), {"description": "x"}
        )

    def test_maps_inside_properties_and_items_only(self):
        theirs = {
            "type": "dict",
            "properties": {
                "type": {"type": "array", "items": {"type": "float"}, "enum": ["float"]}
            },
        }
        ours = {
            "type": "object",
            "properties": {
                "type": {
                    "type": "array",
                    "items": {"type": "number"},
                    "enum": ["float"],
                }
            },
        }
        self.assertEqual(mapping.schema(theirs), ours)


class Arguments(unittest.TestCase):
    def test_first_right_value(self):
        self.assertEqual(
            mapping.arguments({"a": [3, 4], "b": [[1, 2]], "c": [False]}),
            {"a": 3, "b": [1, 2], "c": False},
        )

    def test_left_out(self):
        self.assertEqual(
            mapping.arguments({"a": ["", 1], "b": [], "c": [[]]}), {"c": []}
        )

    def test_objects_inside_list_their_right_values_again(self):
        accepted = {"a": [{"x": [1, 2], "y": ["", 5]}], "b": [[{"z": [7]}]]}
        self.assertEqual(mapping.arguments(accepted), {"a": {"x": 1}, "b": [{"z": 7}]})

    def test_one_name_with_two_schemas(self):
        catalogue = mapping.Catalogue()
        first = {"name": "f", "parameters": {"type": "dict"}}
        second = {"name": "f", "parameters": {"type": "dict", "required": []}}
        names = [catalogue.add(function) for function in (first, second, first)]
        self.assertEqual(names, ["f", "f~2", "f"])
        self.assertEqual([tool["name"] for tool in catalogue.tools], ["f", "f~2"])


class Stream(unittest.TestCase):
    CALLS = [
        {"id": str(n), "tool": f"t{n % 7}", "arguments": {"n": n}} for n in range(300)
    ]

    def test_is_always_the_same_and_loses_nothing(self):
        made = stream.traffic(self.CALLS)
        self.assertEqual(made, stream.traffic(self.CALLS))
        self.assertEqual(len(made), stream.LENGTH)
        self.assertEqual({call["id"] for call in made}, {c["id"] for c in self.CALLS})
        self.assertTrue(all(call["latency_ms"] > 0 for call in made))

    def test_repeats_are_skewed(self):
        ids = [call["id"] for call in stream.traffic(self.CALLS)]
        most = max(map(ids.count, set(ids)))
        self.assertGreater(most, 5 * len(ids) / len(self.CALLS))


class Cold(unittest.TestCase):
    def test_without_network_it_says_so_and_leaves_nothing_half_done(self):
        with tempfile.TemporaryDirectory() as cache:
            nowhere = {"XDG_CACHE_HOME": cache, "PIP_NO_INDEX": "1"}
            done = subprocess.run(
                [PYTHON, BFCL],
                capture_output=True,
                text=True,
                env={**os.environ, **nowhere},
            )
            left = [file.name for file in Path(cache, "ferrule", "bfcl").iterdir()]
        self.assertEqual((done.returncode, done.stdout, left), (3, "", []))
        self.assertRegex(done.stderr, "(?m)^bfcl: .*(no network|no pip)")

    def test_a_cache_that_cannot_be_written(self):
        with tempfile.NamedTemporaryFile() as file:
            done = subprocess.run(
                [PYTHON, BFCL],
                capture_output=True,
                text=True,
                env={**os.environ, "XDG_CACHE_HOME": file.name},
            )
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn(file.name, done.stderr)
        self.assertNotIn("Traceback", done.stderr)


class RealCalls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([PYTHON, BFCL], capture_output=True, text=True)
        if done.returncode == 3:
            raise unittest.SkipTest(done.stderr.strip())
        if done.returncode:
            raise AssertionError(done.stderr)
        cls.folder = done.stdout.strip()

    def test_counts_and_verdicts_of_the_package(self):
        wheel = zipfile.ZipFile(f"{self.folder}/../{fetch.WHEEL}")
        self.addCleanup(wheel.close)
        tools, calls = mapping.read(zipfile.Path(wheel, "bfcl_eval/data/"))
        guards = {tool["name"]: SchemaGuard(tool["parameters"]) for tool in tools}
        verdicts = [
            guards[call["tool"]].is_valid(json.dumps(call["arguments"]))
            for call in calls
        ]
        self.assertEqual((len(tools), len(calls)), (3364, 3302))
        self.assertEqual((verdicts.count(True), verdicts.count(False)), (3258, 44))

    def test_the_replay_tells_the_same(self):
        told = replay.summary("--data", self.folder, "--speed", "2000")
        self.assertEqual(
            told["distinct"], {"calls": 3302, "valid": 3258, "invalid": 44}
        )
        self.assertEqual(told["calls"], stream.LENGTH)
        self.assertEqual(told["problems"], [])
        self.assertIn("synthetic", told["note"])

    def test_a_second_run_needs_nothing(self):
        code = (
            "import runpy, socket, subprocess, sys\n"
            "subprocess.run = socket.socket = None\n"
            f"sys.argv = [{str(BFCL)!r}]\n"
            f"runpy.run_path({str(BFCL)!r}, run_name='__main__')"
        )
        done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, self.folder))


if __name__ == "__main__":
    unittest.main()
