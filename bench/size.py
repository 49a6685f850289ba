# SPDX-License-Identifier: MIT
"""Size ledger: bytes of the executable by section, archive and object.

Growth is visible in review: run it before and after a change. The rows come from the
link map of the release build; objects smaller than ROW_MIN are summed up.
"""

import collections
import re
import sys

import measure

ROW_MIN = 40_000
MAP = measure.ROOT / "build/release/ferrule.map"
ROW = re.compile(r"^ (\.[\w.$]+)?\s*\n?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+)$", re.M)


def ledger(text):
    """{(archive, object): bytes} of what takes room in the file."""
    rows = collections.Counter()
    for section, address, size, origin in ROW.findall(text.partition("memory map")[2]):
        if int(address, 16) == 0 or section.startswith((".bss", ".debug", ".comment")):
            continue
        archive, _, member = origin.rpartition("/")[2].partition("(")
        rows[archive, member.rstrip(")")] += int(size, 16)
    return rows


def main():
    sizes = measure.ferrule_info()["sizes"]
    print("sections")
    for name, size in sorted(sizes["sections"].items(), key=lambda row: -row[1]):
        if size >= ROW_MIN:
            print(f"{size:12,}  {name}")
    rows = ledger(MAP.read_text())
    print("\nobjects (link-time optimised code has no object of its own)")
    for (archive, member), size in rows.most_common():
        if size >= ROW_MIN:
            print(f"{size:12,}  {archive} {member}")
    print()
    measure.verdict("executable", sizes["executable"] / 1e6, 9.0, 8.0, " MB")


if __name__ == "__main__":
    sys.exit(main())
