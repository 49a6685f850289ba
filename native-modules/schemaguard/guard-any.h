/* SPDX-License-Identifier: MIT */
/* guard-any.h - containers of which nothing is asked but to be JSON.
 *
 * They are read in one loop: no frames, and names are compared in a list on the stack.
 * Errors, names with escapes, objects with many members and deep nesting are left to
 * the machine, so that a byte is read at most GUARD_ANY_DEPTH times more.
 */
#pragma once

#include "guard-run.h"

enum {
    GUARD_ANY_DEPTH = 8,  /* open containers at once */
    GUARD_ANY_NAMES = 64, /* of the open objects */
};

/* Whether nothing is asked of the node's containers; `part` is its part for them. */
static inline bool
guard_any_takes(const GuardRun *run, const GuardNode *node, GuardRef part)
{
    return part == 0 && (node->choice | node->inplace) == 0 && !run->is_partial;
}

/* Returns the byte behind the object or array at `p`, whose nesting is `level`, or NULL
 * where the machine has to look. */
const char *guard_any_end(GuardRun *run, unsigned level, const char *p);
