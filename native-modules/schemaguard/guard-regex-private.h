/* SPDX-License-Identifier: MIT */
/* guard-regex-private.h - the parser's state, for the files that read patterns. */
#pragma once

#include "guard-regex.h"

#include <string.h>

typedef struct {
    const char *start;
    const char *p;
    const char *end;
    GuardRegex *result;
    GString *out;
    unsigned depth;
    uint8_t is_look[GUARD_REGEX_NESTING_MAX]; /* kind of each open group */
    gsize bodies[GUARD_REGEX_NESTING_MAX];    /* where each begins in `out` */
    gsize atom;           /* where the last thing does, or its body */
    gsize first_iterator; /* as `atom`, of the first character that repeats ... */
    bool has_iterator;    /* ... without end, if there is one */
    bool has_checks;      /* beside the one that it may need */
    bool can_repeat;      /* the last thing takes a quantifier */
    bool simple;          /* still a row of classes */
    unsigned groups;      /* capture groups seen */
    unsigned back_max;    /* highest back-reference */
    GuardRegexItem item;  /* the last thing, while simple */
    bool has_item;
} Parser;

static inline bool
fail(Parser *self, const char *message)
{
    self->result->message = message;
    self->result->offset = (size_t)(self->p - self->start);
    return false;
}

static inline bool
at_end(const Parser *self)
{
    return self->p >= self->end;
}

static inline bool
looking_at(const Parser *self, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(self->end - self->p) >= n && memcmp(self->p, text, n) == 0;
}

static inline void
flush_item(Parser *self)
{
    GuardRegexRow *row = &self->result->row;
    if (self->has_item && row->count == GUARD_REGEX_ITEMS_MAX) {
        self->simple = false;
    }
    else if (self->has_item) {
        row->items[row->count++] = self->item;
    }
    self->has_item = false;
}

static inline void
set_item(Parser *self, GuardRegexItem item)
{
    flush_item(self);
    item.min = item.max = 1;
    self->item = item;
    self->has_item = true;
    self->can_repeat = true;
    self->simple &= !self->result->row.is_anchored_end;
}

static inline void
item_add(GuardRegexItem *item, uint32_t from, uint32_t to)
{
    for (uint32_t c = from; c <= to && c < 128; c++) {
        item->ascii[c / 64] |= (uint64_t)1 << (c % 64);
    }
}

static inline bool
is_class_letter(char c)
{
    return c != '\0' && strchr("dDwWsS", c) != NULL;
}

/* guard-regex-class.c: characters and classes. `p` is at the letter behind the
 * backslash, for a class at its bracket. */
void guard_regex_put_code(GString *out, uint32_t code);
void guard_regex_put_range(GString *out, uint32_t from, uint32_t to);
bool guard_regex_add_class(GuardRegexItem *item, char letter);
void guard_regex_put_class(GString *out, char letter, bool inside);
bool guard_regex_take_character(Parser *self, uint32_t *ret_code);
bool guard_regex_take_property(Parser *self);
bool guard_regex_take_class(Parser *self);
