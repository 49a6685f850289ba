# SPDX-License-Identifier: MIT
"""The standard library inside the executable, used as if it were files."""

import json
import tomllib
import unittest
from pathlib import Path

from host import HostCase, run

TRIM = Path(__file__).resolve().parents[2] / "host" / "cpython" / "trim.toml"

KEPT = """json asyncio ssl http.client http.server http.cookies urllib.request
urllib.parse email.message email.mime.text logging.config logging.handlers re
dataclasses typing pathlib subprocess multiprocessing.managers
multiprocessing.shared_memory concurrent.futures.process contextvars hashlib hmac secrets
uuid datetime zoneinfo decimal fractions statistics random csv configparser tomllib
xml.etree.ElementTree xml.sax xml.dom.minidom html.parser zipfile tarfile gzip bz2 lzma
zlib sqlite3 ctypes ctypes.util unicodedata unittest.mock argparse importlib.resources
importlib.metadata inspect ast cProfile pstats tracemalloc timeit trace pdb code codeop
shelve pickle pickletools copyreg marshal dis tokenize symtable compileall py_compile
zipapp zipimport runpy site sysconfig socketserver selectors smtplib poplib imaplib ftplib
mailbox mimetypes netrc ipaddress wsgiref.simple_server xmlrpc.client xmlrpc.server
encodings.idna encodings.shift_jis encodings.gb18030 encodings.euc_kr stringprep
queue sched threading heapq bisect array struct mmap fcntl termios pty tty resource grp
pwd syslog signal faulthandler locale gettext calendar textwrap pprint reprlib enum graphlib
getpass glob fnmatch shutil tempfile filecmp fileinput linecache difflib optparse cmd shlex
plistlib colorsys wave quopri base64 binascii string types weakref abc contextlib functools
itertools operator collections.abc numbers cmath math atexit traceback warnings gc
concurrent.futures.thread webbrowser doctest bdb stat errno platform select socket
""".split()


class Kept(HostCase):
    def test_what_agents_import_is_there(self):
        done = self.run_code(f"""
            import importlib
            for name in {KEPT!r}:
                try: importlib.import_module(name)
                except Exception as e: print(name, repr(e))
            """)
        self.expect(done, out="", err="")

    def test_every_module_of_the_library_imports(self):
        done = self.expect(self.run_code("""
            import importlib, io, json, sys, pkgutil
            from contextlib import redirect_stdout
            info = [p for p in sys.path if p == sys.executable]
            bad, count = [], 0
            skip = ("__main__", "idlelib", "test")
            for m in pkgutil.walk_packages(info, onerror=lambda n: None):
                if any(part in skip for part in m.name.split(".")):
                    continue
                try:
                    with redirect_stdout(io.StringIO()):
                        importlib.import_module(m.name)
                    count += 1
                except BaseException as e:
                    bad.append((m.name, repr(e)))
            print(json.dumps([count, bad]))
            """))
        count, bad = json.loads(done.stdout)
        self.assertEqual(bad, [])
        self.assertGreater(count, 400)


def left_out(table=None, prefix=""):
    """{dotted name: row} of the trim list."""
    rows = {}
    for name, row in (table or tomllib.loads(TRIM.read_text())).items():
        if isinstance(row, dict):
            rows |= {prefix + name: row} if "reason" in row and "keep" not in row else {}
            rows |= left_out(row, f"{prefix}{name}.")
    return rows


