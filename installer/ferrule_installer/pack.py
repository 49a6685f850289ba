# SPDX-License-Identifier: MIT
"""ferrule pack - an agent's folder becomes a package for people who have no Python."""

import os
import sys
from pathlib import Path

from ferrule._installer import (
    agent_files,
    agent_product,
    archive,
    manifest,
    said,
    sbom,
    trust,
    vendored,
)
from ferrule._installer.said import Refused

USAGE = """\
usage: ferrule pack FOLDER -o OUT.{ferrule,run,deb} [OPTIONS]

Makes a package from an agent's folder. The folder has a manifest, ferrule.json, whose
shortest form is {"name": "hello", "version": "1.0", "entry": "agent.py"}; `ferrule check
FOLDER/ferrule.json` looks it over.

  OUT.ferrule   one file that runs wherever ferrule is installed
  OUT.run       an installer with the runtime inside: nothing else is needed
  OUT.deb       a Debian package that depends on the package ferrule

  -o, --output OUT
  --runtime FERRULE.run   for OUT.run: the runtime that goes in, instead of this one
  --key FILE              sign: OUT.sig; the manifest says who the "publisher" is
  --new-key FILE          make a key to sign with, and nothing else
  -q, --quiet             say nothing but mistakes

exit codes: 0 packed, 2 usage, 3 a mistake in manifest or folder, 1 cannot be written
"""


class Agent:
    """A folder that is in order, and what of it gets packed."""

    def __init__(self, folder, without=()):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise Refused(f"pack: {folder} is no folder", code=said.EXIT_USAGE)
        self.manifest = manifest.read(self.folder)
        values = self.manifest.values
        files = agent_files.collect(self.folder, values.get("exclude", ()), without)
        for key in ("entry", "icon"):
            if values.get(key, self.manifest.entry) not in files:
                raise Refused(f"{self.folder}: {values[key]} is left out of the package; "
                              f"ferrule.json names it as {key}")
        self.platform, packages = vendored.check(
            self.folder, values.get("needs", ()), files)
        self.files = dict(sorted(
            {**files, **agent_files.compiled(self.folder, files)}.items()))
        self.sbom = sbom.document(self.manifest, packages, self.files)

    def archive(self):
        python = "{}.{}".format(*sys.version_info)
        index = archive.index_of(self.manifest, self.platform, python, self.files, self.sbom)
        return archive.write(index, self.files, self.sbom)


def write_atomically(path, data, executable=False):
    """All or nothing, also on a full disk."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(fresh, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o755 if executable else 0o644)
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)


def _make_ferrule(agent, options):
    return agent.archive()


TARGETS = {".ferrule": _make_ferrule, ".run": agent_product.make_run,
           ".deb": agent_product.make_deb}  # fmt: skip


def _parse(arguments):
    import argparse

    parser = argparse.ArgumentParser("ferrule pack", add_help=False, allow_abbrev=False)
    parser.add_argument("folder")
    parser.add_argument("-o", "--output", required=True, type=Path)
    parser.add_argument("--runtime", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.error = _usage_error
    options = parser.parse_args(arguments)
    if options.output.suffix not in TARGETS:
        _usage_error(f"cannot tell what {options.output} shall be: its name ends with "
                     f"{', '.join(TARGETS)}")
    if not options.output.parent.is_dir():
        _usage_error(f"no folder {options.output.parent}")
    return options


def _usage_error(text):
    raise Refused(f"pack: {text}; `ferrule pack --help` says more", code=said.EXIT_USAGE)


def _signer(agent, options):
    """What signs a package, or None; refuses before anything is written."""
    if options.key is None:
        return None
    publisher = agent.manifest.values.get("publisher")
    if publisher is None:
        raise Refused(f"{agent.manifest.path}: signing needs a \"publisher\"")
    seed = trust.read_key(options.key)
    return lambda path: trust.sign(path, publisher, seed).encode()


def _pack(arguments):
    if {"-h", "--help"} & set(arguments):
        print(USAGE, end="")
        return None
    if arguments[:1] == ["--new-key"] and len(arguments) == 2:
        return trust.make_key(arguments[1])
    options = _parse(arguments)
    signature = trust.signature_path(options.output)
    agent = Agent(options.folder, {options.output.resolve(), signature.resolve()})
    sign = _signer(agent, options)
    make = TARGETS[options.output.suffix]
    data = make(agent, options)
    write_atomically(options.output, data, options.output.suffix == ".run")
    signature.unlink(missing_ok=True)
    if sign:
        write_atomically(signature, sign(options.output))
    if not options.quiet:
        said.say(f"{options.output}: {agent.manifest.name} {agent.manifest.version}, "
                 f"{len(agent.files)} files, {len(data) / 1e3:.1f} KB")
    return None


def main(arguments):
    return said.run(_pack, arguments)
