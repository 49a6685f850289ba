# SPDX-License-Identifier: MIT
"""manifest - ferrule.json of an agent: read, checked, every mistake with its place."""

import json
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ferrule._installer.said import Refused

NAME = "ferrule.json"
BYTES_MAX = 1 << 20
# Names that the runtime itself is called by: its own, and those in virtual environments.
RESERVED = re.compile(r"ferrule|python[0-9.]*")
_KINDS = {"string": str, "path": str, "url": str, "boolean": bool, "integer": int,
          "number": (int, float)}  # fmt: skip


@dataclass
class Manifest:
    path: Path  # where it was read
    text: bytes
    values: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.values["name"]

    @property
    def version(self):
        return self.values["version"]

    @property
    def entry(self):
        return self.values["entry"]

    @property
    def title(self):
        return self.values.get("title", self.name)

    @property
    def summary(self):
        return self.values.get("summary", f"{self.title}, an agent")

    @cached_property
    def settings(self):
        return self.values.get("settings", {})


def schema_text():
    import ferrule

    return ferrule.__spec__.loader.get_data(
        str(Path(ferrule.__file__).with_name("ferrule.schema.json"))
    )


def place(text, pointer):
    """(line, column) of the value that the keys of `pointer` lead to."""
    from ferrule.guard import SchemaGuard

    schema = False
    for key in reversed(pointer):
        schema = {"properties": {key: schema}}
    issues = SchemaGuard(schema).errors(text)
    return (issues[0].line, issues[0].column) if issues else (1, 1)


def parse(text, path):
    """A Manifest, or Refused with a line for each mistake."""
    from ferrule.guard import SchemaGuard

    if len(text) > BYTES_MAX:
        raise Refused(f"{path}: {len(text)} bytes, a manifest has at most {BYTES_MAX}")
    issues = SchemaGuard(schema_text()).errors(text)
    if issues:
        rows = sorted((issue.line, issue.column, str(issue)) for issue in issues)
        raise Refused(*(f"{path}:{line}:{column}: {what}" for line, column, what in rows))
    manifest = Manifest(path, text, json.loads(text))
    mistakes = list(_mistakes(manifest))
    if mistakes:
        raise Refused(*(
            "{}:{}:{}: {}".format(path, *place(text, pointer), what)
            for pointer, what in mistakes
        ))
    return manifest


def read(folder):
    """The manifest of an agent's folder, its files looked for too."""
    path = Path(folder) / NAME
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise Refused(
            f"{folder} has no {NAME}; the shortest one is",
            '  {"name": "hello", "version": "1.0", "entry": "agent.py"}',
        ) from None
    manifest = parse(text, path)
    for key in ("entry", "icon"):
        name = manifest.values.get(key)
        if name is not None and not (path.parent / name).is_file():
            line, column = place(text, [key])
            raise Refused(f"{path}:{line}:{column}: /{key}: no file {name} in {folder}"
                          f"{_nearest_file(path.parent, name)}")
    return manifest


def _nearest_file(folder, name):
    import difflib

    files = [str(file.relative_to(folder)) for file in folder.glob("*" + Path(name).suffix)]
    near = difflib.get_close_matches(name, files, 1, 0.4)
    return f"; did you mean {near[0]}?" if near else ""


def _mistakes(manifest):
    """(pointer, what) of what a schema cannot say."""
    from ferrule._vendor.packaging.requirements import InvalidRequirement, Requirement
    from ferrule._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet

    if RESERVED.fullmatch(manifest.name):
        yield ["name"], f"/name: {manifest.name} is the runtime's own name"
    for need in manifest.values.get("needs", ()):
        try:
            Requirement(need)
        except InvalidRequirement as error:
            yield ["needs"], f"/needs: {need!r}: {str(error).splitlines()[0]}"
    python = manifest.values.get("python")
    try:
        if python and not SpecifierSet(python).contains(_own_python(), prereleases=True):
            yield ["python"], f"/python: wants {python}, the runtime is {_own_python()}"
    except InvalidSpecifier as error:
        yield ["python"], f"/python: {error}"
    if manifest.settings and "/" in manifest.entry:
        yield ["entry"], "/entry: an agent with settings starts in its top folder"
    for name, setting in manifest.settings.items():
        yield from _setting_mistakes(name, setting)


def _own_python():
    return sys.version.split()[0]


def _setting_mistakes(name, setting):
    where = ["settings", name]
    if "default" not in setting:
        return
    default, kind = setting["default"], setting["type"]
    if not isinstance(default, _KINDS[kind]) or (
        isinstance(default, bool) and kind != "boolean"
    ):
        yield [*where, "default"], f"/settings/{name}/default: {default!r} is no {kind}"
    elif "choices" in setting and str(default) not in setting["choices"]:
        yield [*where, "default"], f"/settings/{name}/default: not one of the choices"
