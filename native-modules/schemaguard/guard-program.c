/* SPDX-License-Identifier: MIT */
#include "guard-program.h"

#include "guard-pattern.h"

#include <glib.h>

void
guard_program_clear(GuardProgram *self)
{
    for (uint32_t i = 0; i < self->pattern_count; i++) {
        guard_pattern_free(self->patterns[i]);
    }
    g_free(self->patterns);
}
