# SPDX-License-Identifier: MIT
"""sample_agents - small agents, and packages of them, for the tests of packages."""

import hashlib
import json
import os
import zipfile

from host import HostCase, environment, run

HELLO = """\
import sys, helper
print(helper.GREETING, *sys.argv[1:])
"""


class PackageCase(HostCase):
    """A case whose packages are opened into a cache of its own."""

    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        self.home.mkdir()
        self.env = environment(
            HOME=str(self.home), XDG_CACHE_HOME=None, XDG_DATA_HOME=None,
            XDG_CONFIG_HOME=None, XDG_STATE_HOME=None, DBUS_SESSION_BUS_ADDRESS=None)

    def ferrule(self, *words, **options):
        return run(*words, env={**self.env, **options.pop("env", {})}, **options)

    def agent(self, name="hello", greeting="hello", **manifest):
        """The folder of an agent that greets; its manifest has what is given."""
        values = {"name": name, "version": "1.0", "entry": "main.py", **manifest}
        self.write(f"{name}/ferrule.json", json.dumps(values))
        self.write(f"{name}/main.py", HELLO)
        self.write(f"{name}/helper.py", f"GREETING = {greeting!r}\n")
        return self.folder / name

    def pack(self, folder, target="hello.ferrule", *options, **expected):
        out = self.folder / target
        self.expect(self.ferrule("pack", folder, "-o", out, *options), **expected)
        return out


def entry(name, data=b"", mode=0o100644):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info, data


def forged(path, entries, **index):
    """A package as `ferrule pack` would never make it; `index` replaces parts."""
    files = {info.filename.removeprefix("agent/"): data for info, data in entries}
    values = {
        "format": 1, "name": "forged", "version": "1", "entry": "main.py",
        "platform": "any", "python": "3.13",
        "files": {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                  for name, data in files.items()},
        **index,
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.ferrule.agent")
        archive.writestr("META/index.json", json.dumps(values))
        for info, data in entries:
            archive.writestr(info, data)
    return path


def tree(folder):
    """{relative path: what is there}, to compare a folder before and after."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(root, name)
            link = os.readlink(path) if os.path.islink(path) else None
            kind = link or ("folder" if os.path.isdir(path) else "file")
            found[os.path.relpath(path, folder)] = kind
    return found
