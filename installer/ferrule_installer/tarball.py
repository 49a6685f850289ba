# SPDX-License-Identifier: MIT
"""tarball - tar and xz that depend on the files alone: sorted, owned by root, one time."""

import io
import lzma
import os
import tarfile

from ferrule._installer.said import Refused

EPOCH = 1_704_067_200  # 2024-01-01, unless SOURCE_DATE_EPOCH says otherwise
DICTIONARY = 16 << 20  # as much memory as unpacking needs


def epoch():
    return int(os.environ.get("SOURCE_DATE_EPOCH") or EPOCH)


def pack(files, prefix="", links=(), folders=False):
    """{path: File} and {path: target} as a tar archive; `folders`: name them too."""
    out = io.BytesIO()
    links = dict(links)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        if folders:
            archive.addfile(_info(prefix, tarfile.DIRTYPE, 0o755))
        seen = set()
        for name in sorted({**files, **links}):
            if folders:
                _add_parents(archive, prefix, name, seen)
            try:
                _add(archive, prefix + name, files.get(name), links.get(name))
            except ValueError:
                raise Refused(f"the path {name} is too long for a package: 255 bytes at "
                              "most, 100 of them the name") from None
    return out.getvalue()


def _add(archive, name, file, target):
    if file is None:
        info = _info(name, tarfile.SYMTYPE, 0o777)
        info.linkname = target
        archive.addfile(info)
        return
    info = _info(name, tarfile.REGTYPE, 0o755 if file.executable else 0o644)
    info.size = len(file.data)
    archive.addfile(info, io.BytesIO(file.data))


def _add_parents(archive, prefix, name, seen):
    parts = name.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        folder = "/".join(parts[:count])
        if folder not in seen:
            seen.add(folder)
            archive.addfile(_info(prefix + folder, tarfile.DIRTYPE, 0o755))


def _info(name, kind, mode):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, epoch()
    info.uname = info.gname = "root"
    return info


def compress(data, executable_code=False):
    """An .xz stream with SHA-256; `executable_code`: x86 jumps are made compressible."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME,
                "dict_size": DICTIONARY}]  # fmt: skip
    if executable_code and os.uname().machine == "x86_64":
        filters.insert(0, {"id": lzma.FILTER_X86})
    return lzma.compress(data, check=lzma.CHECK_SHA256, filters=filters)
