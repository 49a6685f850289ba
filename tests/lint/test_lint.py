# SPDX-License-Identifier: MIT
"""Tests of the linter: every rule is shown to fire on bad text and to spare good."""

import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import ctoken
import lint
import rules_layers
import rules_sizes
import rules_text
import rules_tools
from tree import Tree

ENGINE = "native-modules/toolcache/tool-cache.c"


def messages(check, files, root="/nonexistent"):
    tree = Tree.of({p: textwrap.dedent(t) for p, t in files.items()}, root)
    return [f"{f.path}:{f.line}: {f.message}" for f in check(tree)]


class RuleCase(unittest.TestCase):
    def fires(self, check, files, *parts):
        said = messages(check, files)
        self.assertEqual(len(said), 1, said)
        for part in parts:
            self.assertIn(part, said[0])

    def spares(self, check, files):
        self.assertEqual(messages(check, files), [])


class Tokens(unittest.TestCase):
    def names(self, text):
        return [f.name for f in ctoken.functions(ctoken.tokenise(text))]

    def variables(self, text):
        return [v.name for v in ctoken.declarations(ctoken.tokenise(text))[1]]

    def test_strings_and_comments_hide_braces(self):
        text = 'int a(void) { char *s = "}{"; /* } */ char c = \'}\'; return 0; }\n'
        self.assertEqual(self.names(text + "int b(void) { return 1; }"), ["a", "b"])

    def test_raw_strings_hide_quotes(self):
        self.assertEqual(self.names('TEST(A, B) { f(R"x(" } )x"); }'), ["TEST A.B"])

    def test_initialisers_and_types_are_no_functions(self):
        text = "static int t[] = {1, 2};\nstruct S { int a; };\nenum E { X = f(1) };\n"
        self.assertEqual(self.names(text), [])
        self.assertEqual(self.variables(text), ["t"])

    def test_macro_line_before_a_function(self):
        text = "G_DEFINE_QUARK(a-b, a_b)\nint\na_c(int x)\n{\n    return x;\n}\n"
        self.assertEqual(self.names(text), ["a_c"])

    def test_macro_line_before_an_enumeration(self):
        self.assertEqual(self.names("G_DEFINE_QUARK(a, b)\nenum {\n    A = 1\n};\n"), [])

    def test_extern_c_and_namespaces_are_transparent(self):
        text = 'extern "C" { int f(void) { return 0; } }\nnamespace n { int g() {} }'
        self.assertEqual(self.names(text), ["f", "g"])

    def test_methods_are_found(self):
        self.assertEqual(self.names("class A { public: int m() const { return 1; } };"),
                         ["m"])

    def test_prototypes_are_no_data(self):
        text = "int f(int a);\nextern int g;\ntypedef int T;\nstruct S;\nvoid h(int (*call)(int), T *t);\n"
        self.assertEqual(self.variables(text), [])

    def test_data_is_found(self):
        text = "int a;\nstatic T *b = NULL;\nint (*c)(int);\nint d[3][2];\n"
        self.assertEqual(self.variables(text), ["a", "b", "c", "d"])

    def test_length_counts_from_the_name_to_the_brace(self):
        function = ctoken.functions(ctoken.tokenise("static int\nf(void)\n{\n}\n"))[0]
        self.assertEqual((function.line, function.length, function.static), (2, 3, True))


