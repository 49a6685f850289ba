/* SPDX-License-Identifier: MIT */
#include "guard-program.h"

#include "guard-pattern.h"

#include <glib.h>

void
guard_program_free(GuardProgram *self)
{
    if (self == NULL) {
        return;
    }
    for (uint32_t i = 0; i < self->pattern_count; i++) {
        guard_pattern_free(self->patterns[i]);
    }
    g_free(self->patterns);
    g_free((char *)self->bytes);
    g_free(self);
}
