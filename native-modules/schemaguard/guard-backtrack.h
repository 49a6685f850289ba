/* SPDX-License-Identifier: MIT */
/* guard-backtrack.h - matching by PCRE2: patterns that look around or refer back.
 *
 * Purpose    compiles a translation of guard_regex_parse() with JIT and runs it within
 * a budget of time. The translation calls back at each GUARD_REGEX_CHECK, for PCRE2's
 * own limits do not count what a repeated character tries. Ownership  the engine
 * belongs to its pattern. Threads    matching is safe from any number of threads.
 * Errors     NULL; GUARD_MATCH_BUDGET, which is neither yes nor no.
 * Limits     GUARD_BACKTRACK_TIME_NS of the thread's time for each started
 *            GUARD_BACKTRACK_TIME_BYTES of the text, and PCRE2's below.
 * Cost       some ns a character for most patterns, the budget for an exponential one.
 */
#pragma once

#include "guard-pattern.h"

enum {
    GUARD_BACKTRACK_TIME_NS = 600000,
    GUARD_BACKTRACK_TIME_BYTES = 64 << 10,
    GUARD_BACKTRACK_MATCH_LIMIT = 10000000,
    GUARD_BACKTRACK_DEPTH_LIMIT = 1000,
    GUARD_BACKTRACK_HEAP_LIMIT = 1024,      /* KiB, of matches without JIT */
    GUARD_BACKTRACK_STACK_FIRST = 64 << 10, /* bytes, of matches with JIT ... */
    GUARD_BACKTRACK_STACK_MAX = 16 << 20,   /* ... and at most */
};

typedef enum {
    GUARD_BACKTRACK_RIGHT,
    GUARD_BACKTRACK_WIDE_LOOKBEHIND, /* right in ECMA-262, but not for PCRE2 */
    GUARD_BACKTRACK_WRONG,
} GuardBacktrackCheck;

typedef struct GuardBacktrack GuardBacktrack;

/* On failure *ret_message is freed with g_free(). */
GuardBacktrackCheck guard_backtrack_check(const char *translation, size_t length,
                                          char **ret_message);

/* Never NULL. What the check would not call right takes GUARD_MATCH_BUDGET. */
GuardBacktrack *guard_backtrack_new(const char *translation, size_t length);
void guard_backtrack_free(GuardBacktrack *self);
GuardMatch guard_backtrack_match(GuardBacktrack *self, const char *text, size_t length);