class Text(RuleCase):
    def test_spdx(self):
        self.fires(rules_text.check_spdx, {"a.c": "int a;\n"}, "a.c:1", "SPDX")
        self.spares(rules_text.check_spdx,
                    {"a.py": "#!/x\n# SPDX-License-Identifier: MIT\n", "a.txt": "x\n"})

    def test_white_space(self):
        self.fires(rules_text.check_whitespace, {"a.txt": "x\ny \n"}, "a.txt:2")
        self.fires(rules_text.check_whitespace, {"a.txt": "x\tx\n"}, "tab")
        self.fires(rules_text.check_whitespace, {"a.txt": "x\n\n"}, "blank line")
        self.fires(rules_text.check_whitespace, {"a.txt": "x"}, "no newline")
        self.spares(rules_text.check_whitespace, {"a.txt": "x\ny\n", "empty": ""})

    def test_registry_hosts(self):
        for host in ("py" + "pi.org", "npm" + "js.org", "deb.deb" + "ian.org"):
            self.fires(rules_text.check_words, {"a.txt": f"see {host}\n"}, host)

    def test_paths_of_one_machine(self):
        self.fires(rules_text.check_words, {"a.txt": "cd /wo" "rk/x\n"}, "absolute")
        self.fires(rules_text.check_words, {"a.txt": "cd /ho" "me/joe/x\n"}, "absolute")
        self.spares(rules_text.check_words, {"a.txt": "a relative/work/x and /ho" "me/me/x\n"})

    def test_path_of_the_checkout(self):
        with tempfile.TemporaryDirectory() as root:
            said = messages(rules_text.check_words, {"a.txt": f"in {root}/x\n"}, root)
        self.assertEqual(len(said), 1)

    def test_unowned_todo(self):
        self.fires(rules_text.check_words, {"a.c": "/* TO" "DO later */\n"}, "TODO")
        self.spares(rules_text.check_words, {"a.c": "/* TO" "DO #12 */\n"})

    def test_documents_name_what_is_there(self):
        files = {"README.md": "Look at `host/gone.c` and `host/main.c`.\n",
                 "host/main.c": ""}
        self.fires(rules_text.check_docs, files, "README.md:1", "host/gone.c")
        files["README.md"] = "See [x](gone.md).\n"
        self.fires(rules_text.check_docs, files, "gone.md")

    def test_documents_may_speak_of_other_things(self):
        text = "`./dev run`, `build/ferrule`, `a/b`, `host/{main,x}.c`, `host/*.c`\n"
        files = {"README.md": text, "host/main.c": "", "host/x.c": ""}
        self.spares(rules_text.check_docs, files)


class Layers(RuleCase):
    def test_engine_may_not_see_python(self):
        self.fires(rules_layers.check_includes, {ENGINE: "#include <Python.h>\n"},
                   "python")

    def test_engines_may_not_see_each_other(self):
        self.fires(rules_layers.check_includes,
                   {ENGINE: '#include "schema-guard.h"\n',
                    "native-modules/schemaguard/schema-guard.h": ""}, "schemaguard")

    def test_engine_may_not_see_the_host(self):
        self.fires(rules_layers.check_includes,
                   {ENGINE: '#include "config.h"\n', "host/config/config.h": ""},
                   "layer config")

    def test_engine_may_not_see_other_libraries(self):
        for header in ("pcre2.h", "gio/gio.h", "json-glib/json-glib.h", "zstd.h"):
            self.fires(rules_layers.check_includes,
                       {ENGINE: f"#include <{header}>\n"}, "may not use")

    def test_binding_sees_only_the_public_header(self):
        binding = "native-modules/toolcache/python/cachemodule.c"
        headers = {"native-modules/toolcache/tool-cache.h": "",
                   "native-modules/toolcache/cache-shard.h": ""}
        self.fires(rules_layers.check_includes,
                   {binding: '#include "cache-shard.h"\n', **headers}, "cache-shard.h")
        self.spares(rules_layers.check_includes,
                    {binding: '#include <Python.h>\n#include "tool-cache.h"\n',
                     **headers})

    def test_only_the_interpreter_sees_python(self):
        self.fires(rules_layers.check_includes,
                   {"host/cli/cli.c": "#include <Python.h>\n"}, "python")
        self.fires(rules_layers.check_includes,
                   {"host/main.c": "#include <Python.h>\n"}, "python")
        self.spares(rules_layers.check_includes,
                    {"host/interpreter/run.c": "#include <Python.h>\n"})

    def test_interpreter_may_not_see_engines(self):
        self.fires(rules_layers.check_includes,
                   {"host/interpreter/run.c": '#include "tool-cache.h"\n',
                    "native-modules/toolcache/tool-cache.h": ""}, "toolcache")

    def test_private_cpython_headers(self):
        for header in ("internal/pycore_lock.h", "pycore_pystate.h"):
            self.fires(rules_layers.check_includes,
                       {"host/interpreter/run.c": f'#include "{header}"\n'}, "private")
        self.fires(rules_layers.check_includes,
                   {"host/interpreter/run.c": "#define Py_BUILD_CORE 1\n"}, "opens")

    def test_commented_include_and_opt_out(self):
        self.spares(rules_layers.check_includes,
                    {ENGINE: "/* #include <Python.h> */\n"
                             "#include <zstd.h> /* nocheck:layer: measured */\n"})

    def test_meson_target(self):
        path = "native-modules/toolcache/meson.build"
        self.fires(rules_layers.check_meson,
                   {path: "static_library('t', 'a.c', dependencies: [base, pcre2])\n"},
                   "pcre2")
        self.fires(rules_layers.check_meson,
                   {path: "static_library('t', 'a.c', dependencies: python_headers)\n"},
                   "python_headers")
        self.spares(rules_layers.check_meson, {path: """\
            static_library('t', 'a.c', dependencies: [base])
            static_library('t-binding', 'python/m.c',
              dependencies: [toolcache, python_headers])
            """})

    def test_main_length(self):
        self.fires(rules_layers.check_main, {"host/main.c": "\n" * 81}, "at most 80")
        self.spares(rules_layers.check_main, {"host/main.c": "\n" * 80})


