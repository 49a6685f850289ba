/* SPDX-License-Identifier: MIT */
#include "guard-pattern.h"

#include "guard-regex.h"
#include "guard-search.h"

#include <base-utf8.h>

#include <string.h>

struct GuardPattern {
    char *source;
    GuardRegexRow row;
    GuardSearch *search; /* NULL: the row is all */
    GPtrArray *behinds;  /* GuardSearch, of each lookbehind of variable width */
};

static bool
add_behinds(GuardPattern *self, const GuardRegex *regex, char **ret_message)
{
    for (guint i = 0; i < regex->behinds->len; i++) {
        GuardSearch *search =
            guard_search_new_behind(g_ptr_array_index(regex->behinds, i), ret_message);
        if (search == NULL) {
            return false;
        }
        g_ptr_array_add(self->behinds, search);
    }
    return true;
}

static GuardPattern *
pattern_new(const GuardRegex *regex, const char *source, size_t length,
            char **ret_message)
{
    GuardPattern *self = g_new0(GuardPattern, 1);
    self->source = g_strndup(source, length);
    self->row = regex->row;
    self->behinds = g_ptr_array_new_with_free_func((GDestroyNotify)guard_search_free);
    if (!self->row.is_simple &&
        (!add_behinds(self, regex, ret_message) ||
         (self->search = guard_search_new(regex, ret_message)) == NULL)) {
        g_clear_pointer(&self, guard_pattern_free);
    }
    return self;
}

GuardPattern *
guard_pattern_new(const char *source, size_t length, char **ret_message,
                  size_t *ret_position)
{
    g_auto(GuardRegex) regex;
    *ret_position = 0;
    if (!guard_regex_parse(source, length, &regex)) {
        *ret_message = g_strdup(regex.message);
        *ret_position = base_utf8_count(source, regex.offset);
        return NULL;
    }
    return pattern_new(&regex, source, length, ret_message);
}

void
guard_pattern_free(GuardPattern *self)
{
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->behinds);
    guard_search_free(self->search);
    g_free(self->source);
    g_free(self);
}

bool
guard_pattern_is_valid(const char *source, size_t length)
{
    g_auto(GuardRegex) regex;
    if (!guard_regex_parse(source, length, &regex)) {
        return regex.is_unsupported;
    }
    g_autofree char *message = NULL;
    GuardPattern *self = pattern_new(&regex, source, length, &message);
    guard_pattern_free(self);
    return self != NULL;
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

/* Finds out where each lookbehind holds. One inside another comes before it. */
static bool
mark_behinds(GuardPattern *self, GuardAttempt *attempt)
{
    if (self->behinds->len == 0) {
        return true;
    }
    guard_attempt_start(attempt);
    if (!guard_attempt_make_rows(attempt, self->behinds->len)) {
        return false;
    }
    for (guint i = 0; i < self->behinds->len; i++) {
        GuardSearch *behind = g_ptr_array_index(self->behinds, i);
        if (!guard_attempt_begin_row(attempt, i) ||
            guard_search_match(behind, attempt) == GUARD_MATCH_BUDGET) {
            return false;
        }
    }
    attempt->row = NULL;
    return true;
}

GuardMatch
guard_pattern_match(GuardPattern *self, const char *text, size_t length)
{
    if (self->row.is_simple) {
        return match_row(&self->row, text, text + length);
    }
    g_auto(GuardAttempt) attempt;
    guard_attempt_init(&attempt, text, length);
    return mark_behinds(self, &attempt) ? guard_search_match(self->search, &attempt)
                                        : GUARD_MATCH_BUDGET;
}
