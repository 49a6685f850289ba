/* SPDX-License-Identifier: MIT */
/* agents-text.c - the code's pages are there when an agent begins.
 *
 * A fork leaves out what the child can read from a file again, and so an agent faults
 * at the first call into every 64 KB of code. A mapping that somebody has written to is
 * copied with all its entries, each at a small part of a fault. So one byte of the code
 * is written as it is, in the way a debugger sets its breakpoints: the mapping stays
 * one that cannot be written, of the same file. Where a kernel does not allow that
 * (proc_mem.force_override), agents fault as before.
 */
#include "agents-private.h"

#include <fcntl.h>
#include <unistd.h>

/* Of the executable, and of the C library. */
static void (*const places[])(void) = {agents_inherit_text, (void (*)(void))fork};

void
agents_inherit_text(void)
{
    int memory = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);
    if (memory < 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        uintptr_t address = (uintptr_t)places[i];
        unsigned char byte = *(const volatile unsigned char *)address;
        if (pwrite(memory, &byte, sizeof byte, (off_t)address) < 0)
            break; /* agents fault */
    }
    close(memory);
}
