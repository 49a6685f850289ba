# SPDX-License-Identifier: MIT
"""Write the jump table through which the executable reaches the system's OpenSSL.

    tls_stubs.py LIBPYTHON LIBSSL LIBCRYPTO OUT.S SOURCE...

Linked in the ordinary way, libssl and libcrypto would be mapped and relocated at every
start, 10-15 % of it, although most runs never open a TLS connection. So each of their
functions that libpython or a C file SOURCE calls becomes a jump through a slot, and
tls-library.c fills the slots when `ssl` or `hashlib` is imported first.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

STUB = {
    "x86_64": "    jmp *tls_slots+{offset}(%rip)",
    "aarch64": "    adrp x16, tls_slots+{offset}\n"
    "    ldr x16, [x16, #:lo12:tls_slots+{offset}]\n    br x16",
}


def names(kind, path):
    """Symbols of an archive or library, as `nm` options `kind` select them."""
    done = subprocess.run(["nm", "-P", *kind, path], capture_output=True, text=True)
    return set(re.findall(r"^([A-Za-z_]\w*)(?:@\S+)? ", done.stdout, re.MULTILINE))


def soname(path):
    done = subprocess.run(["readelf", "-d", path], capture_output=True, text=True)
    return re.search(r"\(SONAME\).*\[(.+)\]", done.stdout).group(1)


def stub(index, name):
    jump = STUB[platform.machine()].format(offset=8 * index)
    return (
        f"    .globl {name}\n    .hidden {name}\n    .type {name}, %function\n"
        f"{name}:\n{jump}\n    .size {name}, .-{name}\n"
    )


def strings(label, texts):
    rows = "\n".join(f'    .asciz "{text}"' for text in texts)
    return f'    .globl {label}\n    .hidden {label}\n{label}:\n{rows}\n    .byte 0\n'


def names_in(sources):
    """Words of C files; those that are symbols of the library are calls."""
    text = "".join(Path(source).read_text() for source in sources)
    return set(re.findall(r"\b[A-Za-z_]\w*\b", text))


def main(libpython, libssl, libcrypto, out, *sources):
    offered = names(["-D", "--defined-only"], libssl)
    offered |= names(["-D", "--defined-only"], libcrypto)
    wanted = names(["--undefined-only"], libpython) | names_in(sources)
    used = sorted(wanted & offered)
    sonames = [soname(libssl), soname(libcrypto)]
    with open(out, "w") as file:
        file.write("/* Made by tls_stubs.py. */\n    .text\n")
        file.writelines(stub(index, name) for index, name in enumerate(used))
        file.write('    .section .rodata.tls, "a", %progbits\n')
        file.write(strings("tls_names", used))
        file.write(strings("tls_sonames", sonames))
        file.write('    .section .bss.tls, "aw", %nobits\n    .balign 8\n')
        file.write("    .globl tls_slots\n    .hidden tls_slots\ntls_slots:\n")
        file.write(f"    .zero {8 * len(used)}\n")
        file.write('    .section .note.GNU-stack, "", %progbits\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
