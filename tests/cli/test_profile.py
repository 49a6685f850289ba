# SPDX-License-Identifier: MIT
"""`ferrule profile`: rows that sum to the wall time, and verdicts on agents that spend
known times in known ways."""

import http.server
import json
import threading
import time
import unittest
from pathlib import Path

from host import HostCase, run

AGENT = Path(__file__).resolve().parents[1] / "support" / "profiled_agent.py"
NATIVE, WAIT, LEAVE = "worth native code", "cache, parallelise or stream", "leave in Python"
LOCK, IMPORT = "shorter switch interval, or agents in parallel", "vendor less or import lazily"
# What the agent spends -> component, name, verdict when it counts.
KINDS = {
    "model": ("model", None, WAIT),
    "tool": ("tool", None, WAIT),
    "pooled": ("tool", None, WAIT),
    "asyncio_tool": ("tool", None, WAIT),
    "program": ("tool", "sleep", WAIT),
    "sleep": ("tool", "sleep", WAIT),
    "own": ("orchestration", "", NATIVE),
    "json": ("json", "", NATIVE),
    "guard": ("guard", "", NATIVE),
    "cache": ("cache", "", NATIVE),
    "gc": ("garbage collection", "", NATIVE),
    "lock": ("interpreter lock", "", LOCK),
    "import": ("start and imports", "", IMPORT),
}
BAND = (0.02, 0.05)  # an injected share in between may be judged either way
# Of an injected wait: somebody else may have the cores between the moment it begins and
# the moment the agent comes to wait for it; what passes until then is the agent's own.
SEEN = 0.5


class Server(http.server.BaseHTTPRequestHandler):
    """Answers after the time it is asked to wait."""

    protocol_version = "HTTP/1.1"

    def answer(self, seconds):
        time.sleep(seconds)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.answer(json.loads(body)["wait"])

    def do_GET(self):
        self.answer(float(self.path.partition("?")[2] or 0))

    def log_message(self, *_):
        pass


# Thirty agents: what each spends in a turn, in ms.
AGENTS = [
    {"model": 60},
    {"model": 60, "tool": 30},
    {"model": 50, "json": 25},
    {"model": 50, "guard": 25},
    {"model": 50, "cache": 25},
    {"model": 50, "own": 40},
    {"model": 50, "gc": 30},
    {"model": 30, "lock": 80},
    {"model": 60, "program": 30},
    {"model": 60, "sleep": 30},
    {"model": 60, "pooled": 40},
    {"model": 60, "asyncio_tool": 40},
    {"own": 60},
    {"json": 60},
    {"guard": 60},
    {"cache": 60},
    {"gc": 60},
    {"lock": 120},
    {"tool": 60},
    {"program": 60},
    {"model": 80, "tool": 40, "json": 20, "guard": 20},
    {"model": 80, "tool": 40, "own": 30, "cache": 20},
    {"model": 150, "json": 1},
    {"model": 150, "guard": 1, "cache": 1},
    {"model": 150, "gc": 1},
    {"tool": 80, "sleep": 1},
    {"model": 40, "json": 20, "own": 30},
    {"model": 40, "pooled": 30, "guard": 20},
    {"model": 60, "import": 300},
    {"model": 60, "tool": 30, "import": 300, "own": 20},
]


