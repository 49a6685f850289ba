# SPDX-License-Identifier: MIT
"""rules_sizes - budgets: lines of files and functions, nesting, names, static data."""

import ast
import re

from ctoken import static_locals
from tree import Finding

FILE_MAX = 450
MESON_MAX = 200
FUNCTION_MAX = 80
NESTING_MAX = 4
# Path -> why it may be longer than FILE_MAX.
LONG_FILES = {}
# Types CPython's API takes as non-const pointers, though nobody writes to them
# after the module is defined.
CPYTHON_TABLES = {
    "PyModuleDef", "PyModuleDef_Slot", "PyMethodDef", "PyMemberDef", "PyGetSetDef",
    "PyType_Slot", "PyType_Spec", "PyStructSequence_Desc", "PyStructSequence_Field",
}


def check_file_length(tree):
    """Files stay short enough to read in one go."""
    for source in tree.matching(lambda s: s.is_code):
        limit = MESON_MAX if source.is_meson else FILE_MAX
        lines = len(source.lines) - 1
        if lines > limit and source.path not in LONG_FILES:
            yield Finding(source.path, limit + 1, f"{lines} lines, at most {limit}")
    for path in LONG_FILES:
        source = tree.sources.get(path)
        if source and len(source.lines) - 1 <= FILE_MAX:
            yield Finding(path, 1, "no longer long: take it off LONG_FILES")


def c_functions(tree, inside=""):
    for source in tree.matching(lambda s: s.is_c and s.path.startswith(inside)):
        for function in source.declarations[0]:
            yield source, function


def check_function_length(tree):
    """No function over the limit, C and Python."""
    for source, function in c_functions(tree):
        if function.length > FUNCTION_MAX and not source.excused(
            function.line, "length"
        ):
            yield Finding(source.path, function.line,
                          f"{function.name} has {function.length} lines, "
                          f"at most {FUNCTION_MAX}")
    for source in tree.matching(lambda s: s.is_python):
        yield from _python_lengths(source)


def _python_lengths(source):
    try:
        module = ast.parse(source.text)
    except SyntaxError as error:
        yield Finding(source.path, error.lineno or 1, f"syntax error: {error.msg}")
        return
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_MAX:
                yield Finding(source.path, node.lineno,
                              f"{node.name} has {length} lines, at most {FUNCTION_MAX}")


def _opens_block(tokens, brace):
    """Whether this '{' opens a block, not an initialiser or a compound literal."""
    if brace == 0:
        return True
    before = tokens[brace - 1]
    if before.text != ")":
        return before.text not in ("=", ",", "(", "{", "[", "return")
    depth, index = 0, brace - 1
    while index >= 0:
        depth += {")": 1, "(": -1}.get(tokens[index].text, 0)
        if depth == 0:
            break
        index -= 1
    opener = tokens[index - 1] if index > 0 else before
    return opener.text == "]" or opener.kind == "word" and opener.text != "return"


def nesting(function):
    """(deepest level of control blocks, line where it opens)."""
    depth, stack, deepest, at = 0, [], 0, function.line
    for index, token in enumerate(function.body):
        if token.text == "{" and token.kind == "punct":
            stack.append(_opens_block(function.body, index))
            depth += stack[-1]
            if depth > deepest:
                deepest, at = depth, token.line
        elif token.text == "}" and stack:
            depth -= stack.pop()
    return deepest, at


def check_nesting(tree):
    """Control blocks inside each other stay few."""
    for source, function in c_functions(tree):
        deepest, line = nesting(function)
        if deepest > NESTING_MAX and not source.excused(line, "nesting"):
            yield Finding(source.path, line,
                          f"{function.name} nests {deepest} deep, at most {NESTING_MAX}")


def _stem(source):
    return source.name.rsplit(".", 1)[0].removesuffix("-private")


def _family(source):
    return _stem(source).split("-")[0]


def _headers_beside(source, tree):
    """Headers of a family of files, json-scan.h for json-string.c, and the folder's own
    header, interpreter/interpreter.h."""
    folder = source.folder.rsplit("/", 1)[-1]
    return [
        s for s in tree.matching(lambda s: s.path.endswith(".h"))
        if s.folder == source.folder and _family(s) in (_family(source), folder)
    ]


def _well_named(function, source, headers):
    """tool-cache-stats.c may define tool_cache_stats_x; where tool-cache.h is also
    tool_cache_x; and tool_x where a header of the family tool declares it."""
    stems = {_stem(source), re.sub(r"(module|object)$", "", _stem(source))}
    stems |= {_stem(h) for h in headers if _stem(source).startswith(_stem(h) + "-")}
    names = [stem.replace("-", "_") for stem in stems]
    if any(function.name == n or function.name.startswith(n + "_") for n in names):
        return True
    return any(
        function.name.startswith(_family(header) + "_")
        and any(t.text == function.name for t in header.tokens)
        for header in headers
    )


def check_prefix(tree):
    """Functions other files can see are named after their file."""
    for source in tree.matching(
        lambda s: s.path.endswith(".c") and s.path.startswith(("native-modules/", "host/"))
    ):
        headers = _headers_beside(source, tree)
        for function in source.declarations[0]:
            if function.static or function.name == "main":
                continue
            # CPython finds the ones by name, the linker the others.
            if function.name.startswith(("PyInit_", "__wrap_")) or source.excused(
                function.line, "prefix"
            ):
                continue
            if not _well_named(function, source, headers):
                yield Finding(source.path, function.line,
                              f"{function.name} should start with "
                              f"{_stem(source).replace('-', '_')}_")


def _is_constant(variable):
    words = [t.text for t in variable.head]
    if CPYTHON_TABLES & set(words) or "constexpr" in words:
        return True
    if "*" in words:  # the pointer itself must be constant
        last = len(words) - 1 - words[::-1].index("*")
        return "const" in words[last:]
    return "const" in words


def check_static(tree):
    """No mutable data of the process in native modules: they are shared by
    interpreters and processes through the stores only."""
    for source in tree.matching(
        lambda s: s.is_c and s.path.startswith("native-modules/")
    ):
        functions, variables = source.declarations
        local = [v for f in functions for v in static_locals(f)]
        for variable in variables + local:
            if not _is_constant(variable) and not source.excused(
                variable.line, "static"
            ):
                yield Finding(source.path, variable.line,
                              f"mutable static data: {variable.name}")


def function_report(tree):
    """One line about C functions outside tests: count, median, 95th percentile."""
    lengths = sorted(
        f.length for s, f in c_functions(tree) if not s.path.startswith("tests/")
    )
    if not lengths:
        return "functions: none"
    return (f"functions: {len(lengths)}, median {lengths[len(lengths) // 2]} lines, "
            f"95th percentile {lengths[int(len(lengths) * 0.95)]}, longest {lengths[-1]}")
