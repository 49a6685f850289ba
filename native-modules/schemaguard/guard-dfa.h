/* SPDX-License-Identifier: MIT */
/* guard-dfa.h - runs an automaton over a text in linear time.
 *
 * Purpose    says whether a pattern is anywhere in a text, or where it would be at the
 *            end if the text ended there. A state is the set of steps
 *            the automaton may be at; states are made when they are first entered, and
 *            then a character costs one load (the lazy DFA of grep and RE2; R. Cox,
 *            "Regular Expression Matching: the Virtual Machine Approach", 2009).
 * Ownership  borrows its automaton, which must outlive it.
 * Threads    one match at a time.
 * Errors     GUARD_MATCH_BUDGET, see the limits: this pattern on this text needs too
 *            many states. The next match is not affected.
 * Limits     GUARD_DFA_STATES_MAX states of GUARD_DFA_MEMBERS_MAX steps together are
 * kept, then all are made anew; GUARD_DFA_WORK_MAX steps followed for new states in one
 * match. Cost       1-2 ns a character; a new state takes some ns a step.
 */
#pragma once

#include "guard-attempt.h"
#include "guard-nfa.h"
#include "guard-pattern.h"

enum {
    GUARD_DFA_STATES_MAX = 1024,
    GUARD_DFA_ENTRIES_MAX = 64 << 10,
    GUARD_DFA_WORK_MAX = 40000,
};

typedef struct GuardDfa GuardDfa;

GuardDfa *guard_dfa_new(const GuardNfa *nfa);
void guard_dfa_free(GuardDfa *self);

/* The text is well-formed UTF-8. */
GuardMatch guard_dfa_match(GuardDfa *self, const GuardAttempt *attempt);
/* Marks each place at which the text could end with a match, of a pattern that looks
 * for the end behind all else. Then it returns GUARD_MATCH_NO. */
GuardMatch guard_dfa_mark(GuardDfa *self, GuardAttempt *attempt);
