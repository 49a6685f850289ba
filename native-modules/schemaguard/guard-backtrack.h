/* SPDX-License-Identifier: MIT */
/* guard-backtrack.h - matching by PCRE2: patterns that look around or refer back.
 *
 * Purpose    compiles a translation of guard_regex_parse() with JIT and runs it within
 *            the time of an attempt. The translation calls back at each
 *            GUARD_REGEX_CHECK, for PCRE2's own limits do not count what a repeated
 *            character tries; at each GUARD_REGEX_BEHIND, which the attempt's marks
 *            answer; and at GUARD_BACKTRACK_END, which marks the place and goes back.
 * Ownership  the engine belongs to its search.
 * Threads    matching is safe from any number of threads.
 * Errors     false; GUARD_MATCH_BUDGET, which is neither yes nor no.
 * Limits     those of an attempt, and PCRE2's below.
 * Cost       some ns a character for most patterns, the budget for an exponential one.
 */
#pragma once

#include "guard-attempt.h"
#include "guard-pattern.h"

enum {
    GUARD_BACKTRACK_MATCH_LIMIT = 10000000,
    GUARD_BACKTRACK_DEPTH_LIMIT = 1000,
    GUARD_BACKTRACK_HEAP_LIMIT = 1024,      /* KiB, of matches without JIT */
    GUARD_BACKTRACK_STACK_FIRST = 64 << 10, /* bytes, of matches with JIT ... */
    GUARD_BACKTRACK_STACK_MAX = 16 << 20,   /* ... and at most */
    GUARD_BACKTRACK_END_NUMBER = 255,
};

#define GUARD_BACKTRACK_END "(?C255)"

typedef struct GuardBacktrack GuardBacktrack;

/* On failure *ret_message is freed with g_free(). */
bool guard_backtrack_check(const char *translation, char **ret_message);

/* Never NULL. What the check refuses takes GUARD_MATCH_BUDGET. */
GuardBacktrack *guard_backtrack_new(const char *translation);
void guard_backtrack_free(GuardBacktrack *self);
GuardMatch guard_backtrack_match(GuardBacktrack *self, GuardAttempt *attempt);
