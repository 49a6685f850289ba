/* SPDX-License-Identifier: MIT */
#include "guard-dfa.h"

#include <base-utf8.h>

#include <glib.h>
#include <string.h>

/* Numbers of states that no table describes. */
enum {
    UNKNOWN,
    MATCHED, /* whatever follows */
    FAILED,  /* whatever follows */
    FIRST_STATE,
};

typedef enum {
    AT_START = 1 << 0,
    AT_END = 1 << 1,
} Place;

/* Its steps that take a character, sorted. */
typedef struct {
    uint32_t first; /* in `members` */
    uint32_t count;
    bool matches_at_end;
} State;

struct GuardDfa {
    const GuardNfa *nfa;
    GArray *states;      /* State, from FIRST_STATE on */
    GArray *members;     /* uint16_t: steps */
    GArray *next;        /* uint16_t: of each state a row, the state after each kind */
    uint16_t *slots;     /* the states by their members, SLOTS_MAX */
    uint16_t *pending;   /* steps to follow */
    uint64_t *reached;   /* a bit for each step */
    uint16_t start;      /* the state at the text's start, or UNKNOWN */
    uint32_t row_bits;   /* log2 of a row's length: no product on the hot path */
    uint32_t generation; /* counts how often all was forgotten */
    uint32_t work;       /* steps followed in this match */
};

enum {
    SLOTS_MAX = 2 * GUARD_DFA_STATES_MAX /* a power of 2 */
};

static uint32_t
word_count(const GuardNfa *nfa)
{
    return (nfa->step_count + 63) / 64;
}

GuardDfa *
guard_dfa_new(const GuardNfa *nfa)
{
    GuardDfa *self = g_new0(GuardDfa, 1);
    self->nfa = nfa;
    self->row_bits = (uint32_t)g_bit_storage(nfa->kind_count - 1);
    self->states = g_array_sized_new(FALSE, TRUE, sizeof(State), 8);
    self->members = g_array_sized_new(FALSE, FALSE, sizeof(uint16_t), 32);
    self->next = g_array_new(FALSE, TRUE, sizeof(uint16_t));
    self->slots = g_new0(uint16_t, SLOTS_MAX);
    self->pending = g_new(uint16_t, 2 * nfa->step_count);
    self->reached = g_new(uint64_t, word_count(nfa));
    return self;
}

void
guard_dfa_free(GuardDfa *self)
{
    if (self == NULL) {
        return;
    }
    g_array_free(self->states, TRUE);
    g_array_free(self->members, TRUE);
    g_array_free(self->next, TRUE);
    g_free(self->slots);
    g_free(self->pending);
    g_free(self->reached);
    g_free(self);
}

static State *
get_state(const GuardDfa *self, uint32_t number)
{
    return &g_array_index(self->states, State, number - FIRST_STATE);
}

static inline uint16_t *
get_row(const GuardDfa *self, uint32_t number)
{
    uint16_t *rows = (uint16_t *)(void *)self->next->data;
    return &rows[(number - FIRST_STATE) << self->row_bits];
}

static void
forget_all(GuardDfa *self)
{
    self->generation++;
    g_array_set_size(self->states, 0);
    g_array_set_size(self->members, 0);
    g_array_set_size(self->next, 0);
    memset(self->slots, 0, SLOTS_MAX * sizeof *self->slots);
    self->start = UNKNOWN;
}

/* Marks all steps that `from` leads to without a character. Returns whether the match
 * is among them. */
static bool
follow(GuardDfa *self, uint32_t from, Place place)
{
    uint32_t count = 0;
    bool matched = false;
    self->pending[count++] = (uint16_t)from;
    while (count > 0) {
        uint32_t at = self->pending[--count];
        uint64_t bit = UINT64_C(1) << (at % 64);
        if ((self->reached[at / 64] & bit) != 0) {
            continue;
        }
        self->reached[at / 64] |= bit;
        self->work++;
        const GuardNfaStep *step = &self->nfa->steps[at];
        matched |= step->op == GUARD_NFA_MATCH;
        if (step->op == GUARD_NFA_JUMP || step->op == GUARD_NFA_FORK) {
            self->pending[count++] = (uint16_t)((int32_t)at + step->to);
        }
        if (step->op == GUARD_NFA_FORK ||
            (step->op == GUARD_NFA_START && (place & AT_START) != 0) ||
            (step->op == GUARD_NFA_END && (place & AT_END) != 0)) {
            self->pending[count++] = (uint16_t)(at + 1);
        }
    }
    return matched;
}

/* Marks where a character of this kind leads to from the state (UNKNOWN: before the
 * text), a match beginning behind it included. */
static bool
advance(GuardDfa *self, uint32_t from, uint32_t kind, Place place)
{
    memset(self->reached, 0, word_count(self->nfa) * sizeof *self->reached);
    bool matched = follow(self, 0, place);
    const State *state = from == UNKNOWN ? NULL : get_state(self, from);
    for (uint32_t i = 0; state != NULL && i < state->count; i++) {
        uint32_t at = g_array_index(self->members, uint16_t, state->first + i);
        if (guard_nfa_takes(self->nfa, &self->nfa->steps[at], kind)) {
            matched |= follow(self, at + 1, place);
        }
    }
    return matched;
}

