# SPDX-License-Identifier: MIT
"""Tests of the driver: a test runner that miscounts is worse than none."""

import io
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from driver import cpython, gtests, unittests
from driver.results import Report, Result

RUN = Path(__file__).resolve().parents[1] / "run.py"


class Collector:
    def __init__(self):
        self.results = []

    def add(self, suite, result):
        self.results.append(result)

    @property
    def outcomes(self):
        return {r.name: r.outcome for r in self.results}


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return path


class Unittests(WithFolder):
    def run_text(self, text, pattern=""):
        collector = Collector()
        file = self.write("test_x.py", "import os, time, unittest\n" + textwrap.dedent(text))
        unittests.run([file], sys.executable, collector, "s", dict(os.environ), pattern)
        return collector

    def test_each_outcome(self):
        found = self.run_text("""
            class T(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): self.fail("because")
                def test_c(self): self.skipTest("no reason")
                def test_d(self): raise KeyError("d")
                def test_e(self):
                    for i in range(3):
                        with self.subTest(i=i):
                            self.assertEqual(i, 1)
                @unittest.expectedFailure
                def test_f(self): pass
            """)
        self.assertEqual(found.outcomes, {
            "test_x.T.test_a": "passed", "test_x.T.test_b": "failed",
            "test_x.T.test_c": "skipped", "test_x.T.test_d": "failed",
            "test_x.T.test_e": "failed", "test_x.T.test_f": "failed"})
        details = {r.name: r.detail for r in found.results}
        self.assertIn("because", details["test_x.T.test_b"])
        self.assertEqual(details["test_x.T.test_c"], "no reason")

    def test_one_test_by_its_name(self):
        found = self.run_text("""
            class T(unittest.TestCase):
                def test_a(self): pass
                def test_ab(self): pass
            """, "test_x.T.test_a")
        self.assertEqual(found.outcomes, {"test_x.T.test_a": "passed"})

    def test_crash_is_blamed_on_the_running_test(self):
        found = self.run_text("""
            class T(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): os.abort()
            """)
        self.assertEqual(found.outcomes, {"test_x.T.test_a": "passed",
                                          "test_x.T.test_b": "failed"})

    def test_time_out_is_a_failure(self):
        found = self.run_text("""
            TIMEOUT = 1
            """.strip() + """

class T(unittest.TestCase):
    def test_a(self): time.sleep(60)
            """)
        self.assertEqual(found.outcomes, {"test_x.T.test_a": "failed"})
        self.assertIn("timed out", found.results[0].detail)

    def test_broken_file_and_broken_set_up(self):
        self.assertEqual(self.run_text("1/0").outcomes, {"test_x.start": "failed"})
        found = self.run_text("""
            class T(unittest.TestCase):
                @classmethod
                def setUpClass(cls): raise KeyError("x")
                def test_a(self): pass
            """)
        self.assertEqual([r.outcome for r in found.results], ["failed"])

    def test_skipped_module(self):
        found = self.run_text("raise unittest.SkipTest('not here')")
        self.assertEqual([(r.outcome, r.detail) for r in found.results],
                         [("skipped", "not here")])


class Gtests(WithFolder):
    def run_script(self, text, protocol="gtest"):
        script = self.write("program", "#!/bin/sh\n" + textwrap.dedent(text))
        script.chmod(0o755)
        row = {"name": "p", "cmd": [str(script)], "env": {}, "protocol": protocol,
               "timeout": 2, "workdir": None}
        collector = Collector()
        gtests.run([row], collector, "unit", dict(os.environ))
        return collector

    def test_results_come_from_the_xml(self):
        found = self.run_script("""
            cat > "${1#--gtest_output=xml:}" <<X
            <testsuites><testsuite name="S">
            <testcase name="a" status="run" classname="S"/>
            <testcase name="b" status="run" classname="S"><failure message="f.c:1"/></testcase>
            <testcase name="c" status="run" classname="S"><skipped message="f.c:2&#x0A;why"/></testcase>
            <testcase name="d" status="notrun" classname="S"/>
            </testsuite></testsuites>
            X
            exit 1
            """)
        self.assertEqual(found.outcomes, {"p:S.a": "passed", "p:S.b": "failed",
                                          "p:S.c": "skipped"})
        self.assertEqual(found.results[2].detail, "why")

    def test_bad_exit_after_good_tests(self):
        found = self.run_script("""
            echo '<testsuites><testsuite name="S"><testcase name="a" status="run"
            classname="S"/></testsuite></testsuites>' > "${1#--gtest_output=xml:}"
            exit 23
            """)
        self.assertEqual(found.outcomes, {"p:S.a": "passed", "p:exit": "failed"})

    def test_crash(self):
        found = self.run_script("""
            echo '[ RUN      ] S.a'; echo '[       OK ] S.a (0 ms)'
            echo '[ RUN      ] S.b'; kill -ABRT $$
            """)
        self.assertEqual(found.outcomes, {"p:S.a": "passed", "p:S.b": "failed"})

    def test_children_do_not_outlive_a_program(self):
        mark = self.folder / "mark"
        self.run_script(f"(sleep 1; touch {mark}) & exit 0", "exitcode")
        time.sleep(1.5)
        self.assertFalse(mark.exists())

    def test_plain_programs(self):
        self.assertEqual(self.run_script("exit 0", "exitcode").outcomes, {"p": "passed"})
        self.assertEqual(self.run_script("exit 3", "exitcode").outcomes, {"p": "failed"})
        self.assertEqual(self.run_script("exit 77", "exitcode").outcomes, {"p": "skipped"})
        self.assertEqual(self.run_script("sleep 9", "exitcode").outcomes, {"p": "failed"})


