# SPDX-License-Identifier: MIT
"""The installed wheel: its files are those of the executable, and nothing else."""

import importlib.metadata
import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(os.environ["FERRULE_ROOT"])
PACKAGES = ("ferrule", "agent_native_core")
# Called by the host's own start-up, or carried for it.
HOST_ONLY = ("ferrule/_agents_file.py", "ferrule/_check.py", "ferrule/_fork_hooks.py",
             "ferrule/_requirements.py", "ferrule/_resources.py", "ferrule/_toml_places.py", "ferrule/_vendor/",
             "ferrule/_warm.py")  # fmt: skip


def below(folder):
    """{path relative to the folder: bytes} of the packages' files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for package in PACKAGES
        for path in sorted((folder / package).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


class Files(unittest.TestCase):
    def test_are_those_frozen_in_the_executable(self):
        import ferrule

        ours = below(ROOT / "host/python")
        wanted = {n: data for n, data in ours.items() if not n.startswith(HOST_ONLY)}
        installed = below(Path(ferrule.__file__).parents[1])
        self.assertEqual(sorted(installed), sorted(wanted))
        for name, data in wanted.items():
            self.assertEqual(installed[name], data, name)

    def test_are_typed(self):
        import agent_native_core
        import ferrule

        for package in (agent_native_core, ferrule):
            self.assertTrue((Path(package.__file__).parent / "py.typed").is_file())

    def test_need_no_other_package(self):
        found = importlib.metadata.distribution("agent-native-core")
        self.assertIsNone(found.requires)
        self.assertEqual(found.metadata["License-Expression"], "MIT")
        self.assertEqual(found.version, version())


class HostOnly(unittest.TestCase):
    def test_says_where_it_is_to_be_had(self):
        import ferrule

        with self.assertRaisesRegex(ImportError, "ferrule run"):
            ferrule.InterpreterPoolExecutor  # noqa: B018


class Modules(unittest.TestCase):
    def test_export_their_init_function_only(self):
        import _ferrule_cache
        import _ferrule_guard

        for module in (_ferrule_cache, _ferrule_guard):
            done = subprocess.run(["nm", "-D", "--defined-only", module.__file__],
                                  capture_output=True, text=True, check=True)
            names = [line.split()[-1] for line in done.stdout.splitlines()]
            self.assertEqual(names, [f"PyInit_{module.__name__}"])

    @unittest.skipIf(sys.version_info < (3, 12), "own-GIL interpreters came with 3.12")
    def test_load_in_an_interpreter_with_its_own_gil(self):
        if sys.version_info >= (3, 13):
            import _interpreters as interpreters
        else:
            import _xxsubinterpreters as interpreters
        one = interpreters.create()
        self.addCleanup(interpreters.destroy, one)
        code = """
from ferrule import SchemaGuard, ToolCache
assert SchemaGuard('{"type": "integer"}').is_valid("3")
cache = ToolCache(10, 60.0)
cache.set("tool", 1, "value")
assert cache.get("tool", 1) == "value"
"""
        failure = interpreters.run_string(one, code)
        self.assertIsNone(failure, failure)


def version():
    text = (ROOT / "meson.build").read_text()
    return text.partition("version: '")[2].partition("'")[0]


if __name__ == "__main__":
    unittest.main()
