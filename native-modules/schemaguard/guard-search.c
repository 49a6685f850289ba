/* SPDX-License-Identifier: MIT */
#include "guard-search.h"

#include "guard-backtrack.h"
#include "guard-dfa.h"

#include <stdatomic.h>
#include <string.h>

/* As many threads as search for one pattern at a time without making their states anew.
 */
enum {
    SPARES = 4
};

/* Else PCRE2 does not try less of what is repeated where a callback refuses. */
#define GO_BACK "(*NO_AUTO_POSSESS)"

struct GuardSearch {
    char *translation;
    GuardNfa *nfa;                       /* NULL: not regular */
    _Atomic(GuardDfa *) spares[SPARES];  /* each taken by one match at a time */
    _Atomic(GuardBacktrack *) backtrack; /* NULL until needed; never replaced */
};

/* Takes both. */
static GuardSearch *
search_new(char *translation, GuardNfa *nfa, char **ret_message)
{
    GuardSearch *self = g_new0(GuardSearch, 1);
    self->translation = translation;
    self->nfa = nfa;
    if (nfa == NULL && !guard_backtrack_check(translation, ret_message)) {
        g_clear_pointer(&self, guard_search_free);
    }
    return self;
}

GuardSearch *
guard_search_new(const GuardRegex *regex, char **ret_message)
{
    const char *translation = regex->translation->str;
    if (regex->behinds->len > 0) {
        return search_new(g_strconcat(GO_BACK, translation, NULL), NULL, ret_message);
    }
    return search_new(g_strdup(translation), guard_nfa_new(translation), ret_message);
}

/* The automaton is asked at each place whether the text could end there; a `$` inside
 * would take each place for the end. */
GuardSearch *
guard_search_new_behind(const char *inside, char **ret_message)
{
    g_autofree char *ending = g_strdup_printf("(?:%s)$", inside);
    GuardNfa *nfa = strchr(inside, '$') == NULL ? guard_nfa_new(ending) : NULL;
    return search_new(g_strdup_printf(GO_BACK "(?:%s)" GUARD_BACKTRACK_END, inside),
                      nfa, ret_message);
}

void
guard_search_free(GuardSearch *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < SPARES; i++) {
        guard_dfa_free(atomic_load(&self->spares[i]));
    }
    guard_backtrack_free(atomic_load(&self->backtrack));
    guard_nfa_free(self->nfa);
    g_free(self->translation);
    g_free(self);
}

/* Two threads may both make one; the first to publish wins. */
static GuardBacktrack *
get_backtrack(GuardSearch *self)
{
    GuardBacktrack *engine =
        atomic_load_explicit(&self->backtrack, memory_order_acquire);
    if (engine != NULL) {
        return engine;
    }
    GuardBacktrack *fresh = guard_backtrack_new(self->translation);
    GuardBacktrack *expected = NULL;
    if (atomic_compare_exchange_strong(&self->backtrack, &expected, fresh)) {
        return fresh;
    }
    guard_backtrack_free(fresh);
    return expected;
}

static GuardDfa *
take_dfa(GuardSearch *self)
{
    for (size_t i = 0; i < SPARES; i++) {
        GuardDfa *spare = atomic_exchange(&self->spares[i], NULL);
        if (spare != NULL) {
            return spare;
        }
    }
    return guard_dfa_new(self->nfa);
}

static void
give_dfa(GuardSearch *self, GuardDfa *dfa)
{
    for (size_t i = 0; i < SPARES; i++) {
        GuardDfa *other = NULL;
        if (atomic_compare_exchange_strong(&self->spares[i], &other, dfa)) {
            return;
        }
    }
    guard_dfa_free(dfa);
}

static GuardMatch
match_regular(GuardSearch *self, GuardAttempt *attempt)
{
    GuardDfa *dfa = take_dfa(self);
    GuardMatch match = attempt->row != NULL ? guard_dfa_mark(dfa, attempt)
                                            : guard_dfa_match(dfa, attempt);
    give_dfa(self, dfa);
    return match;
}

GuardMatch
guard_search_match(GuardSearch *self, GuardAttempt *attempt)
{
    GuardMatch match =
        self->nfa != NULL ? match_regular(self, attempt) : GUARD_MATCH_BUDGET;
    return match != GUARD_MATCH_BUDGET
               ? match
               : guard_backtrack_match(get_backtrack(self), attempt);
}
