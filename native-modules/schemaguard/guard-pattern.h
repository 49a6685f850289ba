/* SPDX-License-Identifier: MIT */
/* guard-pattern.h - matching strings against ECMA-262 patterns.
 *
 * Purpose    a row of classes is matched by a loop of our own, another regular pattern
 *            by an automaton (guard-dfa.h), the rest by PCRE2 (guard-backtrack.h),
 * which is compiled when it is first needed. Ownership  a pattern belongs to its
 * program. Threads    matching is safe from any number of threads. Limits     those of
 * guard-backtrack.h: then the answer is GUARD_MATCH_BUDGET, which is neither yes nor
 * no.
 */
#pragma once

#include "guard-program.h"

typedef enum {
    GUARD_MATCH_NO,
    GUARD_MATCH_YES,
    GUARD_MATCH_BUDGET,
} GuardMatch;

/* `source` is UTF-8. Returns NULL and *ret_message (freed with g_free()) and the
 * character's position if it is no pattern. */
GuardPattern *guard_pattern_new(const char *source, size_t length, char **ret_message,
                                size_t *ret_position);
void guard_pattern_free(GuardPattern *self);

/* `text` is the string's value in UTF-8. */
GuardMatch guard_pattern_match(GuardPattern *self, const char *text, size_t length);

/* Whether the text is a pattern of ECMA-262, for the format "regex". */
bool guard_pattern_is_valid(const char *source, size_t length);

/* Whether it is matched by a loop of our own: nothing has to be compiled for it. */
bool guard_pattern_is_own(const GuardPattern *self);

const char *guard_pattern_source(const GuardPattern *self);
