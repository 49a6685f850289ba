/* SPDX-License-Identifier: MIT */
/* Lists of plain scalars. */
#include "guard-quick-plain.h"

#ifdef __SSE2__
const char *
guard_quick_plain_list_end(const GuardProgram *program, GuardRef ref, const char *p,
                           const char *end)
{
    const GuardQuickPart *part = GUARD_QUICK_AT(program, GuardQuickPart, ref);
    if (*p != '[' || part->form != GUARD_QUICK_ARRAY || part->flags != 0) {
        return NULL;
    }
    uint32_t count = 0;
    do {
        p = plain_skip_space(p + 1);
        p = plain_value_end(program, part->kind, part->arg, true, p, end);
        count++;
    } while (p != NULL && *p == ',');
    bool is_right = p != NULL && *p == ']' && count >= part->min && count <= part->max;
    return is_right ? p + 1 : NULL;
}
#endif