class Profile(HostCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        cls.address = f"127.0.0.1:{cls.server.server_port}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def profile(self, spend, **spec):
        """(report, what the agent says it spent)."""
        spend = dict(spend)
        if "import" in spend:
            seconds = spend.pop("import") / 1000
            self.write("slow_module.py", f"""
                import time
                end = time.perf_counter() + {seconds}
                while time.perf_counter() < end: pass
                """)
            spec["import"] = str(self.folder)
        spec = {"turns": 4, "spend": spend, "marked": "model" not in spend} | spec
        out = self.folder / "spent.json"
        done = run("profile", "--json", AGENT, self.address, out, json.dumps(spec))
        self.expect(done, err="")
        return json.loads(done.stdout), json.loads(out.read_text())

    def find(self, report, kind):
        component, name, _ = KINDS[kind]
        rows = [r for r in report["rows"] if r["component"] == component]
        if name:
            rows = [r for r in rows if r["name"] == name]
        elif component == "tool":
            rows = [r for r in rows if r["name"] == self.address]
        return rows[0] if rows else None

    def wrong(self, report, spent):
        """What a report says wrongly about an agent, as text; None when it is right."""
        wall = spent.pop("wall")
        for kind, (least, most) in spent.items():
            if least / wall < BAND[1] and most / wall > BAND[0]:
                continue
            share = least / wall
            expected = KINDS[kind][2] if share > BAND[0] else LEAVE
            row = self.find(report, kind)
            said = LEAVE if row is None else row["verdict"]
            if said != expected:
                return f"{kind} {share:.1%}: {said!r}, not {expected!r}: {row}"
        return None

    def test_verdicts_on_thirty_agents(self):
        wrong = []
        for spend in AGENTS:
            report, spent = self.profile(spend)
            self.sums(report)
            said = self.wrong(report, spent)
            if said:
                wrong.append(f"{spend}: {said}")
        self.assertLessEqual(len(wrong), len(AGENTS) - 28, "\n".join(wrong))

    def sums(self, report):
        total = sum(row["wall_s"] for row in report["rows"])
        self.assertAlmostEqual(total, report["wall_s"], delta=0.02 * report["wall_s"])
        for row in report["rows"]:
            self.assertGreaterEqual(row["wall_s"], 0)
            self.assertLessEqual(row["cpu_s"], row["wall_s"] * 1.001)

    def test_turns_are_what_is_marked(self):
        report, _ = self.profile({"own": 5, "tool": 60}, marked=True, turns=3)
        self.assertEqual([turn["name"] for turn in report["turns"]],
                         ["turn 0", "turn 1", "turn 2"])
        self.assertEqual(report["turns_from"], "ferrule.turn()")
        for turn in report["turns"]:
            self.assertAlmostEqual(sum(turn["parts"].values()), turn["wall_s"], places=3)
            seen = turn["parts"][f"tool {self.address}"]
            self.assertGreaterEqual(seen, SEEN * 0.06)

    def test_turns_are_found_by_model_calls(self):
        report, _ = self.profile({"model": 10, "own": 5}, turns=5)
        self.assertEqual(len(report["turns"]), 5)
        self.assertEqual(report["turns_from"], "model calls")

    def test_many_turns(self):
        done = self.run_profile("""
            from ferrule import turn
            for _ in range(30_000):
                with turn():
                    pass
            """)
        self.expect(done, err="")
        self.assertEqual(len(json.loads(done.stdout)["turns"]), 30_000)

    def test_an_agent_finds_no_module_imported_that_it_did_not_import(self):
        script = self.write("agent.py", "import sys\nprint(*sys.modules)\n")
        plain = run("run", script).stdout.split()
        seen = run("profile", "--json", script).stderr.split()
        own = {"linecache", "time"}  # what a command has, and what the clock is from
        more = {name for name in seen if name.partition(".")[0] != "ferrule"}
        self.assertLessEqual(more - set(plain), own)

    def test_a_tool_is_named_by_the_cache_that_keeps_its_results(self):
        done = self.run_profile("""
            import time
            from ferrule import ToolCache
            cache = ToolCache()
            for n in range(3):
                cache.get_or_call("weather", n, lambda: time.sleep(0.03) or "x")
            """)
        rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
        self.assertGreaterEqual(rows["weather"]["wall_s"], 0.09)
        self.assertNotIn("sleep", rows)

    def rows(self, content):
        done = self.run_profile(content)
        self.expect(done, err="")
        return {(r["component"], r["name"]): r for r in json.loads(done.stdout)["rows"]}

    def test_tools_of_the_kit_have_their_names(self):
        rows = self.rows("""
            import asyncio, time
            from ferrule import tool
            @tool
            def weather(city: str) -> str:
                time.sleep(0.05)
                return city
            @tool
            async def flights(city: str) -> str:
                await asyncio.sleep(0.05)
                return city
            weather(city="Riga")
            asyncio.run(flights(city="Riga"))
            """)
        self.assertGreaterEqual(rows["tool", "weather"]["wall_s"], 0.05)
        self.assertGreaterEqual(rows["tool", "flights"]["wall_s"], SEEN * 0.05)

    def test_waits_for_threads_are_what_those_did(self):
        rows = self.rows("""
            import asyncio, threading, time
            from concurrent.futures import ThreadPoolExecutor
            def late():
                time.sleep(0.06)
            def compute():  # for as long on any machine
                end = time.thread_time() + 0.06
                while time.thread_time() < end: pass
            thread = threading.Thread(target=late)
            thread.start()
            thread.join()
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda n: late(), range(4)))
                pool.submit(compute).result()
            async def main():
                await asyncio.to_thread(late)
            asyncio.run(main())
            """)
        slept = rows["tool", "sleep"]["wall_s"]
        self.assertGreaterEqual(slept, SEEN * 4 * 0.06)
        self.assertGreaterEqual(rows["orchestration", ""]["wall_s"], SEEN * 0.06)
        # All of these waits would be there, were they not followed.
        self.assertLess(rows.get(("other waits", ""), {"wall_s": 0})["wall_s"], slept / 2)

    def test_an_event_loop_waits_for_what_wakes_it(self):
        rows = self.rows(f"""
            import asyncio, json
            host, port = "{self.address}".split(":")
            async def ask(head, body=b""):
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(head + b"\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
                await reader.readline()
                writer.close()
            async def program():
                process = await asyncio.create_subprocess_exec("sleep", "0.12")
                await process.wait()
            async def main():
                await ask(b"POST /v1/chat/completions HTTP/1.1", b'{{"wait": 0.2}}')
                await ask(b"GET /wait?0.16 HTTP/1.1")
                await program()
                await asyncio.sleep(0.1)
            asyncio.run(main())
            """)
        for component, name, injected in (
            ("model", self.address, 0.2),
            ("tool", self.address, 0.16),
            ("tool", "sleep", 0.12),
            ("other waits", "", 0.1),
        ):
            seen = rows[component, name]["wall_s"]
            self.assertGreaterEqual(seen, SEEN * injected, (component, name))

    def run_profile(self, content, *words, **options):
        script = self.write("agent.py", content)
        return run("profile", "--json", script, *words, **options)

    def test_rare_work_is_left_in_python(self):
        # A turn without it stays below 1 % of own time even when 3 ms of it were lost.
        report, _ = self.profile({"model": 300, "own": 300}, once=["own"], turns=6)
        row = self.find(report, "own")
        self.assertEqual(row["verdict"], LEAVE)
        self.assertIn("of the turns", row["why"])

    def test_orchestration_is_split_by_function(self):
        report, _ = self.profile({"own": 100}, turns=2)
        functions = [f["function"] for f in self.find(report, "own")["functions"]]
        self.assertIn("burn", functions)

    def test_the_agent_is_the_main_program(self):
        done = self.run_profile("""
            import sys, threading
            print(__name__, sys.argv[1:], sys.path[0], helper_here := True)
            import beside
            threading.Timer(0.05, lambda: print("late")).start()
            sys.exit(7)
            """, "-x", "y")
        self.assertEqual(done.returncode, 1, done.stderr)  # there is no `beside`
        self.write("beside.py", "")
        done = run("profile", "--json", self.folder / "agent.py", "-x", "y")
        self.expect(done, code=7)
        self.assertEqual(done.stderr, f"__main__ ['-x', 'y'] {self.folder} True\nlate\n")
        self.assertIn("rows", json.loads(done.stdout))

    def test_failures_keep_their_traceback_and_code(self):
        done = self.run_profile("def f():\n    1 / 0\nf()\n")
        self.expect(done, code=1, err="ZeroDivisionError: division by zero")
        self.assertNotIn("_profile", done.stderr)
        self.assertIn("rows", json.loads(done.stdout))

    def test_text_and_page(self):
        page = self.folder / "out.html"
        script = self.write("agent.py", "print('hello')\nimport time\ntime.sleep(0.05)\n")
        done = run("profile", "--html", page, script)
        self.expect(done, err="")
        self.assertTrue(done.stdout.startswith("hello\n\nprofile of "), done.stdout)
        for part in ("tool sleep", "orchestration", "█", "parallelise", "would gain"):
            self.assertIn(part, done.stdout)
        text = page.read_text()
        self.assertIn("<svg", text)
        self.assertIn("tool sleep", text)
        for outside in ("http://", "https://", "src=", "@import"):
            self.assertNotIn(outside, text)

    def test_bad_usage_says_what_to_write(self):
        script = self.write("agent.py", "")
        for words, reason in (
            ((), "which script?"),
            (("--html",), "--html needs a file"),
            (("--jsn", script), "unknown option --jsn; there are --json and --html"),
            ((self.folder / "no.py",), "cannot run"),
        ):
            done = run("profile", *words)
            self.expect(done, code=2, err=reason)
            self.assertNotIn("Traceback", done.stderr)
        done = run("profile", "--html", self.folder / "no" / "x.html", script)
        self.expect(done, code=1, err="No such file or directory")
        self.assertIn("usage: ferrule profile", run("profile", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
