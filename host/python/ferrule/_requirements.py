# SPDX-License-Identifier: MIT
"""What a script's PEP 723 block asks for, and whether it is there.

Called by the host before the first line of the script runs. Nothing is downloaded: what
is missing is listed together with the command that would vendor it.
"""

import os
import re
import shlex
import sys

EXIT_CONFIG = 3
SIZE_MAX = 1 << 20  # bytes of a block

# The reference expression of PEP 723.
_BLOCK = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
)


class Malformed(Exception):
    """line, column and what is wrong with the block."""


def read_block(text):
    """(content of the `script` block as TOML, its first line number) or None."""
    found = [m for m in _BLOCK.finditer(text) if m["type"] == "script"]
    if not found:
        return None
    line = text.count("\n", 0, found[0].start("content")) + 1
    if len(found) > 1:
        again = text.count("\n", 0, found[1].start()) + 1
        raise Malformed(again, 1, "a second `script` block; only one is allowed")
    lines = found[0]["content"].splitlines()
    return "\n".join(part[2:] if part[:2] == "# " else part[1:] for part in lines), line


def parse_block(content, first_line):
    """(requires-python or None, list of requirement texts) of a block."""
    import tomllib

    try:
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = map(int, where.groups()) if where else (1, 1)
        reason = str(error).partition(" (at ")[0]
        raise Malformed(first_line + line - 1, column + 2, reason) from None
    needs = table.get("dependencies", [])
    if not isinstance(needs, list) or not all(isinstance(n, str) for n in needs):
        raise Malformed(first_line, 1, "dependencies: expected an array of strings")
    python = table.get("requires-python")
    if python is not None and not isinstance(python, str):
        raise Malformed(first_line, 1, "requires-python: expected a string")
    return python, needs


def is_met(requirement):
    """Whether a distribution on sys.path meets a parsed requirement."""
    from importlib import metadata

    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)


def missing(needs, first_line):
    """The requirement texts that nothing on sys.path meets."""
    from ferrule._vendor.packaging.requirements import InvalidRequirement, Requirement

    absent = []
    for text in needs:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            raise Malformed(first_line, 1, f"dependency {text!r}: {reason}") from None
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


def _check_python(wanted, script, line):
    from ferrule._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet

    have = sys.version.split()[0]
    try:
        good = wanted is None or SpecifierSet(wanted).contains(have, prereleases=True)
    except InvalidSpecifier as error:
        raise Malformed(line, 1, f"requires-python: {error}") from None
    if not good:
        print(
            f"ferrule: {script} wants Python {wanted}, this is {have}", file=sys.stderr
        )
    return good


def check(script):
    """Exit code for the host: 0 when all is there, else EXIT_CONFIG, message printed."""
    with open(script, encoding="utf-8", errors="replace") as file:
        text = file.read(SIZE_MAX)
    try:
        block = read_block(text)
        if block is None:
            return 0
        python, needs = parse_block(*block)
        if not _check_python(python, script, block[1]):
            return EXIT_CONFIG
        absent = missing(needs, block[1])
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
