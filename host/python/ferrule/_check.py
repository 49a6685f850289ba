# SPDX-License-Identifier: MIT
"""ferrule check - a manifest, a configuration or a JSON Schema, looked over.

Example: ferrule check tool.schema.json --json
Guarantees: reads the file and nothing else; every mistake has line and column.
Limits: files of up to 64 MiB, as schemas.
Errors: exit code 3 when there is a mistake, 2 for a command line or a file that cannot
be read.
"""

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

USAGE = """\
usage: ferrule check FILE [--json] [--dump]

Looks a file over and says everything that is wrong with it, with line and column.
What it is shows its name, else what is in it:
  ferrule.json   manifest of an agent
  NAME.toml      launcher file: agents in parallel
  NAME.conf      configuration: limits and permissions
  any other      JSON Schema

  --json   the report as JSON
  --dump   for a JSON Schema: the program it is compiled to

exit codes: 0 nothing wrong, 3 mistakes, 2 usage
"""

EXIT_USAGE = 2
EXIT_MISTAKES = 3
BYTES_MAX = 64 << 20

MANIFEST_NAME = "ferrule.json"
_GROUPS = ("[limits]", "[permissions]")


class Mistake(NamedTuple):
    line: int
    column: int
    message: str
    code: str = ""
    severity: str = "error"
    pointer: str = ""
    offset: int | None = None

    def as_dict(self):
        said = self._asdict()
        return {key: value for key, value in said.items() if value not in ("", None)}


class Refused(Exception):
    """Why there is nothing to report on."""


def main(arguments):
    try:
        path, options = _read_command_line(arguments)
        if path is None:
            print(USAGE, end="")
            return 0
        raw, path = _read_file(path)
    except Refused as reason:
        print(f"ferrule: {reason}", file=sys.stderr)
        return EXIT_USAGE
    kind = kind_of(path, raw)
    if "--dump" in options and kind != "schema":
        print(f"ferrule: check: {path} is a {kind}: only a JSON Schema has a program",
              file=sys.stderr)
        return EXIT_USAGE
    mistakes = sorted(_CHECKS[kind](raw), key=lambda m: (m.line, m.column))
    program = _dump(raw) if "--dump" in options else None
    if "--json" in options:
        _print_json(path, kind, mistakes, program)
    else:
        _print_text(path, kind, mistakes, program)
    return EXIT_MISTAKES if mistakes else 0


def _read_command_line(arguments):
    """(path, options); path None: the help is wanted."""
    paths, options = [], set()
    for at, word in enumerate(arguments):
        if word in ("-h", "--help"):
            return None, options
        if word == "--":
            paths += arguments[at + 1 :]
            break
        if word in ("--json", "--dump"):
            options.add(word)
        elif word.startswith("-") and word != "-":
            raise Refused(f"check: unknown option {word}; there are --json and --dump")
        else:
            paths.append(word)
    if len(paths) != 1:
        raise Refused("check: one file, please: ferrule check FILE [--json] [--dump]")
    return paths[0], options


def _read_file(path):
    """(bytes, path of what was read): a folder stands for its manifest."""
    if os.path.isdir(path):
        path = os.path.join(path, MANIFEST_NAME)
    try:
        with open(path, "rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise Refused(f"check: cannot read {path}: {error.strerror}") from None
    if len(raw) > BYTES_MAX:
        raise Refused(f"check: {path} has more than {BYTES_MAX >> 20} MiB")
    return raw, path


def kind_of(path, raw):
    """What the file is: "manifest", "launcher", "configuration" or "schema"."""
    name = os.path.basename(path)
    if name == MANIFEST_NAME:
        return "manifest"
    if name.endswith(".toml"):
        return "launcher"
    if name.endswith(".conf"):
        return "configuration"
    if name.endswith(".schema.json"):
        return "schema"
    lines = (line.strip() for line in raw[:4096].decode("utf-8", "replace").split("\n"))
    first = next((line for line in lines if line and line[0] != "#"), "")
    if first.startswith(_GROUPS):
        return "configuration"
    return "manifest" if _looks_like_manifest(raw) else "schema"


def _looks_like_manifest(raw):
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(value, dict)
        and isinstance(value.get("entry"), str)
        and isinstance(value.get("version"), str)
    )


# ---- the kinds ---------------------------------------------------------------------


def check_schema(raw):
    from ferrule.guard import check

    return [
        Mistake(
            problem.line, problem.column, problem.message, problem.code,
            "error" if problem.is_error else "warning", problem.pointer, problem.offset,
        )
        for problem in check(raw)
    ]


def check_manifest(raw):
    from ferrule.guard import SchemaGuard

    schema = Path(__file__).with_name("ferrule.schema.json")
    return [
        Mistake(issue.line, issue.column, f"{issue.instance_path}: {issue.message}"
                if issue.instance_path else issue.message,
                issue.code, "error", issue.instance_path, issue.offset)
        for issue in SchemaGuard(_resource(schema)).errors(raw)
    ]


def _resource(path):
    """A data file beside this module: inside the executable, or in a checkout."""
    return __spec__.loader.get_data(str(path))


def _decoded(raw):
    """(text, mistakes)"""
    try:
        return raw.decode(), []
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode()) + 1
        return None, [Mistake(line, column, "not UTF-8", "utf-8")]


def check_configuration(raw):
    import _ferrule_host

    text, mistakes = _decoded(raw)
    if text is None:
        return mistakes
    if "\0" in text:
        before = text.partition("\0")[0]
        column = len(before.rpartition("\n")[2]) + 1
        return [Mistake(before.count("\n") + 1, column, "a NUL character", "nul")]
    return [
        Mistake(line, column, message, "configuration")
        for line, column, message in _ferrule_host.check_configuration(text)
    ]


def check_launcher(raw):
    from ferrule._agents_file import mistakes as examine

    text, mistakes = _decoded(raw)
    if text is None:
        return mistakes
    return [Mistake(*found, "launcher") for found in examine(text)]


_CHECKS = {
    "schema": check_schema,
    "manifest": check_manifest,
    "configuration": check_configuration,
    "launcher": check_launcher,
}


def _dump(raw):
    from ferrule.guard import InvalidSchema, SchemaGuard

    try:
        return SchemaGuard(raw).dump()
    except InvalidSchema:
        return None  # the mistakes say why


# ---- the report --------------------------------------------------------------------


def _print_json(path, kind, mistakes, program):
    report = {
        "file": path,
        "kind": kind,
        "ok": not mistakes,
        "mistakes": [mistake.as_dict() for mistake in mistakes],
    }
    if program is not None:
        report["program"] = program
    json.dump(report, sys.stdout, indent=2)
    print()


def _print_text(path, kind, mistakes, program):
    for mistake in mistakes:
        print(f"{path}:{mistake.line}:{mistake.column}: {mistake.severity}: "
              f"{mistake.message}")
    if program is not None:
        print(program, end="")
    elif not mistakes:
        print(f"{path}: a {kind} without mistakes")