class LeftOut(HostCase):
    def test_each_says_so_and_what_to_do(self):
        rows = left_out()
        done = self.expect(self.run_code(f"""
            import importlib, json
            said = {{}}
            for name in {sorted(rows)!r}:
                try:
                    importlib.import_module(name)
                    said[name] = "imported"
                except ModuleNotFoundError as e:
                    said[name] = [e.name, str(e)]
            print(json.dumps(said))
            """))
        for name, answer in json.loads(done.stdout).items():
            with self.subTest(module=name):
                self.assertIsInstance(answer, list, answer)
                self.assertEqual(answer[0], name)
                self.assertIn(rows[name]["reason"], answer[1])
                self.assertIn(rows[name]["instead"], answer[1])

    def test_own_module_of_that_name_is_found(self):
        self.write("turtle.py", "x = 'mine'")
        self.expect(self.run_script("import turtle; print(turtle.x)"), out="mine\n")

    def test_unknown_module_gets_pythons_words(self):
        self.expect(self.run_code("import nosuch"), code=1,
                    err="ModuleNotFoundError: No module named 'nosuch'")

    def test_name_with_a_zero_byte(self):
        self.expect(self.run_code("__import__('string\\0')"), code=1,
                    err="ModuleNotFoundError")

    def test_optional_import_goes_on(self):
        self.expect(self.run_code("""
            import importlib.util
            try: import readline
            except ImportError: print("without")
            print(importlib.util.find_spec("readline"))
            """), out="without\nNone\n", err="")


class AsFiles(HostCase):
    def test_spec_loader_and_file(self):
        self.expect(self.run_code("""
            import json, json.decoder, importlib.util, sys
            spec = importlib.util.find_spec("json.decoder")
            print(json.__spec__.has_location, spec.parent, spec.loader is not None,
                  json.__file__ == json.__path__[0] + "/__init__.py",
                  json.decoder.__file__.endswith("json/decoder.py"),
                  type(spec.loader.get_code("json.decoder")).__name__)
            """), out="True json True True True code\n")

    def test_pkgutil(self):
        self.expect(self.run_code("""
            import json, pkgutil
            print([m.name for m in pkgutil.iter_modules(json.__path__)])
            names = {m.name for m in pkgutil.walk_packages()}
            print({"json.tool", "email.mime.text", "os", "asyncio.runners"} - names)
            try: pkgutil.get_data("json", "none.txt")
            except OSError as e: print("OSError")
            print(pkgutil.resolve_name("json.decoder:JSONDecoder").__name__)
            """), out="['decoder', 'encoder', 'scanner', 'tool']\nset()\nOSError\n"
                      "JSONDecoder\n")

    def test_resources_of_the_library(self):
        self.expect(self.run_code("""
            from importlib import resources
            root = resources.files("email")
            print(root.is_dir(), root.joinpath("none.txt").is_file(),
                  sorted(p.name for p in root.iterdir())[:0])
            try: root.joinpath("none.txt").read_text()
            except (FileNotFoundError, OSError): print("missing")
            """), out="True False []\nmissing\n")

    def test_resources_of_a_package_beside_the_script(self):
        self.write("app/__init__.py", "")
        self.write("app/prompt.txt", "Be brief. ß")
        self.write("app/deep/more.txt", "more")
        self.expect(self.run_script("""
            import pkgutil
            from importlib import resources
            print(resources.read_text("app", "prompt.txt", encoding="utf-8"),
                  (resources.files("app") / "deep/more.txt").read_text(),
                  pkgutil.get_data("app", "prompt.txt")[:2])
            with resources.as_file(resources.files("app") / "prompt.txt") as path:
                print(path.name)
            """), out="Be brief. ß more b'Be'\nprompt.txt\n", err="")

    def test_metadata(self):
        self.write("vendor/thing-1.2.dist-info/METADATA",
                   "Metadata-Version: 2.1\nName: thing\nVersion: 1.2\n")
        self.write("vendor/thing-1.2.dist-info/entry_points.txt",
                   "[agents]\nmain = thing:run\n")
        self.expect(self.run_script("""
            from importlib import metadata
            print(metadata.version("thing"), *metadata.entry_points(group="agents"))
            try: metadata.version("nothing")
            except metadata.PackageNotFoundError as e: print(e)
            print([d.name for d in metadata.distributions()])
            """), out="1.2 EntryPoint(name='main', value='thing:run', group='agents')\n"
                      "No package metadata was found for nothing\n['thing']\n", err="")

    def test_traceback_through_the_library(self):
        done = self.expect(self.run_code("import json; json.loads('[1,')"), code=1)
        self.assertRegex(done.stderr, r'json/__init__\.py", line \d+, in loads')
        self.assertRegex(done.stderr, r'json/decoder\.py", line \d\d\d, in raw_decode')

    def test_line_numbers_are_those_of_the_source(self):
        self.expect(self.run_code("""
            import json.decoder, textwrap
            code = json.decoder.JSONDecoder.raw_decode.__code__
            print(code.co_firstlineno > 100, textwrap.dedent.__code__.co_firstlineno > 300)
            """), out="True True\n")

    def test_run_a_module_of_the_library(self):
        self.expect(run("-m", "json.tool", input='{"a":1}'), out='{\n    "a": 1\n}\n')
        self.expect(run("-m", "json.tool", input="{"), code=1)
        self.expect(run("-m", "base64", "-e", input="hi"), out="aGk=\n")

    def test_runpy(self):
        self.expect(self.run_code("""
            import runpy
            print(runpy.run_module("base64", run_name="x")["__name__"])
            """), out="x\n")

    def test_docstrings_of_argparse_and_dataclasses(self):
        self.expect(self.run_code("""
            import dataclasses, json
            @dataclasses.dataclass
            class A:
                x: int
            print(A.__doc__)
            """), out="A(x: int)\n")

    def test_loadable_extension(self):
        self.expect(self.run_code("""
            import sqlite3
            db = sqlite3.connect(":memory:")
            print(db.execute("select json_extract('[1,2]', '$[1]')").fetchone())
            """), out="(2,)\n", err="")

    def test_time_zones_of_the_system(self):
        self.expect(self.run_code("""
            import datetime, zoneinfo
            try: print(datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC")))
            except zoneinfo.ZoneInfoNotFoundError: print("2024-07-01 00:00:00+00:00")
            """), out="2024-07-01 00:00:00+00:00\n")


