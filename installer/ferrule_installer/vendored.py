# SPDX-License-Identifier: MIT
"""vendored - whether the packages in an agent's folder vendor fit the runtime.

A wheel for another Python or another processor fails at the end user's first import;
here it fails when the agent is packed. Three witnesses: the tags in each *.dist-info/
WHEEL, the names of extension modules, and their ELF headers.
"""

import csv
import os
import re
import sys
import sysconfig
from importlib.util import cache_from_source
from pathlib import Path

from ferrule._installer.said import Refused
from ferrule._installer.sbom import Package

# (machine, ELF e_machine), of what the runtime is built for.
ELF_MACHINES = {"x86_64": 62, "aarch64": 183}
_TAGGED = re.compile(r"\.(cpython-\d+[a-z]*-[\w-]+|abi3|pypy\w*-[\w-]+)\.so$")


def runtime_platform():
    return f"linux-{os.uname().machine}"


def _headers(path):
    """RFC 822 headers of METADATA or WHEEL: {name: [values]}."""
    headers = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon and not line[0].isspace():
            headers.setdefault(name.strip().lower(), []).append(value.strip())
    return headers


def _fits(tags):
    from ferrule._vendor.packaging.tags import parse_tag, sys_tags

    supported = set(sys_tags())
    return any(parse_tag(tag) & supported for tag in tags)


def _wrong_wheel(folder):
    wheel = folder / "WHEEL"
    tags = _headers(wheel).get("tag", []) if wheel.is_file() else []
    tags = [tag for tag in tags if tag.count("-") == 2]
    if tags and not _fits(tags):
        return (f"{folder.name.removesuffix('.dist-info')} is a wheel for {', '.join(tags)}"
                f"; the runtime needs cp3{sys.version_info.minor} or abi3 for "
                f"{runtime_platform()}")
    return None


def _wrong_extension(path, relative):
    tagged = _TAGGED.search(path.name)
    own = sysconfig.get_config_var("EXT_SUFFIX")
    if tagged and tagged[1] != "abi3" and not path.name.endswith(own):
        return f"{relative} is for another Python: its name should end with {own}"
    with open(path, "rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF":
        return f"{relative} is no ELF file"
    machine = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    if machine != ELF_MACHINES.get(os.uname().machine, machine) or head[4] != 2:
        return f"{relative} is for another processor than {os.uname().machine}"
    return None


def is_extension(name):
    return name.endswith(".so") or ".so." in name


def check(folder, needs, python_files):
    """Refused when something in `folder`/vendor does not fit; `python_files` are the
    relative names that get packed. Returns (platform, packages)."""
    vendor = Path(folder) / "vendor"
    wrong, extensions = [], False
    for info in sorted(vendor.glob("*.dist-info")):
        wrong.append(_wrong_wheel(info))
    for name in python_files:
        if is_extension(name):
            extensions = True
            wrong.append(_wrong_extension(Path(folder) / name, name))
    wrong = [what for what in wrong if what]
    if wrong:
        from ferrule._requirements import vendor_command

        raise Refused(*(f"{folder}: {what}" for what in wrong),
                      "get packages that fit with:",
                      "  " + vendor_command(str(folder), ["PACKAGE"]))  # fmt: skip
    _check_needs(folder, vendor, needs)
    packages = [_package(info) for info in sorted(vendor.glob("*.dist-info"))]
    return runtime_platform() if extensions else "any", packages


def _package(info):
    headers = _headers(info / "METADATA") if (info / "METADATA").is_file() else {}
    name, _, version = info.name.removesuffix(".dist-info").partition("-")
    return Package(headers.get("name", [name])[0], headers.get("version", [version])[0],
                   frozenset(_recorded(info)), headers)


def _recorded(info):
    """The files that RECORD names, and their byte code as we compile it."""
    record = info / "RECORD"
    if not record.is_file():
        return
    with open(record, encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.reader(file):
            if row:
                name = os.path.normpath(f"{info.parent.name}/{row[0]}")
                yield name
                if name.endswith(".py"):
                    yield cache_from_source(name, optimization="")


def _check_needs(folder, vendor, needs):
    from ferrule._requirements import missing, vendor_command

    before = sys.path[:]
    sys.path.append(str(vendor))
    try:
        absent = missing(needs, 1)
    finally:
        sys.path[:] = before
    if absent:
        raise Refused(
            f"{folder} needs packages that are not in its folder vendor:",
            *(f"  {need}" for need in absent),
            "get them with:", "  " + vendor_command(str(folder), absent),
        )  # fmt: skip
