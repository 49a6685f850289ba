# SPDX-License-Identifier: MIT
"""Write the packages of the runtime into dist/; `./dev package` calls it.

    build/release/ferrule installer/package.py [OUT RELEASE SELF-CONTAINED]

From the folder RELEASE: ferrule_VERSION_MACHINE.deb, which uses the OpenSSL of the system,
and ferrule-codecs-cjk_VERSION_MACHINE.deb.
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


CJK = "ferrule-codecs-cjk"
CJK_DESCRIPTION = """\
codecs of East Asian character sets for ferrule
Big5, EUC-JP, EUC-KR, GB18030, Shift JIS and their relatives for the agents
that ferrule runs. UTF-8 and all else is in ferrule itself."""


def gzipped(data):
    return gzip.compress(data, 9, mtime=0)


def runtime_files(build):
    """{path: File}: the executable and what lies beside it."""
    files = {f"{LIB}/ferrule": File((build / "ferrule").read_bytes(), True),
             f"{LIB}/unpack": File((build / "unpack").read_bytes(), True)}  # fmt: skip
    for module in sorted((build / "modules").glob("*.so")):
        files[f"{LIB}/modules/{module.name}"] = File(module.read_bytes())
    return files


def data_files(zsh):
    """{path: File}: manual, icons, completions and what tells the desktop."""
    files = {path: File((SHARE / name).read_bytes()) for path, name in DATA.items()}
    day = time.strftime("%Y-%m-%d", time.gmtime(tarball.epoch()))
    info = "share/metainfo/dev.ferrule.ferrule.metainfo.xml"
    text = files[info].data.decode().replace("@VERSION@", VERSION).replace("@DATE@", day)
    files[info] = File(text.encode())
    files[zsh] = File((SHARE / "ferrule.zsh").read_bytes())
    files[MAN] = File(gzipped((SHARE / "ferrule.1").read_bytes()))
    return files


def with_sbom(build, files):
    """`files` and the document about the programs and modules among them."""
    names = sorted(path.removeprefix(f"{LIB}/") for path in files if path.startswith(LIB))
    modules = [name for name in names if name.startswith("modules/")]
    programs = [name for name in names if name not in modules]
    document = sbom(build, programs, modules)
    return {**files, "share/doc/ferrule/ferrule.spdx.json.gz": File(gzipped(document))}


def printed(command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or None


def components(build, modules):
    """components.json with the versions that are linked here: what is installed, or what
    the executable says where another release of it may be linked."""
    values = json.loads((SBOM / "components.json").read_text())
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(tarball.epoch()))
    python = sys.version.split()[0]
    own = {"ferrule": VERSION, "cpython": python, "cpython-modules": python}
    values["components"].append({
        "name": "cpython-modules", "license": "PSF-2.0", "objects": [],
        "supplier": "Python Software Foundation",
        "embedded": f"loaded when they are imported: {' '.join(modules)}",
    })  # fmt: skip
    for row in values["components"]:
        version = own.get(row["name"])
        if "debian" in row:
            version = printed(["dpkg-query", "-W", "-f", "${source:Version}", row["debian"]])
        if "says" in row:
            version = printed([build / "ferrule", "-c", row["says"]])
        row["version"] = version or "NOASSERTION"
    return {**values, "name": "ferrule", "version": VERSION, "created": created}


def sbom(build, programs, modules):
    """The SPDX document of what is linked in `build`; sbom.c makes it."""
    with tempfile.TemporaryDirectory() as folder:
        program, listed, out = (Path(folder, name) for name in ("sbom", "in", "out"))
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "json-glib-1.0"],
                               capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["gcc", "-std=gnu17", "-O1", "-o", program, SBOM / "sbom.c", *flags],
                       check=True)
        listed.write_text(json.dumps(components(build, modules)))
        maps = [build / f"{name}.map" for name in programs]
        subprocess.run([program, listed, out, *maps], check=True)
        return out.read_bytes()


def is_cjk(path):
    """Whether a file belongs to the codecs of East Asia, a package of their own."""
    return "/modules/_codecs_" in path or "/modules/_multibytecodec" in path


def debian_files(build):
    """The same below usr/, as Debian wants it. Without the unpacker: an installer made
    from this runtime would need libraries of its user's system."""
    files = {path: file for path, file in runtime_files(build).items()
             if not is_cjk(path) and path != f"{LIB}/unpack"}  # fmt: skip
    files = with_sbom(build, {**files, **data_files(ZSH_DEBIAN)})
    entry = (SHARE / "ferrule.desktop").read_text()
    entry = entry.replace("@MARK@\n", "").replace('"@CURRENT@/lib/ferrule/ferrule"', "ferrule")
    files[DESKTOP] = File(entry.encode())
    files["share/doc/ferrule/changelog.gz"] = _changelog("ferrule")
    files["share/doc/ferrule/copyright"] = _copyright()
    files["share/lintian/overrides/ferrule"] = File((SHARE / "lintian-overrides").read_bytes())
    return {f"usr/{path}": file for path, file in files.items()}


def _changelog(package):
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(tarball.epoch()))
    text = (f"{package} ({VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n"
            f" -- {MAINTAINER}  {date}\n")  # fmt: skip
    return File(gzipped(text.encode()))


def _copyright():
    text = (SHARE / "copyright").read_text()
    licence = _indented((ROOT / "LICENSE").read_text())
    return File(text.replace("@LICENSE@", licence).encode())


def _indented(text):
    return "\n".join(f" {line}" if line.strip() else " ." for line in text.rstrip().split("\n"))


def _fields(package, **more):
    return {"Package": package, "Version": VERSION,
            "Architecture": deb.MACHINES[os.uname().machine], "Maintainer": MAINTAINER,
            "Section": "interpreters", "Priority": "optional", **more}  # fmt: skip


def make_deb(build):
    depends = (f"libc6 (>= {runfile.GLIBC}), libssl3 (>= 3.0.0) | libssl3t64, "
               "libpcre2-8-0 (>= 10.32), liblzma5, libbz2-1.0, zlib1g")
    recommends = f"libsqlite3-0, ca-certificates, {CJK} (= {VERSION})"
    return deb.make(_fields("ferrule", Depends=depends, Recommends=recommends), DESCRIPTION,
                    debian_files(build), {"usr/bin/ferrule": "../lib/ferrule/ferrule"})


def make_cjk_deb(build):
    """The codecs of East Asia, 0.9 MB that few agents need."""
    files = {f"usr/{path}": file for path, file in runtime_files(build).items()
             if is_cjk(path)}  # fmt: skip
    files[f"usr/share/doc/{CJK}/copyright"] = _copyright()
    files[f"usr/share/doc/{CJK}/changelog.gz"] = _changelog(CJK)
    depends = f"libc6 (>= {runfile.GLIBC}), ferrule (= {VERSION})"
    return deb.make(_fields(CJK, Depends=depends), CJK_DESCRIPTION, files)


def product_files(build):
    """The tree that a .run file installs, its description included."""
    files = with_sbom(build, {**runtime_files(build), **data_files(ZSH)})
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
        f"{CJK}_{VERSION}_{deb.MACHINES[os.uname().machine]}.deb": make_cjk_deb(release),
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
