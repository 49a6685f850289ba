# SPDX-License-Identifier: MIT
"""Interpreters with their own GIL, many at once, in the real executable."""

import os
import subprocess
import sys
import textwrap
import unittest

TIMEOUT = 900
FERRULE = os.environ.get("FERRULE", "")
# 16 interpreters live so many lives each, one after another; 100 takes minutes.
ROUNDS = int(os.environ.get("FERRULE_ROUNDS", 2))

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
        self.run_host(text)

    def run_host(self, text):
        done = subprocess.run([FERRULE, "-c", text], capture_output=True, text=True,
                              timeout=TIMEOUT)
        self.assertEqual((done.returncode, done.stdout), (0, "0 []\n"),
                         done.stderr[-3000:])

    def test_sixteen_at_once_import_datetime(self):
        self.at_once(16, 6, "import datetime; datetime.datetime.now().isoformat()")

    def test_sixteen_at_once_import_what_agents_import(self):
        self.at_once(16, ROUNDS, "; ".join((
            "import asyncio, json, ssl, http.client, logging, concurrent.futures",
            "import subprocess, pathlib, dataclasses, typing, re, urllib.request",
            "import argparse, hashlib, sqlite3, datetime, decimal, zoneinfo, ctypes",
            "import uuid, random, csv, zlib, lzma, bz2, xml.etree.ElementTree",
            "import multiprocessing, contextvars, queue, tempfile, shutil, statistics",
            "ssl.create_default_context(); decimal.Decimal(1) / 3",
            "sqlite3.connect(':memory:').execute('select 1').fetchall()",
            "datetime.datetime.now().isoformat()",
            "from ferrule import ToolCache, SchemaGuard, InterpreterPoolExecutor",
            "ToolCache(10, 1.0).set('t', [1], 'x')",
            "assert SchemaGuard({'type': 'integer'}).is_valid('3')",
        )))

    def test_sixteen_workers_of_a_pool_at_once(self):
        code = """
            from ferrule import InterpreterPoolExecutor
            def work(n):
                import datetime, decimal, json, asyncio
                return len(json.dumps(n)) + int(decimal.Decimal(1))
            for _ in range({rounds}):
                with InterpreterPoolExecutor(16) as pool:
                    assert sum(pool.map(work, range(64))) == 64 + 64 + 54
            print("0 []")
            """
        self.run_host(textwrap.dedent(code).format(rounds=ROUNDS))

    def test_our_modules_everywhere(self):
        self.at_once(8, 6, "import _ferrule_cache, _ferrule_guard, ferrule")

    def test_one_after_another(self):
        self.at_once(1, 100, "import json")


if __name__ == "__main__":
    sys.exit(unittest.main())
