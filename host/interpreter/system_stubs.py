# SPDX-License-Identifier: MIT
"""Write the jump tables through which the executable reaches libraries of the system.

    system_stubs.py OUT.S NAME=LIBRARY[:LIBRARY]... CALLER...

Linked in the ordinary way, they would be mapped and relocated at every start, OpenSSL
alone 10-15 % of it, although most runs never call them. So each of their functions that
a CALLER (an archive, or a C file) calls becomes a jump through a slot, and
system-library.c fills the slots when a module that needs the library is imported first.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

STUB = {
    "x86_64": "    jmp *{slots}+{offset}(%rip)",
    "aarch64": "    adrp x16, {slots}+{offset}\n"
    "    ldr x16, [x16, #:lo12:{slots}+{offset}]\n    br x16",
}
WIDTH = "_8"  # PCRE2's macros add the width of its characters to a name


def names(kind, path):
    """Symbols of an archive or library, as `nm` options `kind` select them."""
    done = subprocess.run(["nm", "-P", *kind, path], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, check=True)  # fmt: skip
    return set(re.findall(r"^([A-Za-z_]\w*)(?:@\S+)? ", done.stdout, re.MULTILINE))


def soname(path):
    done = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, text=True,
                          check=True)  # fmt: skip
    return re.search(r"\(SONAME\).*\[(.+)\]", done.stdout).group(1)


def called_by(path):
    """Names an archive leaves undefined; or all words of a C file, among which those
    that a library offers are calls."""
    if path.endswith(".a"):
        return names(["--undefined-only"], path)
    words = set(re.findall(r"\b[A-Za-z_]\w*\b", Path(path).read_text()))
    return words | {word + WIDTH for word in words}


def stub(slots, index, name):
    jump = STUB[platform.machine()].format(slots=slots, offset=8 * index)
    return (
        f"    .globl {name}\n    .hidden {name}\n    .type {name}, %function\n"
        f"{name}:\n{jump}\n    .size {name}, .-{name}\n"
    )


def strings(label, texts):
    rows = "\n".join(f'    .asciz "{text}"' for text in texts)
    return f'    .globl {label}\n    .hidden {label}\n{label}:\n{rows}\n    .byte 0\n'


def table(library, paths, called):
    """The jumps of one library, the names behind them, and the slots."""
    offered = set().union(*(names(["-D", "--defined-only"], path) for path in paths))
    used = sorted(called & offered)
    slots = f"{library}_slots"
    return "".join([
        "    .text\n", *(stub(slots, index, name) for index, name in enumerate(used)),
        f'    .section .rodata.{library}, "a", %progbits\n',
        strings(f"{library}_names", used),
        strings(f"{library}_sonames", map(soname, paths)),
        f'    .section .bss.{library}, "aw", %nobits\n    .balign 8\n',
        f"    .globl {slots}\n    .hidden {slots}\n{slots}:\n    .zero {8 * len(used)}\n",
    ])  # fmt: skip


def main(out, *arguments):
    libraries = dict(given.split("=") for given in arguments if "=" in given)
    called = set().union(*(called_by(given) for given in arguments if "=" not in given))
    tables = [table(name, paths.split(":"), called) for name, paths in libraries.items()]
    end = '    .section .note.GNU-stack, "", %progbits\n'
    Path(out).write_text("".join(["/* Made by system_stubs.py. */\n", *tables, end]))


if __name__ == "__main__":
    main(*sys.argv[1:])
