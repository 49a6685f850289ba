# SPDX-License-Identifier: MIT
"""What the variants need besides the executable, and how one of them is run."""

import os
import subprocess
from pathlib import Path

import measure
import peers
import stock

PACKAGES = ("cachebox==6.2.10", "diskcache==5.6.3", "redis==8.1.0", "hiredis==3.5.0",
            "typing_extensions")  # fmt: skip


class Skipped(Exception):
    """Why a variant cannot be measured here."""


class Prepared:
    """What the variants need besides the executable; each made once, when first asked."""

    def __init__(self):
        self._made = {}

    def once(self, name, make):
        if name not in self._made:
            try:
                self._made[name] = make(), None
            except (Skipped, OSError, subprocess.SubprocessError, SystemExit) as error:
                self._made[name] = None, str(error)
        value, reason = self._made[name]
        if reason is not None:
            raise Skipped(reason)
        return value

    def packages(self):
        return self.once("packages", lambda: peers.fetch(PACKAGES, peers.INSIDE))

    def dashstore(self):
        return self.once("dashstore", peers.dashstore)

    def python(self, name):
        if name == "ferrule":
            return measure.FERRULE
        make = stock.interpreter if name == "stock" else stock.free_threaded
        return self.once(name, make)

    def wheel(self, python):
        """Our own packages for another build."""
        return self.once(f"wheel {python}", lambda: peers.own_wheel(self.python(python)))

    def path_of(self, store, python="ferrule"):
        """Folders with what a store is made of."""
        if store == "dashstore":
            return [str(self.dashstore())]
        if store == "ferrule" and python != "ferrule":
            return [str(self.wheel(python))]
        if store in ("cachebox", "redis", "diskcache"):
            return [str(self.packages())]
        return []


def run_to_end(command, limit, folder, result="result.json"):
    """One measured program; what it left running dies with it."""
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True)  # fmt: skip
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = f"nothing for {limit:.0f} s"
        finally:
            try:
                os.killpg(process.pid, 9)
            except ProcessLookupError:
                pass
            process.wait()
    if code != 0 or not (folder / result).exists():
        said = (folder / "log").read_text(errors="replace").strip().splitlines()
        raise RuntimeError(f"ended with {code}: {' | '.join(said[-3:])}")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
