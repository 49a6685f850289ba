# SPDX-License-Identifier: MIT
"""Write the packages of the runtime into dist/; `./dev package` calls it.

    build/release/ferrule installer/package.py [OUT RELEASE SELF-CONTAINED]

From the folder RELEASE: ferrule_VERSION_MACHINE.deb, which uses the OpenSSL of the system.
From SELF-CONTAINED: ferrule-VERSION-MACHINE.run and the tarball that is in it. Each has
the list of what is linked into it, an SPDX document in share/doc/ferrule.
Guarantees: the same executables give the same bytes; SOURCE_DATE_EPOCH is the only time.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import _ferrule_host
from ferrule._installer import deb, product, runfile, tarball
from ferrule._installer.agent_files import File
from ferrule._installer.pack import write_atomically

ROOT = Path(__file__).resolve().parent.parent
SHARE = ROOT / "installer" / "share"
SBOM = ROOT / "installer" / "sbom"
VERSION = _ferrule_host.version
LIB = "lib/ferrule"
TITLE = "Ferrule"

# Below share/, for all packages; the completions of zsh are elsewhere in a .deb.
DATA = {
    "share/icons/hicolor/scalable/apps/ferrule.svg": "ferrule.svg",
    "share/icons/hicolor/48x48/apps/ferrule.png": "ferrule-48.png",
    "share/icons/hicolor/128x128/apps/ferrule.png": "ferrule-128.png",
    "share/mime/packages/ferrule.xml": "ferrule.xml",
    "share/metainfo/dev.ferrule.ferrule.metainfo.xml": "dev.ferrule.ferrule.metainfo.xml",
    "share/bash-completion/completions/ferrule": "ferrule.bash",
    "share/fish/vendor_completions.d/ferrule.fish": "ferrule.fish",
}
ZSH = "share/zsh/site-functions/_ferrule"
ZSH_DEBIAN = "share/zsh/vendor-completions/_ferrule"
MAN = "share/man/man1/ferrule.1.gz"
DESKTOP = "share/applications/ferrule.desktop"

MAINTAINER = "The Ferrule authors <ferrule@example.org>"
DESCRIPTION = """\
run Python agents from one small executable
Ferrule is a small executable with a trimmed CPython inside. It runs the
scripts of agents; the cache for results of tools and the guard that checks
JSON against schemas are modules of it.