class Sizes(RuleCase):
    def test_file_length(self):
        self.fires(rules_sizes.check_file_length, {"a.c": "\n" * 451}, "451 lines")
        self.fires(rules_sizes.check_file_length, {"meson.build": "\n" * 201}, "200")
        self.spares(rules_sizes.check_file_length, {"a.c": "\n" * 450})

    def test_function_length(self):
        body = "    g();\n" * 78
        self.spares(rules_sizes.check_function_length,
                    {"a.c": f"void\nf(void)\n{{\n{body[:-9]}}}\n"})
        self.fires(rules_sizes.check_function_length,
                   {"a.c": f"void\nf(void)\n{{\n{body}}}\n"}, "f has 81 lines")
        self.fires(rules_sizes.check_function_length,
                   {"a.py": "def f():\n" + "    g()\n" * 80}, "f has 81 lines")

    def test_opt_out_of_length(self):
        text = "void\n/* nocheck:length: a scanner */\nf(void)\n{\n" + "g();\n" * 90 + "}\n"
        self.spares(rules_sizes.check_function_length, {"a.c": text})

    def test_nesting(self):
        deep = "void f(void) { " + "if (x) { " * 5 + "}" * 5 + " }\n"
        self.fires(rules_sizes.check_nesting, {"a.c": deep}, "5 deep")
        self.spares(rules_sizes.check_nesting,
                    {"a.c": "void f(void) { if (x) { T t = (T){{{{1}}}}; } }\n"})

    def test_prefix(self):
        self.fires(rules_sizes.check_prefix, {ENGINE: "int other(void) { }\n"},
                   "tool_cache_")
        self.spares(rules_sizes.check_prefix, {
            ENGINE: "int tool_cache_get(void) { }\nstatic int x(void) { }\n"})

    def test_prefix_of_a_header_the_name_starts_with(self):
        path = "native-modules/toolcache/tool-cache-stats.c"
        text = "int tool_cache_stats(void) { }\nint tool_cache_hits(void) { }\n"
        self.fires(rules_sizes.check_prefix, {path: text}, "tool_cache_hits")
        self.spares(rules_sizes.check_prefix,
                    {path: text, "native-modules/toolcache/tool-cache.h": ""})

    def test_prefix_of_what_a_header_declares(self):
        path = "native-modules/base/json-scan.c"
        text = "int json_error_text(void) { }\nint text(void) { }\n"
        self.fires(rules_sizes.check_prefix,
                   {path: text, "native-modules/base/json-scan.h":
                    "int json_error_text(void);\nint text(void);\n"}, ":2: text")

    def test_prefix_of_the_header_of_the_folder(self):
        text = "int interpreter_inittab(void) { }\nint interpreter_x(void) { }\n"
        self.fires(rules_sizes.check_prefix,
                   {"host/interpreter/inittab.c": text,
                    "host/interpreter/interpreter.h": "int interpreter_inittab(void);\n"},
                   "interpreter_x should start with inittab_")

    def test_prefix_of_what_the_linker_wraps(self):
        self.spares(rules_sizes.check_prefix,
                    {ENGINE: "int __wrap_X509_STORE_lock(void) { }\n"})

    def test_prefix_of_a_binding(self):
        self.spares(rules_sizes.check_prefix, {
            "native-modules/toolcache/python/cachemodule.c":
                "PyMODINIT_FUNC PyInit__ferrule_cache(void) { }\n"
                "int cache_add(void) { }\n"})

    def test_static_data(self):
        for text in ("static int hits;\n", "int hits = 0;\n",
                     "static const char *names[2];\n",
                     "static bool (*checks[2])(const char *const) = {f, g};\n",
                     "int f(void) { static int hits; return hits; }\n"):
            self.fires(rules_sizes.check_static, {ENGINE: text}, "mutable static")

    def test_constant_data(self):
        self.spares(rules_sizes.check_static, {ENGINE: """\
            static const char *const names[] = {"a"};
            static const int limits[] = {1, 2};
            static struct PyModuleDef module = {0};
            static bool (*const checks[2])(const char *, size_t) = {f, g};
            static PyMethodDef methods[] = {{0}};
            static pthread_once_t once; /* nocheck:static: pthread wants it */
            int tool_cache_x(void);
            """})


