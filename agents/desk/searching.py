# SPDX-License-Identifier: MIT
"""searching - the lines of many files that fit a text best.

Lines that hold the text as it stands are what is wanted. Where there is none, it is taken
for a pattern; else its words are looked for one by one, in names of files too, and other
endings of a word count for a part: people and models ask for "train leave" where the file
says "leaves".
"""

import math
import re

from ferrule import InvalidSchema, SchemaGuard

LINES_MAX, FILES_SHOWN = 40, 5  # of one search; the files only where words are looked for
AROUND = 2  # lines before and after one that fits: the answer is often the next line
TABLES = (".csv", ".tsv")  # there the first line belongs to each, and neighbours do not
LINE_SHOWN = 200  # characters of a line
BEST_LINES = 3  # of a file that has only words of the text
ALIKE_MIN = 4  # letters that two forms of a word have in common at least
_SPECIAL = set("\\^$.|?*+()[]{}")  # that make a text a pattern
_WORD = re.compile(r"[^\W_]+")


class Search:
    """Takes files, one after the other; found() has the lines of those that fit."""

    def __init__(self, text):
        self._ways = [_Exact(_part(text)), _Exact(_pattern(text)), _Words(text)]

    @property
    def is_full(self):
        return self._ways[0].is_full

    def take(self, path, text):
        for way in self._ways:
            way.take(path, text)
            if way.has_found:
                break  # what fits less well is not wanted any more

    def found(self):
        return next((way.shown() for way in self._ways if way.has_found), [])


class _Exact:
    """Keeps the lines of which is_match is true."""

    def __init__(self, is_match):
        self._is_match = is_match
        self._shown = []
        self._matches = 0

    @property
    def has_found(self):
        return self._matches > 0

    @property
    def is_full(self):
        return len(self._shown) >= LINES_MAX

    def take(self, path, text):
        lines, hits = text.splitlines(), []
        for number, line in enumerate(lines):
            if self._matches + len(hits) >= LINES_MAX:
                break
            if self._is_match(line):
                hits.append(number)
        self._matches += len(hits)
        self._shown += _shown(path, lines, hits)

    def shown(self):
        return self._shown[:LINES_MAX]


class _Words:
    """Keeps the lines of the files that fit the words best."""

    def __init__(self, text):
        words = dict.fromkeys(_words(text))
        self._words = [w for w in words if len(w) > 2 or w.isdigit()] or list(words)
        self._files = []  # (path, {word: how well}, lines to show)
        self._counts = dict.fromkeys(self._words, 0)
        self._seen = 0

    @property
    def has_found(self):
        return bool(self._files)

    def take(self, path, text):
        self._seen += 1
        alike = self._alike({*_words(text), *_words(path)})
        if not alike:
            return
        best = {}
        for word, fit in alike.values():
            best[word] = max(fit, best.get(word, 0.0))
        for word in best:
            self._counts[word] += 1
        lines = text.splitlines()
        fits = [(self._fit(line, alike), number) for number, line in enumerate(lines)]
        top = sorted(((-fit, number) for fit, number in fits if fit))[:BEST_LINES]
        hits = sorted(number for _, number in top) or [0]
        self._files.append((path, best, _shown(path, lines, hits)))

    def shown(self):
        """Lines, those of the best file first."""
        def rank(file):
            return -sum(fit * self._weight(word) for word, fit in file[1].items())

        best = sorted(self._files, key=rank)[:FILES_SHOWN]
        return [line for _, _, lines in best for line in lines][:LINES_MAX]

    def _alike(self, tokens):
        """{token: (word, how well it fits)} of those that fit one of the words."""
        found = {}
        for token in tokens:
            fits = ((_likeness(token, word), word) for word in self._words)
            fit, word = max(fits, default=(0.0, ""))
            if fit:
                found[token] = word, fit
        return found

    def _fit(self, line, alike):
        best = {}
        for token in _words(line):
            if token in alike:
                word, fit = alike[token]
                best[word] = max(fit, best.get(word, 0.0))
        return sum(best.values())

    def _weight(self, word):
        """A word that every file has says little."""
        return math.log1p(self._seen / self._counts[word])


def _words(text):
    return _WORD.findall(text.casefold())


def _likeness(one, other):
    """1.0 for the same word, a part of it for another form, 0.0 for another word."""
    if one == other:
        return 1.0
    common, longest = 0, max(len(one), len(other))
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        common += 1
    if common < ALIKE_MIN or common * 2 < longest:
        return 0.0
    return common / longest


def _part(text):
    wanted = text.casefold()
    return lambda line: wanted in line.casefold()


def _pattern(text):
    """Patterns run in the guard's engine, which gives up on those that would take for
    ever. A text that is none fits nothing."""
    if not _SPECIAL & set(text):
        return lambda line: False
    try:
        return SchemaGuard({"type": "string", "pattern": text}).is_valid_object
    except InvalidSchema:
        return lambda line: False


def _shown(path, lines, hits):
    """The lines of those numbers and the ones around them, under their place. The place
    is not beside each line: small models take a line's number for a part of it."""
    if not lines:
        return [f"{path}: no text"]  # a picture whose name fits
    shown, last = [], None
    is_table = path.lower().endswith(TABLES)
    near = {n for hit in hits for n in ((0, hit) if is_table else _around(hit, lines))}
    for number in sorted(near):
        if last is None or number != last + 1:
            shown.append(f"{path}, from line {number + 1}:")
        shown.append("  " + lines[number].rstrip()[:LINE_SHOWN])
        last = number
    return shown


def _around(hit, lines):
    return range(max(hit - AROUND, 0), min(hit + AROUND + 1, len(lines)))
