# SPDX-License-Identifier: MIT
"""place - where a product is installed, and what outside its root belongs to it.

    ROOT/versions/VERSION-HASH/   the files of a version, and `previous`, a link to the
                                  name of the one before
    ROOT/current                  -> versions/...; switching it is the installation
    ROOT/place.json               where bin/ and share/ are; folders made on the way

What is in force is what `current` leads to, nothing else says so. Everything outside the
root is a link into ROOT/current or a file with a line that names ROOT, so that what is
ours can be told from what is not by looking at it. ROOT is locked while it changes.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

from ferrule._installer.said import EXIT_FAILED, Refused, say

SYSTEM_ROOT = Path("/usr/local/lib")
CACHES = {
    # folder below share/: (program that writes its caches, what it writes)
    "mime": ("update-mime-database", None),
    "applications": ("update-desktop-database", "mimeinfo.cache"),
}


class Place:
    def __init__(self, root):
        self.root = Path(root)
        self._record = self.root / "place.json"
        self.versions = self.root / "versions"
        self.current = self.root / "current"
        values = json.loads(self._record.read_text()) if self._record.exists() else {}
        self.bin = Path(values.get("bin", self._default_bin()))
        self.share = Path(values.get("share", self._default_share()))
        self.made = values.get("made", [])

    def _is_system(self):
        return self.root.is_relative_to(SYSTEM_ROOT)

    def _default_bin(self):
        if self._is_system():
            return SYSTEM_ROOT.parent / "bin"
        return Path(os.path.expanduser("~")) / ".local" / "bin"

    def _default_share(self):
        if self._is_system():
            return SYSTEM_ROOT.parent / "share"
        return self.root.parent.parent if self.root.parent.name == "ferrule-agents" \
            else self.root.parent

    @contextlib.contextmanager
    def locked(self):
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Refused(f"another installation in {self.root} is under way: wait for "
                          "it to end", code=EXIT_FAILED) from None
        finally:
            os.close(folder)

    # ---- what is outside the root ----------------------------------------------------

    def path(self, where):
        """The path of bin/NAME or share/..."""
        top, _, rest = where.partition("/")
        return {"bin": self.bin, "share": self.share}[top] / rest

    def is_ours(self, path):
        if path.is_symlink():
            return os.readlink(path).startswith(f"{self.current}/")
        try:
            with open(path, "rb") as file:
                return self._mark().encode() in file.read(4096).split(b"\n")
        except OSError:
            return False

    def _mark(self):
        return f"# Made by ferrule for {self.root}"

    def conflicts(self, product):
        """Paths the product needs and somebody else has."""
        paths = map(self.path, product.outside)
        return [p for p in paths if os.path.lexists(p) and not self.is_ours(p)]

    def connect(self, product):
        """Make what the product has outside, whatever is there already."""
        self.record(product)
        for where, name in product.values["links"].items():
            path = self._ready(where)
            _replace(path, lambda fresh, name=name: os.symlink(self.current / name, fresh))
        for where, name in product.values["rendered"].items():
            text = self._rendered((product.folder / name).read_text())
            path = self._ready(where)

            def write(fresh, text=text):
                Path(fresh).write_text(text)
                os.chmod(fresh, 0o644)

            _replace(path, write)

    def _ready(self, where):
        path = self.path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _rendered(self, template):
        """Paths in it stand between double quotes of a desktop entry's Exec."""
        current = str(self.current)
        for letter in '\\"`$':
            current = current.replace(letter, "\\" + letter)
        current = current.replace("\\", "\\\\").replace("%", "%%")
        return template.replace("@MARK@", self._mark()).replace("@CURRENT@", current)

    def disconnect(self, products, but=None):
        """Take away what `products` have outside and `but` has not."""
        kept = set() if but is None else set(but.outside)
        for where in {w for product in products for w in product.outside} - kept:
            path = self.path(where)
            if os.path.lexists(path) and self.is_ours(path):
                path.unlink()

    # ---- folders made on the way -----------------------------------------------------

    def record(self, product, made=()):
        """Write down which folders and caches will be made, before they are."""
        wanted = [self.path(where) for where in product.outside]
        for folder, (_, cache) in CACHES.items():
            if cache and any(p.is_relative_to(self.share / folder) for p in wanted):
                wanted.append(self.share / folder / cache)
                made = [*made, *_absent([self.share / folder / cache])]
        fresh = [*made, *_absent({parent for p in wanted for parent in p.parents})]
        self.made = list(dict.fromkeys([*self.made, *fresh]))
        values = {"bin": str(self.bin), "share": str(self.share), "made": self.made}
        text = json.dumps(values, indent=1)
        _replace(self._record, lambda path: Path(path).write_text(text))

    def refresh_caches(self, quiet=True):
        """Let the desktop know; its programs may be missing, then it looks itself."""
        for folder, (program, _) in CACHES.items():
            path = self.share / folder
            if path.is_dir() and shutil.which(program):
                subprocess.run([program, path], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)

    def forget_caches(self):
        """Caches that exist because of us go with us, unless others came meanwhile."""
        mime, applications = self.share / "mime", self.share / "applications"
        cache = applications / "mimeinfo.cache"
        if str(mime) in self.made and not any(mime.glob("packages/*")):
            shutil.rmtree(mime, ignore_errors=True)
        if str(cache) in self.made and not any(applications.glob("*.desktop")):
            cache.unlink(missing_ok=True)
        self.refresh_caches_left()

    def refresh_caches_left(self):
        mime = self.share / "mime" / "packages"
        cache = self.share / "applications" / "mimeinfo.cache"
        if mime.is_dir() or cache.exists():
            self.refresh_caches()

    def remove_made(self):
        """The folders that were made for us and are empty again, the innermost first."""
        for name in sorted(self.made, key=len, reverse=True):
            with contextlib.suppress(OSError):
                os.rmdir(name)


def _absent(paths):
    return [str(path) for path in sorted(paths) if not os.path.lexists(path)]


def _replace(path, write):
    """write(fresh path), then rename: whoever looks sees the old or the new."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    write(fresh)
    os.rename(fresh, path)


def on_path(folder):
    """Says it when programs in `folder` will not be found by their name."""
    if str(folder) not in os.environ.get("PATH", "").split(":"):
        say(f"{folder} is not in your PATH: log in again, or add it")
