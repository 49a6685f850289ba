# SPDX-License-Identifier: MIT
"""ferrule check: each kind of file, every mistake with line:column, exit codes."""

import json
import re
import unittest

from host import HostCase, run


class CheckCase(HostCase):
    def check(self, name, content, *options, code):
        return self.expect(run("check", self.write(name, content), *options),
                           code=code, err="")

    def report(self, name, content, code=3):
        return json.loads(self.check(name, content, "--json", code=code).stdout)

    def places(self, name, content, code=3):
        """[(line, column, message)]"""
        mistakes = self.report(name, content, code)["mistakes"]
        return [(m["line"], m["column"], m["message"]) for m in mistakes]

    def assert_places(self, found, *wanted):
        self.assertEqual([f[:2] for f in found], [w[:2] for w in wanted], found)
        for (_, _, message), (_, _, part) in zip(found, wanted):
            self.assertIn(part, message)


class Schemas(CheckCase):
    def test_every_kind_of_mistake_with_its_place(self):
        found = self.places("tool.json", """\
            {"type": "object",
             "propertes": {},
             "properties": {
               "city": {"type": "strin"},
               "mail": {"format": "emial"},
               "code": {"pattern": "\\u0061[z-a]"},
               "next": {"$ref": "#/$defs/nod"}
             },
             "required": ["city", "cty"],
             "$defs": {"node": {"minimum": "1"}}
            }
            """)
        self.assert_places(
            found,
            (2, 2, 'did you mean "properties"?'),
            (4, 21, 'did you mean "string"?'),
            (5, 23, 'did you mean "email"?'),
            (6, 33, "bad pattern at character"),
            (7, 21, 'did you mean "#/$defs/node"?'),
            (9, 23, 'did you mean "city"?'),
            (10, 32, "minimum"),
        )

    def test_text_names_file_line_and_column(self):
        done = self.check("a.json", '{\n "typ": "string"}', code=3)
        self.assertRegex(done.stdout, r'a\.json:2:2: warning: .*did you mean "type"\?')

    def test_a_schema_without_mistakes(self):
        schema = '{"type": "object", "x-order": 1, "properties": {"a": {"format": "date"}}}'
        done = self.check("a.json", schema, code=0)
        self.assertIn("without mistakes", done.stdout)
        self.assertTrue(self.report("a.json", schema, code=0)["ok"])

    def test_dump_prints_the_program(self):
        schema = '{"properties": {"unit": {"enum": ["celsius"]}}, "required": ["unit"]}'
        done = self.check("a.json", schema, "--dump", code=0)
        self.assertIn("unit required", done.stdout)
        self.assertIn('enum "celsius"', done.stdout)
        program = json.loads(
            self.check("a.json", schema, "--dump", "--json", code=0).stdout
        )["program"]
        self.assertIn("unit required", program)

    def test_text_that_is_no_schema(self):
        for content, place in (("{,}", (1, 2)), ("", (1, 1)), ("3", (1, 1)),
                               ('{"a": 1,\n "a": 2}', (2, 2)), (b'{"\xff"', (1, 3)),
                               ("[" * 100_000, (1, 257))):  # fmt: skip
            with self.subTest(content=content[:20]):
                self.assertEqual(self.places("a.json", content)[0][:2], place)

    def test_dialects(self):
        draft4 = '{"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}'
        self.assertIn("const", self.places("a.json", draft4)[0][2])
        unknown = '{"$schema": "https://example.com/mine"}'
        self.assertIn("unknown dialect", self.places("a.json", unknown)[0][2])

    def test_nothing_is_fetched(self):
        found = self.places("a.json", '{"$ref": "https://example.com/other"}')
        self.assertIn("https://example.com/other", found[0][2])


class Manifests(CheckCase):
    GOOD = '{"name": "desk", "version": "1.0", "entry": "agent.py"}'

    def test_good(self):
        self.assertEqual(
            self.report("ferrule.json", self.GOOD, code=0)["kind"], "manifest"
        )

    def test_mistakes_have_line_column_and_nearest_key(self):
        found = self.places("ferrule.json", """\
            {"name": "desk",
             "verson": "1.0",
             "entry": 7}
            """)
        self.assert_places(found, (1, 1, '"version"'), (2, 2, 'did you mean "version"?'),
                           (3, 11, "expected string"))

    def test_known_by_content_and_by_folder(self):
        self.assertEqual(self.report("other.json", self.GOOD, code=0)["kind"], "manifest")
        self.write("agent/ferrule.json", '{"name": "desk"}')
        done = self.expect(run("check", self.folder / "agent"), code=3)
        self.assertIn("ferrule.json:1:1:", done.stdout)


class Configurations(CheckCase):
    def test_good(self):
        content = "# limits\n[limits]\nmemory = 512M\n"
        self.assertEqual(
            self.report("ferrule.conf", content, code=0)["kind"], "configuration"
        )
        self.assertEqual(self.report("mine", content, code=0)["kind"], "configuration")

    def test_every_mistake(self):
        found = self.places("ferrule.conf", """\
            [limits]
            memory = much
            nonsense
              cpus = 3
            [permission]
            network = no
            [permissions]
            network = maybe
            """)
        self.assert_places(found, (2, 1, "a size such as 512M"), (3, 1, "nonsense"),
                           (4, 3, 'nearest is "cpu"'), (5, 1, "[permissions]"),
                           (8, 1, "yes or no"))

    def test_bytes_that_are_no_text(self):
        self.assert_places(self.places("a.conf", b"[limits]\ncpu\xff=1"),
                           (2, 4, "UTF-8"))
        self.assert_places(self.places("a.conf", b"[limits]\ncpu\0=1"), (2, 4, "NUL"))

    def test_an_operator_with_a_broken_configuration_can_check_it(self):
        path = self.write("ferrule.conf", "[limits]\ncpuu = 1\n")
        done = run("check", path, env={"FERRULE_CONFIG": str(path)})
        self.assertIn("ferrule.conf:2:1:", self.expect(done, code=3, err="").stdout)


class Launchers(CheckCase):
    def test_good(self):
        content = '[[agent]]\nscript = "desk.py"\n'
        self.assertEqual(self.report("agents.toml", content, code=0)["kind"], "launcher")

    def test_every_mistake(self):
        found = self.places("agents.toml", """\
            preload = ["json"]
            [[agent]]
            name = "desk"
            scrpt = "desk.py"
            workers = 0
            """)
        self.assert_places(found, (4, 1, 'nearest is "script"'), (5, 11, "whole number"))

    def test_text_that_is_no_toml(self):
        found = self.places("agents.toml", '[[agent]]\nname = "desk"\nscript = \n')
        self.assertEqual(found[0][:1], (3,))


class CommandLines(CheckCase):
    def test_help(self):
        done = self.expect(run("check", "--help"), err="")
        for word in ("--json", "--dump", "ferrule.json"):
            self.assertIn(word, done.stdout)

    def test_usage(self):
        path = self.write("a.json", "{}")
        for words in ((), (path, path), (path, "--yaml"), (self.folder / "none",),
                      (self.folder,), (self.write("a.conf", ""), "--dump")):  # fmt: skip
            with self.subTest(words=words):
                done = self.expect(run("check", *words), code=2, out="")
                self.assertTrue(re.match(r"ferrule: check: ", done.stderr), done.stderr)

    def test_the_folder_it_is_called_in_is_nothing_to_it(self):
        path = self.write("a.json", "{}")
        self.write("json.py", "raise SystemExit('taken')")
        self.expect(run("check", path, cwd=self.folder), code=0, err="")


if __name__ == "__main__":
    unittest.main()
