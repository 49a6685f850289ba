/* SPDX-License-Identifier: MIT */
#include "guard-pattern.h"

#include "guard-backtrack.h"
#include "guard-dfa.h"
#include "guard-regex.h"

#include <base-utf8.h>

#include <stdatomic.h>
#include <string.h>

/* As many threads as match one pattern at a time without making their states anew. */
enum {
    SPARES = 4
};

struct GuardPattern {
    char *source;
    char *translation;
    size_t translation_length;
    GuardRegexRow row;
    GuardNfa *nfa;                       /* NULL: not regular, or a row */
    _Atomic(GuardDfa *) spares[SPARES];  /* each taken by one match at a time */
    _Atomic(GuardBacktrack *) backtrack; /* NULL until needed; never replaced */
};

/* Two threads may both make one; the first to publish wins. */
static GuardBacktrack *
get_backtrack(GuardPattern *self)
{
    GuardBacktrack *engine =
        atomic_load_explicit(&self->backtrack, memory_order_acquire);
    if (engine != NULL) {
        return engine;
    }
    GuardBacktrack *fresh =
        guard_backtrack_new(self->translation, self->translation_length);
    GuardBacktrack *expected = NULL;
    if (atomic_compare_exchange_strong(&self->backtrack, &expected, fresh)) {
        return fresh;
    }
    guard_backtrack_free(fresh);
    return expected;
}

/* Makes the automaton, if the pattern is regular. Names of groups are for PCRE2 to
 * check. */
static GuardBacktrackCheck
check(const GuardRegex *regex, GuardNfa **ret_nfa, char **ret_message)
{
    const GString *translation = regex->translation;
    *ret_nfa = guard_nfa_new(translation->str, translation->len);
    return *ret_nfa != NULL && !regex->has_names
               ? GUARD_BACKTRACK_RIGHT
               : guard_backtrack_check(translation->str, translation->len, ret_message);
}

GuardPattern *
guard_pattern_new(const char *source, size_t length, char **ret_message,
                  size_t *ret_position)
{
    GuardRegex regex;
    GuardNfa *nfa = NULL;
    *ret_position = 0;
    if (!guard_regex_parse(source, length, &regex)) {
        *ret_message = g_strdup(regex.message);
        *ret_position = base_utf8_count(source, regex.offset);
        return NULL;
    }
    g_autoptr(GString) translation = regex.translation;
    if (!regex.row.is_simple &&
        check(&regex, &nfa, ret_message) != GUARD_BACKTRACK_RIGHT) {
        guard_nfa_free(nfa);
        return NULL;
    }
    GuardPattern *self = g_new0(GuardPattern, 1);
    self->source = g_strndup(source, length);
    self->row = regex.row;
    self->nfa = nfa;
    self->translation_length = translation->len;
    self->translation = g_string_free(g_steal_pointer(&translation), FALSE);
    return self;
}

void
guard_pattern_free(GuardPattern *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < SPARES; i++) {
        guard_dfa_free(atomic_load(&self->spares[i]));
    }
    guard_backtrack_free(atomic_load(&self->backtrack));
    guard_nfa_free(self->nfa);
    g_free(self->source);
    g_free(self->translation);
    g_free(self);
}

bool
guard_pattern_is_own(const GuardPattern *self)
{
    return self->row.is_simple;
}

const char *
guard_pattern_source(const GuardPattern *self)
{
    return self->source;
}

bool
guard_pattern_is_valid(const char *source, size_t length)
{
    GuardRegex regex;
    if (!guard_regex_parse(source, length, &regex)) {
        return false;
    }
    g_autoptr(GString) translation = regex.translation;
    g_autofree char *message = NULL;
    GuardNfa *nfa;
    bool is_valid = check(&regex, &nfa, &message) != GUARD_BACKTRACK_WRONG;
    guard_nfa_free(nfa);
    return is_valid;
}

/* Returns the bytes of the character at `p` if the item takes it, else 0. */
static inline size_t
item_takes(const GuardRegexItem *item, const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    if (c < 0x80) {
        return item->ascii[c >> 6] >> (c & 63) & 1;
    }
    if (item->others == GUARD_REGEX_OTHERS_NONE) {
        return 0;
    }
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    bool separator =
        n == 3 && memcmp(p, "\xE2\x80", 2) == 0 && ((unsigned char)p[2] & 0xFE) == 0xA8;
    return item->others == GUARD_REGEX_OTHERS_ALL || !separator ? n : 0;
}

/* One class anywhere in the text. */
static GuardMatch
find_item(const GuardRegexItem *item, const char *p, const char *end)
{
    if (item->min == 0) {
        return GUARD_MATCH_YES;
    }
    while (p < end) {
        if (item_takes(item, p, end) > 0) {
            return GUARD_MATCH_YES;
        }
        p++;
        while (p < end && base_utf8_is_tail((unsigned char)*p)) {
            p++;
        }
    }
    return GUARD_MATCH_NO;
}

static GuardMatch
match_row(const GuardRegexRow *row, const char *p, const char *end)
{
    if (!row->is_anchored_start) {
        return find_item(&row->items[0], p, end);
    }
    for (uint32_t i = 0; i < row->count; i++) {
        const GuardRegexItem *item = &row->items[i];
        uint32_t taken = 0;
        size_t n;
        while (taken < item->max && p < end && (n = item_takes(item, p, end)) > 0) {
            p += n;
            taken++;
        }
        if (taken < item->min) {
            return GUARD_MATCH_NO;
        }
    }
    return p == end || !row->is_anchored_end ? GUARD_MATCH_YES : GUARD_MATCH_NO;
}

static GuardDfa *
take_dfa(GuardPattern *self)
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
give_dfa(GuardPattern *self, GuardDfa *dfa)
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
match_regular(GuardPattern *self, const char *text, size_t length)
{
    GuardDfa *dfa = take_dfa(self);
    GuardMatch match = guard_dfa_match(dfa, text, length);
    give_dfa(self, dfa);
    return match;
}

GuardMatch
guard_pattern_match(GuardPattern *self, const char *text, size_t length)
{
    if (self->row.is_simple) {
        return match_row(&self->row, text, text + length);
    }
    GuardMatch match =
        self->nfa != NULL ? match_regular(self, text, length) : GUARD_MATCH_BUDGET;
    return match != GUARD_MATCH_BUDGET
               ? match
               : guard_backtrack_match(get_backtrack(self), text, length);
}
