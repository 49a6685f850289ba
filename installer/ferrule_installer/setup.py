# SPDX-License-Identifier: MIT
"""setup - install, roll back and uninstall a product; the second half of a .run file.

Guarantees: at every moment `current` leads to a whole version or is not there; a kill
at any instruction leaves the version before or the new one in force, and the next run
clears up what was left lying. Nothing is overwritten that is not ours.
"""

import os
import shutil
from pathlib import Path

from ferrule._installer import place as places
from ferrule._installer import product as products
from ferrule._installer import said
from ferrule._installer.said import Refused, say


def _version_in_force(place):
    """Name of the folder below versions/ that `current` leads to, or None."""
    try:
        return Path(os.readlink(place.current)).name
    except OSError:
        return None


def _version_before(folder):
    try:
        return os.readlink(folder / "previous")
    except OSError:
        return None


def _installed(place):
    """Every version on disk whose description can be read."""
    found = []
    for folder in sorted(place.versions.glob("[!.]*")):
        try:
            found.append(products.read(folder))
        except (Refused, OSError):
            continue
    return found


def _switch(place, name):
    fresh = place.root / f".current-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(f"versions/{name}")
    fresh.rename(place.current)
    descriptor = os.open(place.root, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


# ---- install -----------------------------------------------------------------------


def _check(place, product):
    wrong = product.damage()
    if wrong:
        raise Refused(f"{product.title}: {wrong[0]} is not what it should be: the file was "
                      "damaged on its way, fetch it again")
    conflicts = place.conflicts(product)
    if conflicts:
        raise Refused(*(f"{path} is there already and not ours: move it away"
                        for path in conflicts), "nothing was installed")


def _put_in_place(place, product, staging):
    """The folder of the version; its `previous` is made before it gets its name."""
    target = place.versions / product.identity
    if target.is_dir():
        if not products.read(target).damage():
            shutil.rmtree(staging)
            return target
        broken = place.versions / f".broken-{os.getpid()}"
        target.rename(broken)
    before = _version_in_force(place)
    if before == product.identity:
        before = None
    if before is not None:
        (staging / "previous").symlink_to(before)
    staging.rename(target)
    return target


def _clear_up(place, in_force):
    """Versions nobody can return to, and what interrupted runs left."""
    kept = {in_force, _version_before(place.versions / in_force)}
    for folder in place.versions.iterdir():
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    for left in place.root.glob(".*-*"):
        left.unlink(missing_ok=True)


def install(root, staging, made=(), quiet=False):
    place = places.Place(root)
    product = products.read(staging)
    with place.locked():
        _check(place, product)
        old = _installed(place)
        place.record(product, made)
        target = _put_in_place(place, product, Path(staging))
        _switch(place, target.name)
        product = products.read(target)
        place.connect(product)
        place.disconnect(old, but=product)
        _clear_up(place, target.name)
        place.refresh_caches()
    if not quiet:
        say(f"{product.title} is installed: {_how_to_start(place, product)}")
        places.on_path(place.bin)


def _how_to_start(place, product):
    program = next((w for w in product.outside if w.startswith("bin/")), None)
    return str(place.path(program)) if program else str(place.current)


# ---- roll back, uninstall ------------------------------------------------------------


def rollback(root):
    place = places.Place(root)
    with place.locked():
        name = _version_in_force(place)
        before = name and _version_before(place.versions / name)
        if before is None or not (place.versions / before).is_dir():
            raise Refused(f"there is no version before this one in {place.versions}",
                          code=said.EXIT_FAILED)
        product = products.read(place.versions / before)
        wrong = product.damage()
        if wrong:
            raise Refused(f"{product.title} on disk is damaged ({wrong[0]}): nothing was "
                          "changed", code=said.EXIT_FAILED)
        old = _installed(place)
        _switch(place, before)
        place.connect(product)
        place.disconnect(old, but=product)
        place.refresh_caches()
    say(f"{product.title} is in force again")


def uninstall(root, quiet=False):
    place = places.Place(root)
    with place.locked():
        installed = _installed(place)
        title = installed[-1].values["title"] if installed else place.root.name
        place.disconnect(installed)
        place.current.unlink(missing_ok=True)
        shutil.rmtree(place.versions)
        place.forget_caches()
        for left in (place.root / "place.json", *place.root.glob(".*-*")):
            left.unlink(missing_ok=True)
    place.remove_made()
    if quiet:
        return
    say(f"{title} is uninstalled")
    for kept in _user_data(place):
        say(f"your data stays: {kept}")


def _user_data(place):
    """What runs of the product wrote for the user, as far as we know it."""
    base = {"XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}
    for variable, default in base.items():
        folder = os.environ.get(variable) or os.path.expanduser(f"~/{default}")
        path = Path(folder) / "ferrule"
        if path.is_dir():
            yield path
    if place.root.is_dir():
        yield place.root


# ---- command lines ------------------------------------------------------------------


def _options(arguments):
    import argparse

    parser = argparse.ArgumentParser("setup", allow_abbrev=False)
    parser.add_argument("action", choices=("install", "uninstall"))
    parser.add_argument("--root", required=True)
    parser.add_argument("--staging")
    parser.add_argument("--system", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    return parser.parse_args(arguments)


def main(arguments):
    """What the shell half of a .run file calls."""
    def command(arguments):
        options = _options(arguments)
        if options.action == "uninstall":
            return uninstall(options.root, options.quiet)
        made = os.environ.get("FERRULE_MADE", "").splitlines()
        return install(options.root, options.staging, made, options.quiet)

    return said.run(command, arguments)