class Cpython(unittest.TestCase):
    def judge(self, failed, expected, code=2, said=""):
        result = cpython.judge("test_x", code, said, failed, expected, "again")
        return result.outcome

    def test_unlisted_failures_fail(self):
        self.assertEqual(self.judge({"test.test_x.C.test_a": "no"}, {}), "failed")

    def test_listed_failures_pass(self):
        expected = {"C.test_a": "by design"}
        self.assertEqual(self.judge({"test.test_x.C.test_a": "no"}, expected), "passed")
        self.assertEqual(self.judge({"test.test_x.C.test_a": "no",
                                     "test.test_x.C.test_b": "no"}, expected), "failed")

    def test_listed_but_passing_is_reported(self):
        self.assertEqual(self.judge({}, {"C.test_a": "by design"}, 0), "failed")

    def test_sub_tests_are_read_from_the_output(self):
        said = ("FAIL: test_a (test.test_x.C.test_a) (i=1)\n-----\nAssertionError: 1\n"
                + "=" * 70 + "\nERROR: setUpClass (test.test_x.D)\nKeyError\n"
                "FAIL: test_b (__main__.C.test_b)\nof another process\n")
        found = cpython.read_text(said)
        self.assertEqual(sorted(found), ["test.test_x.C.test_a", "test.test_x.D"])
        self.assertIn("AssertionError: 1", found["test.test_x.C.test_a"])
        self.assertNotIn("KeyError", found["test.test_x.C.test_a"])

    def test_death_fails(self):
        self.assertEqual(self.judge(None, {}, -11), "failed")
        self.assertEqual(self.judge({}, {}, -11), "failed")

    def test_skip_keeps_its_reason(self):
        said = "test_x skipped -- No module named '_testcapi'\n"
        result = cpython.judge("test_x", 0, said, {}, {}, "again")
        self.assertEqual((result.outcome, result.detail),
                         ("skipped", "No module named '_testcapi'"))


class Closing(unittest.TestCase):
    def close(self, *results):
        out = io.StringIO()
        report = Report(out)
        report.start("s")
        for result in results:
            report.add("s", result)
        report.finish("s")
        return report.close(), out.getvalue().splitlines()

    def test_counts_stand_alone_on_the_last_line(self):
        code, lines = self.close(Result("a", "passed"), Result("b", "skipped", "why"))
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))
        self.assertIn("  s: why: b", lines)

    def test_failure_says_how_to_run_it_again(self):
        code, lines = self.close(Result("a", "failed", "text"))
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))
        self.assertIn("    again: ./dev test 's/a'", lines)

    def test_nothing_run_is_no_success(self):
        self.assertEqual(self.close()[0], 1)

    def test_interrupt_ends_at_once_with_the_counts(self):
        slow = self.enterContext(tempfile.TemporaryDirectory())
        text = ("import signal, sys\nsys.path.insert(0, sys.argv[1])\nimport run\n"
                "from driver import suites, process\n"
                "from driver.suites import Suite\n"
                "def wait(*a): print('ready', flush=True); process.call(['sleep', '60'], "
                "None, 60); process.call(['true'], None, 1)\n"
                "run.SUITES = (Suite('slow', '', wait),)\n"
                "sys.argv = ['run', '--build', sys.argv[2]]\nsys.exit(run.main())\n")
        with subprocess.Popen([sys.executable, "-c", text, RUN.parent, slow],
                              stdout=subprocess.PIPE, text=True) as child:
            self.assertEqual(child.stdout.readline(), "ready\n")
            time.sleep(0.2)
            child.send_signal(signal.SIGINT)
            out, _ = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 1)
        self.assertEqual(out.splitlines()[-1], "0 passed, 1 failed, 0 skipped")

    def test_unknown_suite(self):
        done = subprocess.run([sys.executable, RUN, "nosuch"], capture_output=True)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
