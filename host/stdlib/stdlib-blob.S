/* SPDX-License-Identifier: MIT */
/* The packed standard library as real sections: they survive strip and patchelf. */
    .macro blob section, name, file
    .section \section, "a", @progbits
    .balign 64
    .global \name\()_begin, \name\()_end
    .hidden \name\()_begin, \name\()_end
\name\()_begin:
    .incbin "\file"
\name\()_end:
    .endm

    blob .ferrule.stdlib, ferrule_stdlib, "stdlib.bin"
    blob .ferrule.frozen, ferrule_frozen, "frozen.bin"

    .section .note.GNU-stack, "", @progbits
