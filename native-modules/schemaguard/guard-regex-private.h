/* SPDX-License-Identifier: MIT */
/* guard-regex-private.h - the parser's state, for the files that read patterns. */
#pragma once

#include "guard-regex.h"

#include <string.h>

/* Takes no character. */
#define GUARD_REGEX_NO_CODE "[^\\x{0}-\\x{10FFFF}]"

/* How many characters something takes. */
enum {
    WIDTH_MAX = 65535, /* PCRE2's, for a lookbehind */
    WIDTH_VARIES,
    WIDTH_NONE, /* no alternative has ended yet */
};

typedef enum {
    LOOK_NONE,
    LOOK_AHEAD,
    LOOK_BEHIND,
    LOOK_NOT_BEHIND,
} Look;

typedef struct {
    Look look;
    gsize head;        /* where it begins in `out` ... */
    gsize body;        /* ... and what is in it */
    unsigned captures; /* before it */
    guint references;  /* likewise */
    uint32_t width;    /* of this alternative, so far */
    uint32_t joined;   /* of those that have ended */
} Group;

typedef struct {
    unsigned number; /* of the group */
    size_t offset;
} Reference;

/* The groups of a lookbehind that was cut out. */
typedef struct {
    unsigned after;
    unsigned last;
} Lost;

typedef struct {
    const char *start;
    const char *p;
    const char *end;
    GuardRegex *result;
    GString *out;
    GHashTable *names;                         /* of groups, and their numbers */
    GArray *references;                        /* Reference */
    Group groups[GUARD_REGEX_NESTING_MAX + 1]; /* the first is the whole pattern */
    Lost lost[GUARD_REGEX_BEHINDS_MAX];
    unsigned depth;
    unsigned captures;      /* groups seen ... */
    unsigned atom_captures; /* ... before the last thing */
    uint32_t atom_width;    /* of the last thing */
    uint32_t width_before;  /* of what its alternative has before it */
    gsize atom;             /* where the last thing begins ... */
    gsize atom_body;        /* ... or what is in it, if that is a group */
    gsize first_iterator;   /* as `atom`, of the first character that repeats ... */
    bool has_iterator;      /* ... without end, if there is one */
    bool has_checks;        /* beside the one that it may need */
    bool can_repeat;        /* the last thing takes a quantifier */
    bool simple;            /* still a row of classes */
    GuardRegexItem item;    /* the last thing, while simple */
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

static inline Group *
guard_regex_group(Parser *self)
{
    return &self->groups[self->depth];
}

/* The last thing comes `times` times. */
static inline void
set_width(Parser *self, uint64_t times)
{
    uint64_t sum = self->width_before + self->atom_width * times;
    guard_regex_group(self)->width = (uint32_t)MIN(sum, WIDTH_VARIES);
}

static inline void
put_width(Parser *self, uint32_t width)
{
    self->width_before = guard_regex_group(self)->width;
    self->atom_width = width;
    set_width(self, 1);
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
    self->atom_captures = self->captures;
    self->simple &= !self->result->row.is_anchored_end;
    put_width(self, 1);
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

/* guard-regex-group.c. For references `p` is behind the backslash. */
void guard_regex_number_names(Parser *self);
bool guard_regex_take_reference(Parser *self);
bool guard_regex_take_named_reference(Parser *self);
bool guard_regex_take_group(Parser *self);
void guard_regex_next_branch(Parser *self);
bool guard_regex_close_group(Parser *self);
bool guard_regex_check_references(Parser *self);
/* Takes back what was written since `from`, with so many groups before it. */
void guard_regex_cut(Parser *self, gsize from, unsigned captures);

/* guard-regex.c */
void guard_regex_insert_check(Parser *self, gsize at);