class Tools(unittest.TestCase):
    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in files.items():
            target = Path(folder.name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return Tree.read(folder.name)

    def run_check(self, check, files):
        findings, reason = lint.run_check(check, self.tree(files))
        if reason:
            self.skipTest(reason)
        return [f"{f.path}:{f.line}: {f.message}" for f in findings]

    def test_formatting(self):
        style = Path(__file__).resolve().parents[2] / ".clang-format"
        files = {".clang-format": style.read_text(), "a.c": "int  a ;\n", "b.c": "int b;\n"}
        said = self.run_check(rules_tools.check_format, files)
        self.assertEqual(len(said), 1, said)
        self.assertIn("a.c:1: not formatted", said[0])

    def test_header_lacking_an_include(self):
        good = "#pragma once\n#include <stdint.h>\nuint8_t f(void);\n"
        said = self.run_check(rules_tools.check_headers, {
            "host/cli/good.h": good, "host/cli/bad.h": "#pragma once\nuint8_t f(void);\n"})
        self.assertEqual([x.split(":")[0] for x in said], ["host/cli/bad.h"] * 2)

    def test_only_the_public_header_of_an_engine_is_for_cpp(self):
        text = "#pragma once\nstatic inline char *f(void *x) { return x; }\n"
        said = self.run_check(rules_tools.check_headers, {
            "native-modules/toolcache/cache-x.h": text,
            "native-modules/toolcache/tool-cache.h": text})
        self.assertEqual(len(said), 1, said)
        self.assertIn("tool-cache.h:1: does not compile alone as c++17", said[0])

    def test_header_without_a_guard(self):
        said = self.run_check(rules_tools.check_headers,
                              {"host/cli/x.h": "typedef struct { int a; } X;\n"})
        self.assertEqual(len(said), 2, said)

    def test_atomics_only_in_private_headers(self):
        text = "#pragma once\n#include <stdatomic.h>\ntypedef struct { _Atomic int a; } X;\n"
        said = self.run_check(rules_tools.check_headers,
                              {"host/cli/x.h": text, "host/cli/x-private.h": text})
        self.assertEqual(len(said), 1, said)
        self.assertIn("host/cli/x.h:1: does not compile alone as c++17", said[0])

    def test_python_headers_are_skipped_with_a_reason(self):
        tree = self.tree({"host/interpreter/x.h": "#include <Python.h>\n"})
        findings, reason = lint.run_check(rules_tools.check_python_headers, tree)
        self.assertEqual(findings, [])
        self.assertIn("./dev build", reason)


class Program(unittest.TestCase):
    def test_counts_and_exit_code(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.py").write_text("x = 1\n")
            done = subprocess.run(
                [sys.executable, lint.__file__, "--only", "spdx", "--only", "words", folder],
                capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("a.py:1: no SPDX", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 1 failed, 0 skipped")


if __name__ == "__main__":
    unittest.main()