class Builtins(HostCase):
    def test_names_that_site_adds(self):
        self.expect(self.run_script("print(exit, quit); exit(3)"), code=3)
        self.expect(run("-I", "-c", "exit(3)"), code=3)
        self.expect(run("-S", "-c", "exit(3)"), code=1, err="NameError")

    def test_hook_has_a_signature(self):
        self.expect(self.run_code("import inspect, sys\n"
                                  "print(len(inspect.signature(sys.excepthook).parameters))"),
                    out="3\n")

    def test_libraries_are_inside_or_the_systems(self):
        done = self.run_code("""
            import _ferrule_host, _ferrule_guard, bz2, lzma, ssl, zlib
            maps = open("/proc/self/maps").read()
            for name in ("crypto", "pcre2-8", "bz2", "lzma", "z"):
                print(name, (f"/lib{name}.so" in maps) != _ferrule_host.is_self_contained)
            """)
        self.expect(done, 0, "".join(f"{name} True\n" for name in (
            "crypto", "pcre2-8", "bz2", "lzma", "z")), "")

    def test_native_modules(self):
        self.expect(self.run_code("""
            import sys, _ferrule_cache, _ferrule_guard
            print("_ferrule_cache" in sys.builtin_module_names,
                  "_ferrule_guard" in sys.builtin_module_names)
            """), out="True True\n")

    def test_modules_share_nothing_with_sub_interpreters_by_accident(self):
        self.expect(self.run_code("""
            import _interpreters
            for config in ("isolated", "legacy"):
                i = _interpreters.create(config)
                said = _interpreters.exec(i, '''if True:
                    import _ferrule_cache, _ferrule_guard, ferrule, json, asyncio
                    ''')
                print(said)
                _interpreters.destroy(i)
            """), out="None\nNone\n", err="")


if __name__ == "__main__":
    unittest.main()
