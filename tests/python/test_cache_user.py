# SPDX-License-Identifier: MIT
"""ToolCache.open(name, scope="user"): one store for all runs of a user."""

import os
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

from ferrule import ToolCache


class User(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        patch = mock.patch.dict(os.environ, XDG_RUNTIME_DIR=folder.name)
        patch.start()
        self.addCleanup(patch.stop)
        self.file = self.folder / "ferrule/tools.store"

    def open(self, **options):
        return ToolCache.open("tools", 100, scope="user", max_bytes=1 << 20, **options)

    def refused(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cache = self.open()
        cache.set("tool", 1, "v")
        self.assertEqual(cache.get("tool", 1), "v")
        self.assertEqual([w.category for w in caught], [RuntimeWarning])
        return str(caught[0].message)

    def test_outlives_its_handles(self):
        cache = self.open()
        cache.set("tool", 1, "kept")
        del cache
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.open().get("tool", 1), "kept")

    def test_is_shared_with_another_run(self):
        cache = self.open()
        cache.set("tool", 1, "from the first")
        code = (
            "from ferrule import ToolCache\n"
            "cache = ToolCache.open('tools', scope='user')\n"
            "assert cache.get('tool', 1) == 'from the first'\n"
            "cache.set('tool', 2, 'from the second')\n"
            "assert cache.stats()['max_entries'] == 100\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
        self.assertEqual(cache.get("tool", 2), "from the second")

    def test_two_handles_are_one_store(self):
        one, two = self.open(), self.open()
        one.set("tool", 1, "v")
        self.assertEqual(two.get("tool", 1), "v")
        two.clear()
        self.assertIsNone(one.get("tool", 1))

    def test_a_file_half_made_is_made_anew(self):
        self.open()
        with open(self.file, "r+b") as file:
            file.write(bytes(8))
        cache = self.open()
        cache.set("tool", 1, "v")
        self.assertEqual(self.open().get("tool", 1), "v")
        del cache
        self.file.write_bytes(b"")
        self.open().set("tool", 1, "v")

    def test_what_is_not_ours_is_left_alone(self):
        self.open()
        whole = self.file.read_bytes()
        for at, said in ((0, "another version"), (8, "another version"), (20, "damaged")):
            data = bytearray(whole)
            data[at] ^= 0x55
            self.file.write_bytes(data)
            self.assertIn(said, self.refused())
        self.file.write_bytes(whole[:-4096])
        self.assertIn("size", self.refused())
        self.file.write_bytes(whole)
        os.chmod(self.file, 0o644)
        self.assertIn("this user alone", self.refused())
        self.file.unlink()
        self.file.symlink_to(self.folder / "elsewhere")
        self.assertIn("tools.store", self.refused())
        self.assertFalse((self.folder / "elsewhere").exists())

    def test_folders_that_cannot_be_used(self):
        os.chmod(self.folder, 0o777)
        self.assertIn("others may write", self.refused())
        os.chmod(self.folder, 0o700)
        (self.folder / "ferrule").write_text("a file")
        self.assertIn("not a folder", self.refused())
        with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(self.folder / "none")):
            self.assertIn("No such file", self.refused())

    def test_names(self):
        for name in ("", "../x", "a/b", ".hidden", "n" * 65):
            with self.assertRaises(ValueError):
                ToolCache.open(name, scope="user")

    def test_other_bounds_are_met_with_a_warning(self):
        self.open()
        with self.assertWarnsRegex(RuntimeWarning, "max_entries=100"):
            ToolCache.open("tools", 50, scope="user")


if __name__ == "__main__":
    unittest.main()
