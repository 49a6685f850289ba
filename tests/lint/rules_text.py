# SPDX-License-Identifier: MIT
"""rules_text - what the text of a file must and must not contain."""

import fnmatch
import re

from tree import Finding

# Written with [] so that this file does not contain what it forbids.
FORBIDDEN = [
    (r"p[y]pi\.(org|io)|python[h]osted\.org", "host of a package registry"),
    (r"npm[j]s\.(org|com)|regis[t]ry\.yarnpkg", "host of a package registry"),
    (r"crates[.]io|proxy\.gol[a]ng\.org|repo[1]?\.maven", "host of a package registry"),
    (r"(deb|ftp|snapshot|security)\.deb[i]an\.org", "host of a package mirror"),
    (r"(?<![\w.])/wo[r]k/|(?<![\w.<])/ho[m]e/(?!me\b|you\b)[a-z]", "absolute path of one machine"),
]
# Third-party licences and data are quoted as they are.
VERBATIM = ("LICENSE*", "*/LICENSE*", "agents/*/data/*", "tests/*/data/*",
            "tests/fuzz/corpus/*", "*.patch")


def _verbatim(source):
    return any(fnmatch.fnmatch(source.path, pattern) for pattern in VERBATIM)


def check_spdx(tree):
    """Code says its licence in the first three lines."""
    for source in tree.matching(lambda s: s.is_code and s.text.strip()):
        if not any("SPDX-License-Identifier: MIT" in x for x in source.lines[:3]):
            yield Finding(source.path, 1, "no SPDX-License-Identifier: MIT at the top")


def check_whitespace(tree):
    """No tabs outside make files, no blanks at line ends, one newline at the end."""
    for source in tree.matching(lambda s: s.text and not _verbatim(s)):
        for number, line in enumerate(source.lines, 1):
            if line != line.rstrip() and not source.path.endswith(".md"):
                yield Finding(source.path, number, "white space at the end of the line")
            if "\t" in line and "Makefile" not in source.name:
                yield Finding(source.path, number, "tab")
            if "\r" in line:
                yield Finding(source.path, number, "carriage return")
        if not source.text.endswith("\n"):
            yield Finding(source.path, len(source.lines), "no newline at the end")
        elif source.text.endswith("\n\n"):
            yield Finding(source.path, len(source.lines), "blank line at the end")


def check_words(tree):
    """No registry hosts, no paths of one machine, no work without an issue."""
    rules = [(re.compile(pattern), what) for pattern, what in FORBIDDEN]
    if len(tree.root.parts) > 2 and tree.root.exists():
        rules.append((re.compile(re.escape(str(tree.root)) + r"\b"), "path of checkout"))
    for source in tree.matching(lambda s: not _verbatim(s)):
        for number, line in enumerate(source.lines, 1):
            for pattern, what in rules:
                found = pattern.search(line)
                if found:
                    yield Finding(source.path, number, f"{what}: {found.group()}")
        if source.is_c:
            yield from _todos(source)


def _todos(source):
    for token in source.tokens:
        if token.kind == "comment" and re.search(
            r"\b(TODO|FIXME|XXX)\b(?!.*#[0-9]+)", token.text
        ):
            yield Finding(source.path, token.line, "TODO without an issue number")


_GENERATED = ("build/", "dist/", "vendor/", "modules/")


def _path_like(text, tree):
    """A path of this repository, as documents write them in backticks."""
    text = text.removeprefix("./").rstrip(":")
    if re.search(r"[\s<>$~\"'=()|]", text) or text.startswith(("/", "..", "-")):
        return None
    if text.startswith(_GENERATED):
        return None
    top = text.split("/")[0]
    tops = {p.split("/")[0] for p in tree.sources if "/" in p}
    if "/" in text:
        return text if top in tops else None
    known = re.fullmatch(r"[A-Za-z][\w.-]*\.(md|c|h|cc|py|sh|build|toml|txt)", text)
    return text if known else None


def _expand(path):
    """a.[ch] and {a,b} as documents write them."""
    match = re.search(r"\{([^{}]*)\}", path)
    if match:
        for word in match.group(1).split(","):
            yield from _expand(path[: match.start()] + word + path[match.end() :])
    elif path.endswith("[ch]"):
        yield path[:-4] + "c"
        yield path[:-4] + "h"
    else:
        yield path


def _document_path_exists(path, source, tree):
    places = [path, f"{source.folder}/{path}" if source.folder else path]
    for place in places:
        if "*" in place:
            if any(fnmatch.fnmatch(p, place) for p in tree.sources):
                return True
        elif tree.exists(place):
            return True
    # A bare file name may be anywhere, as long as it is somewhere.
    return "/" not in path and any(s.name == path for s in tree.sources.values())


def check_docs(tree):
    """Every path a document names in backticks or links to is there."""
    for source in tree.matching(lambda s: s.path.endswith(".md")):
        fenced = False
        for number, line in enumerate(source.lines, 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if fenced or source.name == "CHANGELOG.md":
                continue
            links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line)
            named = [_path_like(text, tree) for text in re.findall(r"`([^`]+)`", line)]
            for name in links + [n for n in named if n]:
                for path in _expand(name):
                    if not _document_path_exists(path, source, tree):
                        yield Finding(source.path, number, f"no such path: {path}")
