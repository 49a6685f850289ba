# SPDX-License-Identifier: MIT
"""What a script's PEP 723 block asks for, and whether it is there.

Called by the host before the first line of the script runs. Nothing is downloaded: what
is missing is listed together with the command that would vendor it.
"""

import os
import re
import shlex
import sys
from typing import NamedTuple

EXIT_CONFIG = 3
SIZE_MAX = 1 << 20  # bytes of a block

# The reference expression of PEP 723.
_BLOCK = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
)


class Malformed(Exception):
    """line, column and what is wrong with the block."""


class Block(NamedTuple):
    """The TOML of a `script` block, and the number of its first line."""

    content: str
    line: int

    def malformed(self, reason, *path):
        """What is wrong with the value at `path`."""
        from ferrule import _toml_places

        line, column = _toml_places.find(self.content).value(*path)
        return self.malformed_at(line, column, reason)

    def malformed_at(self, line, column, reason):
        return Malformed(self.line + line - 1, column + len("# "), reason)


def read_block(text):
    """The `script` block or None."""
    found = [m for m in _BLOCK.finditer(text) if m["type"] == "script"]
    if not found:
        return None
    line = text.count("\n", 0, found[0].start("content")) + 1
    if len(found) > 1:
        again = text.count("\n", 0, found[1].start()) + 1
        raise Malformed(again, 1, "a second `script` block; only one is allowed")
    lines = found[0]["content"].splitlines()
    return Block("\n".join(x[2:] if x[:2] == "# " else x[1:] for x in lines), line)


def parse_block(block):
    """(requires-python or None, list of requirement texts) of a block."""
    import tomllib

    try:
        table = tomllib.loads(block.content)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = map(int, where.groups()) if where else (1, 1)
        reason = str(error).partition(" (at ")[0]
        raise block.malformed_at(line, column, reason) from None
    needs = table.get("dependencies", [])
    if not isinstance(needs, list) or not all(isinstance(n, str) for n in needs):
        path = ["dependencies"]
        if isinstance(needs, list):
            path.append([isinstance(n, str) for n in needs].index(False))
        raise block.malformed("dependencies: expected an array of strings", *path)
    python = table.get("requires-python")
    if python is not None and not isinstance(python, str):
        raise block.malformed("requires-python: expected a string", "requires-python")
    return python, needs


def _brought_by(extra, distribution):
    """The requirements that an extra of a distribution adds."""
    from ferrule._vendor.packaging.requirements import Requirement

    for text in distribution.requires or ():
        marker = (requirement := Requirement(text)).marker
        if marker is not None and not marker.evaluate({"extra": ""}):
            if marker.evaluate({"extra": extra}):
                yield requirement


def is_met(requirement):
    """Whether a distribution on sys.path meets a parsed requirement, extras too."""
    from importlib import metadata

    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        found = metadata.distribution(requirement.name)
        for extra in requirement.extras:
            for needed in _brought_by(extra, found):
                metadata.distribution(needed.name)
    except metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(found.version, prereleases=True)


def missing(needs, block):
    """The requirement texts that nothing on sys.path meets."""
    from ferrule._vendor.packaging.requirements import InvalidRequirement, Requirement

    absent = []
    for at, text in enumerate(needs):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            reason = f"dependency {text!r}: {str(error).splitlines()[0]}"
            raise block.malformed(reason, "dependencies", at) from None
        if not is_met(requirement):
            absent.append(text)
    return absent


def vendor_command(folder, needs):
    """The command that puts `needs` where this script finds them."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    words = [
        "python3", "-m", "pip", "install", "--target", os.path.join(folder, "vendor"),
        "--only-binary=:all:", "--implementation", "cp", "--python-version", version,
        "--platform", f"manylinux_2_28_{os.uname().machine}",
        "--platform", f"manylinux2014_{os.uname().machine}",
        *needs,
    ]  # fmt: skip
    return " ".join(map(shlex.quote, words))


def _check_python(wanted, script, block):
    from ferrule._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet

    have = sys.version.split()[0]
    try:
        good = wanted is None or SpecifierSet(wanted).contains(have, prereleases=True)
    except InvalidSpecifier as error:
        raise block.malformed(f"requires-python: {error}", "requires-python") from None
    if not good:
        print(
            f"ferrule: {script} wants Python {wanted}, this is {have}", file=sys.stderr
        )
    return good


def check(script):
    """Exit code for the host: 0 when all is there, else EXIT_CONFIG, message printed."""
    with open(script, encoding="utf-8-sig", errors="replace") as file:
        text = file.read(SIZE_MAX)
    try:
        block = read_block(text)
        if block is None:
            return 0
        python, needs = parse_block(block)
        if not _check_python(python, script, block):
            return EXIT_CONFIG
        absent = missing(needs, block)
    except Malformed as error:
        line, column, reason = error.args
        print(f"ferrule: {script}:{line}:{column}: {reason}", file=sys.stderr)
        return EXIT_CONFIG
    if not absent:
        return 0
    folder = os.path.dirname(os.path.realpath(script))
    print(
        f"ferrule: {script} needs packages that are not in {folder}/vendor:",
        *(f"  {need}" for need in absent),
        "get them with:",
        f"  {vendor_command(folder, absent)}",
        sep="\n",
        file=sys.stderr,
    )
    return EXIT_CONFIG