/* Appends the marked steps that take a character to `members`. */
static uint32_t
collect(GuardDfa *self)
{
    uint32_t first = self->members->len;
    for (uint32_t i = 0; i < word_count(self->nfa); i++) {
        for (uint64_t bits = self->reached[i]; bits != 0; bits &= bits - 1) {
            uint16_t at = (uint16_t)(i * 64 + (uint32_t)__builtin_ctzll(bits));
            if (self->nfa->steps[at].op == GUARD_NFA_TAKE) {
                g_array_append_val(self->members, at);
            }
        }
    }
    return self->members->len - first;
}

/* Where the state with these members is, or would be. FNV-1a. */
static uint16_t *
find_slot(GuardDfa *self, const State *wanted)
{
    const uint16_t *members = &g_array_index(self->members, uint16_t, 0);
    uint32_t hash = 2166136261u + wanted->matches_at_end;
    for (uint32_t i = 0; i < wanted->count; i++) {
        hash = (hash ^ members[wanted->first + i]) * 16777619u;
    }
    for (hash ^= hash >> 15;; hash++) {
        uint16_t *slot = &self->slots[hash % SLOTS_MAX];
        const State *state = *slot == UNKNOWN ? NULL : get_state(self, *slot);
        if (state == NULL || (state->count == wanted->count &&
                              state->matches_at_end == wanted->matches_at_end &&
                              memcmp(&members[state->first], &members[wanted->first],
                                     wanted->count * sizeof *members) == 0)) {
            return slot;
        }
    }
}

/* The number of the state of the marked steps. */
static uint16_t
intern(GuardDfa *self, bool matches_at_end)
{
    if (self->states->len == GUARD_DFA_STATES_MAX ||
        self->members->len >= GUARD_DFA_ENTRIES_MAX ||
        self->next->len >= GUARD_DFA_ENTRIES_MAX) {
        forget_all(self);
    }
    State state = {.first = self->members->len, .matches_at_end = matches_at_end};
    state.count = collect(self);
    if (state.count == 0 && !matches_at_end) {
        return FAILED;
    }
    uint16_t *slot = find_slot(self, &state);
    if (*slot != UNKNOWN) {
        g_array_set_size(self->members, state.first);
        return *slot;
    }
    g_array_append_val(self->states, state);
    g_array_set_size(self->next, self->states->len << self->row_bits);
    *slot = (uint16_t)(FIRST_STATE + self->states->len - 1);
    return *slot;
}

/* Makes the state that a character of this kind leads to. */
static uint16_t
enter(GuardDfa *self, uint32_t from, uint32_t kind)
{
    Place place = from == UNKNOWN ? AT_START : 0;
    bool at_end = self->nfa->looks_at_end && advance(self, from, kind, place | AT_END);
    return advance(self, from, kind, place) ? MATCHED : intern(self, at_end);
}

/* The same, remembered. */
static uint16_t
step(GuardDfa *self, uint32_t from, uint32_t kind)
{
    uint32_t generation = self->generation;
    uint16_t to = enter(self, from, kind);
    if (self->generation == generation) {
        get_row(self, from)[kind] = to;
    }
    return to;
}

static inline uint32_t
take_kind(const GuardNfa *nfa, const char **p)
{
    unsigned char c = (unsigned char)**p;
    if (c < 0x80) {
        (*p)++;
        return nfa->ascii[c];
    }
    size_t n;
    uint32_t code = base_utf8_decode(*p, &n);
    *p += n;
    return guard_nfa_kind(nfa, code);
}

static uint32_t
begin(GuardDfa *self)
{
    self->work = 0;
    if (self->start == UNKNOWN) {
        self->start = enter(self, UNKNOWN, 0);
    }
    return self->start;
}

/* Returns the state after the next character; UNKNOWN if that is too much work. */
static inline uint32_t
read_on(GuardDfa *self, uint32_t state, const char **p)
{
    uint32_t kind = take_kind(self->nfa, p);
    uint32_t to = get_row(self, state)[kind];
    if (to != UNKNOWN) {
        return to;
    }
    to = step(self, state, kind);
    return self->work > GUARD_DFA_WORK_MAX ? UNKNOWN : to;
}

GuardMatch
guard_dfa_match(GuardDfa *self, const GuardAttempt *attempt)
{
    const char *p = attempt->text;
    const char *end = p + attempt->length;
    uint32_t state = begin(self);
    while (state >= FIRST_STATE && p < end) {
        state = read_on(self, state, &p);
    }
    if (state == UNKNOWN) {
        return GUARD_MATCH_BUDGET;
    }
    bool matched =
        state == MATCHED || (state != FAILED && get_state(self, state)->matches_at_end);
    return matched ? GUARD_MATCH_YES : GUARD_MATCH_NO;
}

GuardMatch
guard_dfa_mark(GuardDfa *self, GuardAttempt *attempt)
{
    const char *p = attempt->text;
    const char *end = p + attempt->length;
    uint32_t state = begin(self);
    while (state >= FIRST_STATE) {
        if (get_state(self, state)->matches_at_end) {
            guard_attempt_mark(attempt, (size_t)(p - attempt->text));
        }
        if (p == end) {
            break;
        }
        state = read_on(self, state, &p);
    }
    return state == UNKNOWN ? GUARD_MATCH_BUDGET : GUARD_MATCH_NO;
}
