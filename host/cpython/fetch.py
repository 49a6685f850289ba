# SPDX-License-Identifier: MIT
"""Get CPython's source into the build cache and unpack it.

The source is Debian's package, downloaded by apt with a private configuration made
from the machine's own sources: same mirror, another suite, signature checked by apt.
Nothing of the system's configuration is read for writing or changed.
`FERRULE_CPYTHON_SOURCE` (a tarball or a folder) is used instead when it is set.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import recipe


class FetchError(Exception):
    """One line for the person at the terminal: what failed and what to do."""


def apt_sources():
    """(URI, suites, keyring) of every Debian archive that this machine already uses."""
    found = []
    for path in sorted(Path("/etc/apt").glob("sources.list")) + sorted(
        Path("/etc/apt/sources.list.d").glob("*")
    ):
        text = path.read_text(errors="replace")
        if path.suffix == ".sources":
            found += _sources_of_stanzas(text)
        elif path.suffix == ".list":
            found += _sources_of_lines(text)
    return list(dict.fromkeys(found))


def _sources_of_stanzas(text):
    for stanza in re.split(r"\n\s*\n", text):
        field = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "main" in field.get("Components", ""):
            for uri in field.get("URIs", "").split():
                yield uri, field.get("Suites", ""), field.get("Signed-By", "").strip()


def _sources_of_lines(text):
    pattern = r"^deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+.*\bmain\b"
    for options, uri, suite in re.findall(pattern, text, re.MULTILINE):
        signed = re.search(r"signed-by=(\S+)", options or "")
        yield uri, suite, signed.group(1) if signed else ""


def _private_apt(folder, sources):
    """Configuration file of an apt that sees these sources only."""
    for part in ("lists/partial", "archives/partial", "parts"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    with open(folder / "parts" / "source.sources", "w") as out:
        for uri, suites, keyring in sources:
            signed = keyring or "/usr/share/keyrings/debian-archive-keyring.gpg"
            out.write(
                f"Types: deb-src\nURIs: {uri}\nSuites: {suites}\n"
                f"Components: main\nSigned-By: {signed}\n\n"
            )
    conf = folder / "apt.conf"
    conf.write_text(
        'Dir::Etc::sourcelist "/dev/null";\n'
        f'Dir::Etc::sourceparts "{folder}/parts";\n'
        f'Dir::State::lists "{folder}/lists";\n'
        f'Dir::Cache "{folder}";\n'
        'Acquire::Languages "none";\n'
        'APT::Sandbox::User "root";\n'
    )
    return conf


def _download(package, target, work, attempts):
    """Download the source package's files into `target` by the first of `attempts`
    (each a list of sources) that has them."""
    reasons = []
    for sources in attempts:
        env = {**os.environ, "APT_CONFIG": str(_private_apt(work, sources))}
        for command in (
            ["apt-get", "-q", "update"],
            ["apt-get", "-q", "source", "--download-only", package],
        ):
            done = subprocess.run(
                command, cwd=target, env=env, capture_output=True, text=True
            )
            if done.returncode != 0:
                reasons.append((done.stderr.strip().splitlines() or ["no answer"])[-1])
                break
        else:
            return
    raise FetchError(
        f"cannot download the source package {package}: "
        f"{reasons[-1] if reasons else 'no Debian mirror in /etc/apt'}"
    )


def source_package(package, target, attempts):
    """The .dsc file of `package` ("name" or "name=version"), downloaded once into the
    folder `target`."""
    name = package.partition("=")[0]
    found = sorted(target.glob(f"{name}_*.dsc"))
    if found:
        return found[-1]
    staging = target.with_name(target.name + ".part")
    shutil.rmtree(staging, ignore_errors=True)
    (staging / "apt").mkdir(parents=True)
    (staging / "files").mkdir()
    _download(package, staging / "files", staging / "apt", attempts)
    shutil.rmtree(target, ignore_errors=True)
    (staging / "files").rename(target)
    shutil.rmtree(staging)
    return source_package(package, target, attempts)


def package_files(cache):
    """The .dsc file of CPython's source package: same mirrors, another suite."""
    attempts = [[(uri, recipe.SOURCE_SUITE, key)]
                for uri, key in dict.fromkeys((s[0], s[2]) for s in apt_sources())]  # fmt: skip
    try:
        return source_package(recipe.SOURCE_PACKAGE, cache / "sources", attempts)
    except FetchError as error:
        raise FetchError(
            f"{error}. Connect to the network once, or set FERRULE_CPYTHON_SOURCE to "
            f"Python-{recipe.VERSION}.tar.xz"
        ) from error


def origin(cache):
    """(path, identity) of the source: a .dsc file, a tarball or a folder."""
    chosen = os.environ.get("FERRULE_CPYTHON_SOURCE")
    if not chosen:
        dsc = package_files(cache)
        return dsc, hashlib.sha256(dsc.read_bytes()).hexdigest()
    path = Path(chosen)
    if path.is_dir():
        return path.resolve(), f"folder {path.resolve()}"
    if not path.is_file():
        raise FetchError(f"FERRULE_CPYTHON_SOURCE={chosen}: no such file or folder")
    return path.resolve(), hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(source, target):
    """Put the source tree, Debian's patches applied, at `target`."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.suffix == ".dsc":
        done = subprocess.run(
            ["dpkg-source", "--no-check", "-x", str(source), str(target)],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise FetchError(f"cannot unpack {source}: {done.stderr.strip()}")
    else:
        _unpack_tarball(source, target)


def _unpack_tarball(source, target):
    staging = target.with_name(target.name + ".part")
    with tarfile.open(source) as archive:
        archive.extractall(staging, filter="tar")
    inside = [entry for entry in staging.iterdir() if (entry / "configure").exists()]
    if len(inside) != 1:
        raise FetchError(f"{source}: not a CPython source tarball (no configure)")
    inside[0].rename(target)
    shutil.rmtree(staging)
