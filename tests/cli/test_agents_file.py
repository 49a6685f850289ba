# SPDX-License-Identifier: MIT
"""Mistakes in a launcher file: each has its line, its column and the nearest name."""

import unittest

from agents import AgentsCase
from host import run

GOOD = '[[agent]]\nscript = "a.py"\n'


class Mistakes(AgentsCase):
    def refused(self, toml, *messages):
        """Each message is `line:column: text`, the text may be a part."""
        self.write("a.py", "print('ran')")
        path = self.write("agents.toml", toml)
        done = run("run", path, env=self.env)
        self.expect(done, 3, "")
        self.said = done.stderr
        lines = done.stderr.removeprefix("ferrule: ").splitlines()
        self.assertEqual(len(lines), len(messages), done.stderr)
        for line, message in zip(lines, messages):
            self.assertTrue(line.startswith(f"{path}:"), line)
            self.assertIn(message, line)
        checked = run("check", path)
        self.assertEqual(checked.returncode, 3, checked.stdout)
        for message in messages:
            place, _, text = message.partition(": ")
            self.assertIn(f":{place}: error: ", checked.stdout)

    def test_unknown_keys(self):
        self.refused("prelaod = []\n" + GOOD, '1:1: unknown key "prelaod"; the nearest '
                                              'is "preload"')
        self.refused(GOOD + 'pirority = "batch"\n', '3:1: unknown key "pirority" in '
                                                    'agent[0]; the nearest is "priority"')
        self.refused(GOOD + 'limits = { cpu = 1, mem = "1M" }\n',
                     '3:21: unknown key "mem" in agent[0].limits; the nearest is "mem')
        self.refused("[stores.a]\nttll = 3\n" + GOOD,
                     '2:1: unknown key "ttll" in stores.a; the nearest is "ttl"')

    def test_wrong_values(self):
        for line, column, text in (
            ("workers = 0", 11, "a whole number from 1 to 1,024"),
            ("workers = -1", 11, "a whole number from 1 to 1,024"),
            ("workers = 10_000", 11, "a whole number from 1 to 1,024"),
            ("workers = true", 11, "a whole number"),
            ("workers = 1.5", 11, "a whole number"),
            ('restart = "sometimes"', 11, '"never", "on-failure" or "always"'),
            ('restart = ["never"]', 11, '"never", "on-failure" or "always"'),
            ('priority = "high"', 12, '"normal" or "batch"'),
            ('args = "x"', 1, "a list in [ ]"),
            ("args = [\n  'a',\n  3 ]", None, "agent[0].args[1]: expected text"),
            ("env = { A = 1.5 }", 13, "agent[0].env.A: expected text"),
            ("env = [ ]", 7, "a table"),
            ('limits = { memory = "lots" }', 21, 'a size such as "512M"'),
            ("limits = { cpu = 0 }", 18, "a whole number"),
            ('name = "two words"', 8, "a name of 1 to 64 bytes"),
            ('name = ""', 8, "a name of 1 to 64 bytes"),
        ):
            with self.subTest(line=line):
                where = "5:3" if column is None else f"3:{column}"
                self.refused(GOOD + line + "\n", f"{where}: ")
                self.assertIn(text, self.said)

    def test_what_is_expected_is_said(self):
        self.refused(GOOD + 'workers = 0\nrestart = "sometimes"\n',
                     "3:11: agent[0].workers: expected a whole number from 1 to 1,024",
                     '4:11: agent[0].restart: expected "never", "on-failure" or "always"')

    def test_all_of_them_at_once_in_the_order_of_the_text(self):
        self.refused('x = 1\n[stores.s]\nttl = -1\n[[agent]]\nscirpt = "a.py"\n',
                     '1:1: unknown key "x"', "3:7: stores.s.ttl: expected a number",
                     '5:1: unknown key "scirpt" in agent[0]; the nearest is "script"')

    def test_text_that_is_no_toml(self):
        self.refused(GOOD + "workers = = 2\n", "3:11: Invalid value")
        self.refused(GOOD + 'args = ["x"\n', "4:1: Unclosed array")
        self.refused(GOOD + 'name = "x\n', "3:10: ")
        self.refused(GOOD + GOOD.replace("[[", "[").replace("]]", "]"), "3:7: ")
        self.refused("a = " + "[" * 5000 + "]" * 5000 + "\n" + GOOD, "1:1: ")

    def test_what_is_missing(self):
        self.refused("", "1:1: no [[agent]]: nothing to run")
        self.refused('[[agent]]\nname = "x"\n', "1:1: agent[0] has no script")
        self.refused('[agent]\nscript = "a.py"\n', "1:1: agent: expected [[agent]] tables")
        self.refused('agent = 3\n', "1:1: agent: expected [[agent]] tables")

    def test_a_name_twice(self):
        self.refused(GOOD + GOOD, '1: agent[1].name: there is a "a" already')

    def test_too_many_workers_in_all(self):
        self.refused(GOOD + 'workers = 1000\n[[agent]]\nname = "b"\nscript = "a.py"\n'
                     "workers = 25\n", "7:11: more than 1,024 workers in all")

    def test_a_script_that_is_not_there(self):
        self.refused_run('[[agent]]\nscript = "nowhere.py"\n', "2:10: cannot run ")

    def refused_run(self, toml, message):
        path = self.write("agents.toml", toml)
        done = run("run", path, env=self.env)
        self.expect(done, 3, "", f"{path}:{message}")

    def test_a_folder_without_agent(self):
        (self.folder / "empty").mkdir()
        self.refused_run('[[agent]]\nscript = "empty"\n', "2:10: ")

    def test_bytes_that_are_no_text(self):
        path = self.write("agents.toml", b'[[agent]]\nscript = "\xff.py"\n')
        self.expect(run("run", path, env=self.env), 3, "", f"{path}:2:11: not UTF-8")

    def test_a_file_that_is_not_there_or_too_long(self):
        self.expect(run("run", self.folder / "no.toml"), 2, "", "cannot read")
        path = self.write("agents.toml", GOOD + "#" * (1 << 20))
        self.expect(run("run", path, env=self.env), 3, "", "more than 1,048,576 bytes")

    def test_arguments_belong_into_the_file(self):
        path = self.write("agents.toml", GOOD)
        self.expect(run("run", path, "--verbose"), 2, "", '"--verbose" is for nobody')

    def test_the_number_of_workers_does_too(self):
        path = self.write("agents.toml", GOOD)
        done = run("run", "--workers", 2, path)
        self.expect(done, 2, "", "--workers goes with a script")

    def test_a_store_that_cannot_be(self):
        self.write("a.py", "")
        self.refused_run("[stores.tools]\nmax_bytes = 1\n" + GOOD, "1:1: stores.tools: ")


class Good(AgentsCase):
    def test_every_key(self):
        done = self.run_agents({"sub/a.py": """
            import os, sys
            print(sys.argv[1:], os.environ["MODE"], os.environ["N"], os.nice(0))
            """}, """
            # all of them
            preload = ["json"]
            preload_timeout = 20
            stores.tools = { max_entries = 10, ttl = 1.5, max_bytes = "1M" }
            [stores.other]
            scope = "run"
            [[agent]]
            name = "désk"
            script = "sub/a.py"
            args = ["--x", "é"]
            workers = 1
            env = { MODE = "live", N = 3 }
            restart = "never"
            priority = "batch"
            limits = { memory = "512M", cpu = 60, wall = 300, files = 256 }
            """)
        self.expect(done, 0, "désk | ['--x', 'é'] live 3 10\n", "")
        self.expect(run("check", self.folder / "agents.toml"), 0)

    def test_name_is_the_script_s_when_none_is_given(self):
        done = self.run_agents({"deep/er.py": "print(1)"},
                               '[[agent]]\nscript = "deep/er.py"')
        self.expect(done, 0, "er | 1\n", "")


if __name__ == "__main__":
    unittest.main()
