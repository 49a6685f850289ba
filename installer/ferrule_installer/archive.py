# SPDX-License-Identifier: MIT
"""archive - the file format .ferrule: a zip archive with an index of hashes.

    mimetype          stored, first: file managers know the type by it
    META/index.json   format, name, version, entry, platform, {path: size, sha256}
    META/sbom.spdx.json   who made what of it, see sbom.py
    agent/...         the files, deflated

Guarantees: bytes depend on the files alone; reading refuses links, paths that lead out,
names twice or not in the index, and contents that are not what the index says, before
anything is written outside a staging folder of the caller.
Limits: FILES_MAX files, BYTES_MAX bytes unpacked, INDEX_MAX of index.
"""

import hashlib
import io
import json
import zipfile
import zlib

from ferrule._installer.agent_files import BYTES_MAX, FILES_MAX, File
from ferrule._installer.said import Refused

FORMAT = 1
MIME = "application/vnd.ferrule.agent"
INDEX = "META/index.json"
SBOM = "META/sbom.spdx.json"
INDEX_MAX = 16 << 20
PREFIX = "agent/"
# What zipfile raises about archives that are none, or none of this kind.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
          ValueError, OverflowError, OSError)  # fmt: skip
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def _row(data, executable=False):
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
            **({"executable": True} if executable else {})}  # fmt: skip


def index_of(manifest, platform, python, files, sbom):
    """The index as bytes: one JSON object, keys sorted."""
    rows = {name: _row(file.data, file.executable) for name, file in files.items()}
    values = {
        "format": FORMAT, "name": manifest.name, "version": manifest.version,
        "entry": manifest.entry, "platform": platform, "python": python, "files": rows,
        "sbom": _row(sbom),
    }  # fmt: skip
    if "publisher" in manifest.values:
        values["publisher"] = manifest.values["publisher"]
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def write(index, files, sbom):
    """The whole archive as bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        _add(archive, "mimetype", File(MIME.encode()), zipfile.ZIP_STORED)
        _add(archive, INDEX, File(index), zipfile.ZIP_DEFLATED)
        _add(archive, SBOM, File(sbom), zipfile.ZIP_DEFLATED)
        for name in sorted(files):
            _add(archive, PREFIX + name, files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _add(archive, name, file, method):
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = _UNIX
    info.external_attr = (0o100755 if file.executable else 0o100644) << 16
    info.compress_type = method
    archive.writestr(info, file.data, compresslevel=9)


class Package:
    """An opened .ferrule whose table of contents is in order."""

    def __init__(self, stream, path):
        self.path = path
        try:
            self._zip = zipfile.ZipFile(stream)
            self._infos = self._zip.infolist()
            self.index = self._read_index()
        except DAMAGE as error:
            raise Refused(f"{path} is damaged or no package of an agent: {error}; fetch it "
                          "again") from None
        self._check_names()

    def _refuse(self, what):
        raise Refused(f"{self.path}: {what}; it was not made by `ferrule pack`, nothing of "
                      "it was run")

    def _read_index(self):
        first = self._infos[0] if self._infos else None
        if first is None or first.filename != "mimetype" or INDEX not in self._zip.NameToInfo:
            raise zipfile.BadZipFile("it has no index")
        info = self._zip.getinfo(INDEX)
        if info.file_size > INDEX_MAX:
            self._refuse(f"its index has more than {INDEX_MAX >> 20} MiB")
        try:
            index = json.loads(self._zip.read(info))
        except (ValueError, RecursionError):
            self._refuse("its index is no JSON")
        made_for = index.get("format") if isinstance(index, dict) else None
        if isinstance(made_for, int) and made_for > FORMAT:
            raise Refused(
                f"{self.path} has format {made_for}, this ferrule knows up to {FORMAT}: "
                "it needs a newer ferrule")
        self._check_index(index)
        return index

    def _check_index(self, index):
        from ferrule.guard import SchemaGuard

        issues = SchemaGuard(_INDEX_SCHEMA).errors(json.dumps(index))
        if issues:
            self._refuse(f"its index is wrong: {issues[0]}")

    def _check_names(self):
        """Every entry is a plain file that the index names, once, below agent/."""
        wanted = {PREFIX + name for name in self.index["files"]} | {"mimetype", INDEX}
        if "sbom" in self.index:
            wanted.add(SBOM)
        seen, total = set(), 0
        for info in self._infos:
            name, kind = info.filename, info.external_attr >> 28
            parts = name.split("/")
            if name.startswith("/") or {"", ".", ".."} & set(parts) or "\\" in name:
                self._refuse(f"the path {name!r} in it leads out of its folder")
            if kind not in (0, 0o10):
                self._refuse(f"{name!r} in it is a link or a device, not a file")
            if name in seen:
                self._refuse(f"{name!r} is in it twice")
            if name not in wanted:
                self._refuse(f"{name!r} in it is not in its index")
            seen.add(name)
            total += info.file_size
        if wanted - seen:
            self._refuse(f"{min(wanted - seen)!r} of its index is not in it")
        if total > BYTES_MAX:
            self._refuse(f"it holds more than {BYTES_MAX >> 30} GiB")
        if self.index["entry"] not in self.index["files"]:
            self._refuse("its entry is not in it")

    def files(self):
        """(name, bytes, executable) of each file, checked against the index."""
        if "sbom" in self.index:
            self._checked(SBOM, self.index["sbom"])
        for name, row in self.index["files"].items():
            yield name, self._checked(PREFIX + name, row), row.get("executable", False)

    def _checked(self, name, row):
        try:
            with self._zip.open(name) as stream:
                data = stream.read(row["size"] + 1)
        except DAMAGE as error:
            raise Refused(f"{self.path} is damaged at {name}: {error}; fetch it "
                          "again") from None
        if len(data) != row["size"] or hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise Refused(f"{self.path}: {name} is not what the index says: damaged or "
                          "changed; nothing of it was run")
        return data


_ROW_SCHEMA = {
    "type": "object",
    "required": ["sha256", "size"],
    "properties": {
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "size": {"type": "integer", "minimum": 0},
        "executable": {"type": "boolean"},
    },
}
_INDEX_SCHEMA = {
    "type": "object",
    "required": ["format", "name", "version", "entry", "platform", "python", "files"],
    "properties": {
        "format": {"type": "integer", "minimum": 1},
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9._+-]{1,59}$"},
        "version": {"type": "string", "pattern": "^[0-9][0-9A-Za-z.+~-]{0,59}$"},
        "entry": {"type": "string"},
        "platform": {"type": "string"},
        "python": {"type": "string"},
        "publisher": {"type": "string", "maxLength": 80, "pattern": "^[^/]{2,}$"},
        "files": {
            "type": "object",
            "maxProperties": FILES_MAX,
            "additionalProperties": _ROW_SCHEMA,
        },
        "sbom": _ROW_SCHEMA,
    },
}
