# SPDX-License-Identifier: MIT
"""Interpreters with their own GIL, many at once, in the real executable."""

import os
import subprocess
import sys
import textwrap
import unittest

TIMEOUT = 900
FERRULE = os.environ.get("FERRULE", "")

# Modules that keep static types have to be there before the first worker.
AT_ONCE = """
    import _interpreters, threading, traceback
    failures = []
    def live(n):
        try:
            for _ in range({rounds}):
                i = _interpreters.create("isolated")
                said = _interpreters.exec(i, '''if True:
                    {code}
                    ''')
                if said is not None:
                    failures.append(said)
                _interpreters.destroy(i)
        except BaseException:
            failures.append(traceback.format_exc())
    threads = [threading.Thread(target=live, args=(n,)) for n in range({count})]
    [t.start() for t in threads]
    [t.join() for t in threads]
    print(len(failures), failures[:1])
"""


@unittest.skipUnless(FERRULE, "no executable: FERRULE is not set")
class Interpreters(unittest.TestCase):
    def at_once(self, count, rounds, code):
        text = textwrap.dedent(AT_ONCE).format(count=count, rounds=rounds, code=code)
        done = subprocess.run([FERRULE, "-c", text], capture_output=True, text=True,
                              timeout=600)
        self.assertEqual((done.returncode, done.stdout), (0, "0 []\n"),
                         done.stderr[-3000:])

    def test_sixteen_at_once_import_datetime(self):
        self.at_once(16, 6, "import datetime; datetime.datetime.now().isoformat()")

    def test_sixteen_at_once_import_what_agents_import(self):
        self.at_once(16, 2, "import asyncio, json, ssl, http.client, logging, re, "
                     "dataclasses, typing, pathlib, subprocess, datetime, decimal, "
                     "hashlib, uuid, random, csv, zlib, sqlite3")

    def test_our_modules_everywhere(self):
        self.at_once(8, 6, "import _ferrule_cache, _ferrule_guard, ferrule")

    def test_one_after_another(self):
        self.at_once(1, 100, "import json")


if __name__ == "__main__":
    sys.exit(unittest.main())
