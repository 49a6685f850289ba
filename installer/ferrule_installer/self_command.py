# SPDX-License-Identifier: MIT
"""ferrule self - what a ferrule that was installed by its .run file does to itself."""

import sys
from pathlib import Path

from ferrule._installer import said, setup
from ferrule._installer.said import Refused

USAGE = """\
usage: ferrule self rollback | uninstall

  rollback    return to the version that was installed before this one
  uninstall   remove ferrule; your data stays

For a ferrule that was installed by its .run file.
"""


def own_root():
    """The root of the installation that this executable is part of."""
    executable = Path(sys.executable).resolve()
    root = executable.parents[4] if len(executable.parents) > 4 else Path("/")
    if executable.parents[2].parent.name == "versions" and (root / "current").is_symlink():
        return root
    if executable.is_relative_to("/usr/lib/ferrule"):
        raise Refused("this ferrule belongs to a Debian package: apt-get install "
                      "ferrule=VERSION goes back, apt-get remove ferrule removes it",
                      code=said.EXIT_FAILED)
    raise Refused(f"{executable} was not installed by a .run file: there is nothing to "
                  "roll back or to remove", code=said.EXIT_FAILED)


def main(arguments):
    def command(arguments):
        if {"-h", "--help"} & set(arguments):
            print(USAGE, end="")
            return None
        if arguments == ["rollback"]:
            return setup.rollback(own_root())
        if arguments == ["uninstall"]:
            return setup.uninstall(own_root())
        raise Refused("self: rollback or uninstall?", code=said.EXIT_USAGE)

    return said.run(command, arguments)
