/* SPDX-License-Identifier: MIT */
/* guard-search.h - searches a text for a pattern, or for what is in a lookbehind.
 *
 * Purpose    by an automaton (guard-dfa.h) if that is regular, else by PCRE2
 *            (guard-backtrack.h), which is compiled when it is first needed.
 * Ownership  a search belongs to its pattern.
 * Threads    safe from any number of threads.
 * Errors     NULL and a message, which is freed with g_free(); GUARD_MATCH_BUDGET,
 * which is neither yes nor no. Limits     those of both.
 */
#pragma once

#include "guard-attempt.h"
#include "guard-pattern.h"
#include "guard-regex.h"

typedef struct GuardSearch GuardSearch;

GuardSearch *guard_search_new(const GuardRegex *regex, char **ret_message);
/* Marks all places where `inside` ends; then its match is GUARD_MATCH_NO. */
GuardSearch *guard_search_new_behind(const char *inside, char **ret_message);
void guard_search_free(GuardSearch *self);

GuardMatch guard_search_match(GuardSearch *self, GuardAttempt *attempt);
