# SPDX-License-Identifier: MIT
"""ctoken - C and C++ source as tokens and functions, enough for a linter.

Example: [f.name for f in functions(tokenise("int main(void) { return 0; }"))]
Guarantees: comments, strings, character literals, raw strings and preprocessor
    lines are single tokens, so no rule can be fooled by their content.
Limits: no macro expansion. A function whose braces come out of a macro is unseen.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s|\\\n)+)
  | (?P<comment>/\*.*?\*/|//(?:\\\n|[^\n])*)
  | (?P<pp>(?<![^\n])[ \t]*\#(?:\\\n|/\*.*?\*/|//[^\n]*|[^\n])*)
  | (?P<string>(?:u8|[uUL])?R"(?P<delim>[^()\\\s]{0,16})\(.*?\)(?P=delim)"
             |(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>[uUL]?'(?:\\.|[^'\\\n])+')
  | (?P<number>\.?[0-9](?:'?[\w.]|[eEpP][+-])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<punct>->|::|\.\.\.|[-+*/%&|^=<>!]=|&&|\|\||<<|>>|.)
    """,
    re.X | re.S,
)


@dataclass(frozen=True)
class Token:
    kind: str  # comment pp string char number word punct
    text: str
    line: int


@dataclass(frozen=True)
class Function:
    name: str
    head: tuple  # tokens before the opening brace
    body: tuple  # tokens between the braces
    line: int  # of the name
    end: int  # of the closing brace

    @property
    def static(self):
        return any(t.text == "static" for t in self.head)

    @property
    def length(self):
        return self.end - self.line + 1


@dataclass(frozen=True)
class Variable:
    name: str
    head: tuple  # tokens of the declaration, initialiser left out
    line: int


def tokenise(text):
    """All tokens but white space, in order."""
    tokens, line = [], 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            kind = "string" if match.group("string") else match.lastgroup
            tokens.append(Token(kind, match.group(), line))
        line += match.group().count("\n")
    return tokens


def includes(tokens):
    """(line, file name, True for <...>) of each #include."""
    for token in tokens:
        match = token.kind == "pp" and re.match(
            r'\s*#\s*include\s*([<"])([^>"]+)[>"]', token.text
        )
        if match:
            yield token.line, match.group(2), match.group(1) == "<"


def opt_outs(tokens):
    """{line: {rules}} named by nocheck comments; one alone on its line covers the
    next line too."""
    found = {}
    lines_with_code = {t.line for t in tokens if t.kind != "comment"}
    for token in tokens:
        if token.kind not in ("comment", "pp"):
            continue  # a directive's token includes the comment behind it
        for rule in re.findall(r"nocheck:([a-z-]+)", token.text):
            last = token.line + token.text.count("\n")
            covered = [last] if token.line in lines_with_code else [last, last + 1]
            for line in covered:
                found.setdefault(line, set()).add(rule)
    return found


def _groups(head):
    """Top-level (...) groups of a declaration: (index of the '(', index of ')')."""
    groups, depth, start = [], 0, None
    for index, token in enumerate(head):
        if token.text in ("(", "["):
            if depth == 0 and token.text == "(":
                start = index
            depth += 1
        elif token.text in (")", "]"):
            depth -= 1
            if depth == 0 and start is not None:
                groups.append((start, index))
                start = None
    return groups


_BEFORE_BODY = {")", "const", "noexcept", "override", "final", "mutable"}
_ATTRIBUTES = {"__attribute__", "noexcept", "alignas", "_Alignas", "decltype", "asm"}


def _function_name(head):
    """The name token when the declaration before a '{' is a function's, else None."""
    if not head or head[-1].text not in _BEFORE_BODY:
        return None
    depth = 0
    for token in head:
        if token.text in "([":
            depth += 1
        elif token.text in ")]":
            depth -= 1
        elif token.text == "=" and depth == 0 and not _has(head, "operator"):
            return None
    for start, _ in reversed(_groups(head)):
        before = head[start - 1] if start else None
        if before is None:
            return None
        if before.kind == "word" and before.text not in _ATTRIBUTES:
            return before
        if _has(head, "operator"):
            return before
    return None