Agents packed as one file, NAME.ferrule, start with a double click."""


def gzipped(data):
    return gzip.compress(data, 9, mtime=0)


def runtime_files(build):
    """{path: File}: the executable and what lies beside it."""
    files = {f"{LIB}/ferrule": File((build / "ferrule").read_bytes(), True),
             f"{LIB}/unpack": File((build / "unpack").read_bytes(), True)}  # fmt: skip
    for module in sorted((build / "modules").glob("*.so")):
        files[f"{LIB}/modules/{module.name}"] = File(module.read_bytes())
    return files


def data_files(build, zsh):
    """{path: File}: manual, icons, completions and what tells the desktop."""
    files = {path: File((SHARE / name).read_bytes()) for path, name in DATA.items()}
    day = time.strftime("%Y-%m-%d", time.gmtime(tarball.epoch()))
    info = "share/metainfo/dev.ferrule.ferrule.metainfo.xml"
    text = files[info].data.decode().replace("@VERSION@", VERSION).replace("@DATE@", day)
    files[info] = File(text.encode())
    files[zsh] = File((SHARE / "ferrule.zsh").read_bytes())
    files[MAN] = File(gzipped((SHARE / "ferrule.1").read_bytes()))
    files["share/doc/ferrule/ferrule.spdx.json.gz"] = File(gzipped(sbom(build)))
    return files


def components():
    """components.json with the versions that are linked here."""
    values = json.loads((SBOM / "components.json").read_text())
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(tarball.epoch()))
    own = {"ferrule": VERSION, "cpython": sys.version.split()[0]}
    for row in values["components"]:
        version = own.get(row["name"])
        if "debian" in row:
            query = ["dpkg-query", "-W", "-f", "${source:Version}", row["debian"]]
            version = subprocess.run(query, capture_output=True, text=True).stdout or None
        row["version"] = version or "NOASSERTION"
    return {**values, "name": "ferrule", "version": VERSION, "created": created}


def sbom(build):
    """The SPDX document of the executable in `build`; sbom.c makes it."""
    with tempfile.TemporaryDirectory() as folder:
        program, listed, out = (Path(folder, name) for name in ("sbom", "in", "out"))
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "json-glib-1.0"],
                               capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["gcc", "-std=gnu17", "-O1", "-o", program, SBOM / "sbom.c", *flags],
                       check=True)
        listed.write_text(json.dumps(components()))
        subprocess.run([program, build / "ferrule.map", listed, out], check=True)
        return out.read_bytes()


def debian_files(build):
    """The same below usr/, as Debian wants it."""
    files = {**runtime_files(build), **data_files(build, ZSH_DEBIAN)}
    entry = (SHARE / "ferrule.desktop").read_text()
    entry = entry.replace("@MARK@\n", "").replace('"@CURRENT@/lib/ferrule/ferrule"', "ferrule")
    files[DESKTOP] = File(entry.encode())
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(tarball.epoch()))
    change = (f"ferrule ({VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n"
              f" -- {MAINTAINER}  {date}\n")  # fmt: skip
    files["share/doc/ferrule/changelog.gz"] = File(gzipped(change.encode()))
    copyright_file = (SHARE / "copyright").read_text().replace(
        "@LICENSE@", _indented((ROOT / "LICENSE").read_text()))
    files["share/doc/ferrule/copyright"] = File(copyright_file.encode())
    files["share/lintian/overrides/ferrule"] = File((SHARE / "lintian-overrides").read_bytes())
    return {f"usr/{path}": file for path, file in files.items()}


def _indented(text):
    return "\n".join(f" {line}" if line.strip() else " ." for line in text.rstrip().split("\n"))


def make_deb(build):
    fields = {
        "Package": "ferrule", "Version": VERSION,
        "Architecture": deb.MACHINES[os.uname().machine], "Maintainer": MAINTAINER,
        "Depends": f"libc6 (>= {runfile.GLIBC}), libssl3 (>= 3.0.0) | libssl3t64",
        "Recommends": "libsqlite3-0, ca-certificates",
        "Section": "interpreters", "Priority": "optional",
    }  # fmt: skip
    return deb.make(fields, DESCRIPTION, debian_files(build),
                    {"usr/bin/ferrule": "../lib/ferrule/ferrule"})


def product_files(build):
    """The tree that a .run file installs, its description included."""
    files = {**runtime_files(build), **data_files(build, ZSH)}
    files["templates/ferrule.desktop"] = File((SHARE / "ferrule.desktop").read_bytes())
    files["share/doc/ferrule/LICENSE"] = File((ROOT / "LICENSE").read_bytes())
    links = {path: path for path in files
             if path.startswith("share/") and not path.startswith("share/doc/")}  # fmt: skip
    links["bin/ferrule"] = f"{LIB}/ferrule"
    text = product.describe("runtime", "ferrule", VERSION, TITLE, files, links,
                            {DESKTOP: "templates/ferrule.desktop"})
    return {**files, "product/runtime.json": File(text)}


def main(arguments):
    default = ("dist", "build/release", "build/self-contained")
    out, release, own_tls = (Path(ROOT, given) for given in arguments or default)
    out.mkdir(exist_ok=True)
    stem = f"ferrule-{VERSION}-{os.uname().machine}"
    files = product_files(own_tls)
    stream = tarball.compress(tarball.pack(files), executable_code=True)
    size = sum(len(file.data) for file in files.values())
    made = {
        f"ferrule_{VERSION}_{deb.MACHINES[os.uname().machine]}.deb":
            make_deb(release),
        f"{stem}.tar.xz": stream,
        f"{stem}.run": runfile.make("runtime", "ferrule", TITLE, VERSION,
                                    files[f"{LIB}/unpack"].data, stream, size),
    }  # fmt: skip
    for name, data in made.items():
        write_atomically(out / name, data, name.endswith(".run"))
        print(f"{len(data) / 1e6:6.2f} MB  {hashlib.sha256(data).hexdigest()}  {out / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
