# SPDX-License-Identifier: MIT
"""Hypothesis strategies: JSON values, and the many ways to write one value down."""

import json

from hypothesis import strategies as st

NAMES = st.sampled_from(["id", "to", "limit", "a/b", "m~n", "é", ""])
WORDS = st.sampled_from(
    ["", "a", "ab", "abc", "abcd", "12", "é", "日本", "😀😀", 'q"\\', "\n\t\0", "a/b"]
)
NUMBERS = st.one_of(
    st.sampled_from(
        [
            -1,
            0,
            1,
            2,
            3,
            7,
            10,
            100,
            2**31,
            2**53,
            2**53 + 1,
            2**63,
            -(2**63),
            2**64,
            10**30,
            0.5,
            1.0,
            1.5,
            -0.0,
            1e-7,
            2.5e10,
            1e300,
            0.1,
        ]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    WORDS,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


def values(max_leaves=12):
    return st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=5)
        ),
        max_leaves=max_leaves,
    )


def objects():
    return st.dictionaries(NAMES, values(4), max_size=5)


@st.composite
def spellings(draw, value):
    """JSON text of the value: spaces, order of names, escapes and numbers may vary."""
    return draw(_Speller(draw).spell(value))


class _Speller:
    def __init__(self, draw):
        self.random = draw(st.randoms(use_true_random=False))

    def spell(self, value):
        return st.just(self._space() + self._value(value) + self._space())

    def _value(self, value):
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, list):
            return "[" + ",".join(map(self._spaced, value)) + "]"
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._number(value)
        return json.dumps(value)

    def _members(self, value):
        names = list(value)
        self.random.shuffle(names)
        members = [f"{self._spaced(n)}:{self._spaced(value[n])}" for n in names]
        return "{" + self._space() + ",".join(members) + "}"

    def _spaced(self, value):
        return self._space() + self._value(value) + self._space()

    def _space(self):
        return self.random.choice(["", "", "", " ", "\n", "\t \r\n"])

    def _string(self, value):
        return '"' + "".join(map(self._character, value)) + '"'

    def _character(self, character):
        short = {
            "\n": "\\n",
            "\t": "\\t",
            '"': '\\"',
            "\\": "\\\\",
            "\b": "\\b",
            "\f": "\\f",
            "\r": "\\r",
            "/": "\\/",
        }.get(character)
        escaped = json.dumps(character)[1:-1]
        if escaped == character:  # json.dumps leaves printable ASCII
            escaped = f"\\u{ord(character):04X}"
        plain = [] if character in '"\\' or character < " " else [character] * 6
        return self.random.choice(plain + [short or escaped, _units(character)])

    def _number(self, value):
        text = json.dumps(value)
        if isinstance(value, int) and abs(value) < 2**53:
            return self.random.choice(
                [text, text, f"{text}.0", f"{text}e0", f"{text}E+0"]
            )
        return text


def _units(character):
    """Every UTF-16 unit as an escape: a character above U+FFFF becomes a pair."""
    raw = character.encode("utf-16-be")
    return "".join(f"\\u{raw[i]:02x}{raw[i + 1]:02X}" for i in range(0, len(raw), 2))


@st.composite
def damaged(draw, text):
    """The text with a few characters lost or replaced; often no longer JSON."""
    characters = list(text)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(characters)))
        put = draw(st.sampled_from(["", "", *'{}[]",:-+.eE0123456789 \\\n\t\0ntfNu/é']))
        characters[at : at + draw(st.integers(0, 2))] = put
    return "".join(characters)