def _spoken(name, head):
    """A GTest is called by its suite and name."""
    if not name.text.startswith("TEST"):
        return name.text
    return name.text + " " + ".".join(t.text for t in head if t.kind == "word")[
        len(name.text) + 1 :]


def _has(head, *words):
    return any(t.kind == "word" and t.text in words for t in head)


def _scope_kind(head):
    """What a '{' after this declaration opens: transparent, type, init or func."""
    if _has(head, "namespace") or (head and head[-1].kind == "string"):
        return "transparent"  # extern "C" ends in a string
    if _function_name(head):
        return "func"
    if _has(head, "struct", "class", "union") and not any(t.text == "=" for t in head):
        return "type"
    return "init"  # enum bodies too: nothing inside them interests a rule


def _matching(tokens, start):
    depth = 0
    for index in range(start, len(tokens)):
        if tokens[index].text == "{":
            depth += 1
        elif tokens[index].text == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def declarations(tokens):
    """(functions, file-scope variables) of a file; methods count as functions."""
    code = [t for t in tokens if t.kind not in ("comment", "pp")]
    functions_, variables = [], []
    head, scopes, index = [], [], 0
    while index < len(code):
        token = code[index]
        if token.text == "{" and token.kind == "punct":
            kind = _scope_kind(head)
            end = _matching(code, index)
            if kind == "func":
                name = _function_name(head)
                body = tuple(code[index + 1 : end])
                functions_.append(
                    Function(_spoken(name, head), tuple(head), body, name.line,
                             code[end].line)
                )
                head, index = [], end
            elif kind == "init":
                index = end  # the declaration goes on to its semicolon
            else:
                scopes.append((kind, tuple(head)))
                head = []
        elif token.text == "}":
            kind, opened = scopes.pop() if scopes else ("transparent", ())
            head = list(opened) if kind == "type" else []
        elif token.text == ";":
            if not any(kind == "type" for kind, _ in scopes):
                variables += _variables(head)
            head = []
        elif token.text == ":" and head and head[-1].text in (
            "public", "private", "protected",
        ):
            head = []
        else:
            head.append(token)
        index += 1
    return functions_, variables


def functions(tokens):
    return declarations(tokens)[0]


def static_locals(function):
    """Declarations marked static inside a function."""
    found, statement = [], None
    for token in function.body:
        if token.kind == "word" and token.text == "static":
            statement = [token]
        elif statement is not None and token.text in (";", "{"):
            found += _variables(statement)
            statement = None
        elif statement is not None:
            statement.append(token)
    return found


_NOT_DATA = ("typedef", "using", "extern", "static_assert", "_Static_assert", "friend",
             "template", "G_DEFINE_AUTOPTR_CLEANUP_FUNC")


def _variables(head):
    """The variable that a finished declaration defines: a list of none or one."""
    if not head or _has(head, *_NOT_DATA):
        return []
    assigned = next((i for i, t in enumerate(head) if t.text == "="), None)
    declared = head[:assigned] if assigned is not None else head
    depth, name = 0, None
    for token in declared:
        if token.text in "([":
            depth += 1
        elif token.text in ")]":
            depth -= 1
        elif token.kind == "word" and depth == 0:
            name = token
    groups = _groups(declared)
    if groups:
        inside = declared[groups[0][0] + 1 : groups[0][1]]
        if not inside or inside[0].text != "*":
            return []  # a prototype or a macro call
        name = next((t for t in inside if t.kind == "word" and t.text != "const"), None)
        declared = [declared[0], *inside]  # whether the pointer is constant
    if name is None or len(declared) < 2:
        return []
    if _has(declared, "struct", "union", "enum") and len(declared) < 3:
        return []  # a forward declaration
    return [Variable(name.text, tuple(declared), name.line)]
