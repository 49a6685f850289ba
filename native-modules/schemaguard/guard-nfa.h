/* SPDX-License-Identifier: MIT */
/* guard-nfa.h - a pattern as a nondeterministic automaton.
 *
 * Purpose    the part of ECMA-262 patterns that is regular - characters, classes,
 * groups, alternatives, repetition, ^ and $ - as a program of small steps, after K.
 * Thompson (CACM 11:6, 1968). guard-dfa.h runs it in linear time. Ownership  an
 * automaton belongs to its pattern. Threads    immutable. Errors     NULL: the pattern
 * looks around, refers back, names a Unicode property or is beyond the limits below.
 * Cost       linear in the pattern with its repetitions written out; no recursion.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    GUARD_NFA_STEPS_MAX = 16384,
    GUARD_NFA_KINDS_MAX = 256, /* of characters that the pattern tells apart */
};

typedef enum {
    GUARD_NFA_TAKE,  /* one character of the set `to`, then the next step */
    GUARD_NFA_FORK,  /* both the next step and the one `to` further */
    GUARD_NFA_JUMP,  /* the step `to` further */
    GUARD_NFA_START, /* the next step, at the text's start only */
    GUARD_NFA_END,   /* the next step, at the text's end only */
    GUARD_NFA_MATCH,
} GuardNfaOp;

typedef struct {
    GuardNfaOp op;
    int32_t to;
} GuardNfaStep;

typedef struct {
    uint64_t kinds[GUARD_NFA_KINDS_MAX / 64];
} GuardNfaSet;

typedef struct {
    GuardNfaStep *steps;
    GuardNfaSet *sets;
    uint32_t *cuts; /* kind i: the characters from cuts[i] up to cuts[i + 1] */
    uint32_t step_count;
    uint32_t kind_count;
    uint8_t ascii[128]; /* the kind of each ASCII character */
    uint8_t looks_at_end;
} GuardNfa;

/* `translation` is what guard_regex_parse() wrote. */
GuardNfa *guard_nfa_new(const char *translation);
void guard_nfa_free(GuardNfa *self);

/* The kind of a character beyond ASCII. */
uint32_t guard_nfa_kind(const GuardNfa *self, uint32_t code);

static inline int
guard_nfa_takes(const GuardNfa *self, const GuardNfaStep *step, uint32_t kind)
{
    return self->sets[step->to].kinds[kind / 64] >> (kind % 64) & 1;
}
