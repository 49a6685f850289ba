# SPDX-License-Identifier: MIT
"""Where each key and value of a TOML text stands, which tomllib does not tell.

Example:
    >>> places = find("[a]\\nb = [1, 2]\\n")
    >>> places.key("a", "b"), places.value("a", "b"), places.value("a", "b", 1)
    ((2, 1), (2, 5), (2, 9))

Guarantees: for every text that tomllib takes, each key and value has its place. Linear
in the text; no recursion.
"""

import re

_TOKEN = re.compile(
    r"""
      (?P<blank>  [ \t\r]+ | \#[^\n]* )
    | (?P<line>   \n )
    | (?P<string> \"{3} (?: [^"\\] | \\. | "{1,2}(?!") )* \"{3,5}
                | '{3} (?: [^'] | '{1,2}(?!') )* '{3,5}
                | " (?: [^"\\\n] | \\. )* " | ' [^'\n]* ' )
    | (?P<mark>   [\[\]{}=,.] )
    | (?P<bare>   [^\s\[\]{}=,.\#"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)


class Places:
    """(line, column) by path: names of keys and numbers of array elements."""

    def __init__(self):
        self._keys, self._values = {}, {}

    def key(self, *path):
        return self._nearest(self._keys, path)

    def value(self, *path):
        return self._nearest(self._values, path)

    @staticmethod
    def _nearest(places, path):
        """The place, else that of what it is in."""
        while path and path not in places:
            path = path[:-1]
        return places.get(path, (1, 1))

    def add(self, path, key, value=None):
        for length in range(1, len(path) + 1):
            self._keys.setdefault(path[:length], key)
            self._values.setdefault(path[:length], value or key)


class _Tokens:
    """The tokens of a text, with one to look at."""

    def __init__(self, text):
        self._matches = _TOKEN.finditer(text)
        self._line, self._start = 1, 0
        self.step()

    def step(self, over_lines=False):
        """To the next token; `kind` is None at the end."""
        skipped = ("blank", "line") if over_lines else ("blank",)
        self.kind = None
        for match in self._matches:
            self.text, kind = match[0], match.lastgroup
            self.place = self._line, match.start() - self._start + 1
            if newlines := self.text.count("\n"):
                self._line += newlines
                self._start = match.start() + self.text.rindex("\n") + 1
            if kind not in skipped:
                self.kind = kind
                return

    def is_mark(self, mark):
        return self.kind == "mark" and self.text == mark

    def key(self):
        """A dotted key, and its place."""
        import tomllib

        parts, place = [], self.place
        while self.kind in ("bare", "string") or self.is_mark("."):
            if self.kind == "string":
                parts.append(tomllib.loads(f"x = {self.text}")["x"])
            elif self.kind == "bare":
                parts.append(self.text)
            self.step()
        return tuple(parts), place


def find(text):
    """The Places of a text that tomllib takes."""
    places, tokens = Places(), _Tokens(text.replace("\r\n", " \n"))
    table, tables = (), {}
    while tokens.kind is not None:
        if tokens.kind == "line":
            tokens.step()
        elif tokens.is_mark("["):
            table = _header(tokens, places, tables)
        else:
            _pair(tokens, places, table)
    return places


def _header(tokens, places, tables):
    """`[a.b]` or `[[a.b]]`: the path of what follows."""
    place = tokens.place
    tokens.step()
    if is_array := tokens.is_mark("["):
        tokens.step()
    names, _ = tokens.key()
    while tokens.kind not in ("line", None):
        tokens.step()
    path = ()
    for at, name in enumerate(names):
        path += (name,)
        if is_array and at == len(names) - 1:
            tables[path] = tables.get(path, -1) + 1
        if path in tables:
            path += (tables[path],)
    places.add(path, place)
    return path


def _pair(tokens, places, table):
    """`key = value`, with all that is inside the value."""
    names, place = tokens.key()
    path = table + names
    tokens.step()  # the "="
    places.add(path, place, tokens.place)
    # What is open around the present token: its path, and what it is.
    stack = []
    while True:
        if tokens.is_mark("[") or tokens.is_mark("{"):
            stack.append([path, tokens.text, -1])
            is_next = True
        elif tokens.is_mark("]") or tokens.is_mark("}"):
            stack.pop()
            is_next = False
        else:
            is_next = tokens.is_mark(",") and bool(stack)
        tokens.step(over_lines=bool(stack))
        if not stack or tokens.kind is None:
            while tokens.kind not in ("line", None):
                tokens.step()  # the rest of a number or a date
            return
        if is_next:
            path = _member(tokens, places, stack[-1])


def _member(tokens, places, around):
    """The path of the value that begins here, in an array or an inline table."""
    path, mark, _ = around
    if tokens.is_mark("]") or tokens.is_mark("}"):
        return path
    if mark == "[":
        around[2] += 1
        path += (around[2],)
        places.add(path, tokens.place)
        return path
    names, place = tokens.key()
    tokens.step()  # the "="
    places.add(path + names, place, tokens.place)
    return path + names
