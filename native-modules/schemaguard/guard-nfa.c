/* SPDX-License-Identifier: MIT */
/* Reads what guard_regex_parse() wrote: well-formed, each character either itself
 * (letters and digits) or \x{...}. */
#include "guard-nfa.h"

#include "guard-regex.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CODE_END 0x110000u

typedef struct {
    uint32_t from;
    uint32_t end;
} Range;

/* The ranges of one set: from `first` up to the next set's. */
typedef struct {
    uint32_t first;
    bool is_negated;
} Class;

typedef struct {
    uint32_t start;   /* its first step */
    uint32_t branch;  /* the first step of its last alternative */
    uint32_t pending; /* the last jump to its end, or 0: chained by `to` */
} Group;

typedef struct {
    const char *p;
    const char *end;
    GArray *steps;
    GArray *ranges;
    GArray *classes;
    Group groups[GUARD_REGEX_NESTING_MAX + 1]; /* the first is the whole pattern */
    uint32_t depth;
    uint32_t last; /* the first step of what a quantifier would repeat */
} Reader;

#define STEP(self, i) g_array_index((self)->steps, GuardNfaStep, i)

static void
put_step(Reader *self, GuardNfaOp op, int32_t to)
{
    GuardNfaStep step = {op, to};
    g_array_append_val(self->steps, step);
}

static bool
take_text(Reader *self, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(self->end - self->p) < n || memcmp(self->p, text, n) != 0) {
        return false;
    }
    self->p += n;
    return true;
}

/* A character: itself, \x{...}, or punctuation behind a backslash. Returns false for
 * escapes that are none. */
static bool
take_code(Reader *self, uint32_t *ret_code)
{
    if (take_text(self, "\\x{")) {
        char *close;
        *ret_code = (uint32_t)strtoul(self->p, &close, 16);
        self->p = close + 1;
        return true;
    }
    bool is_escaped = take_text(self, "\\");
    *ret_code = (unsigned char)*self->p;
    return !(g_ascii_isalnum(*self->p++) && is_escaped);
}

static void
put_class(Reader *self, bool is_negated)
{
    Class class = {self->ranges->len, is_negated};
    g_array_append_val(self->classes, class);
}

static void
put_range(Reader *self, uint32_t from, uint32_t to)
{
    Range range = {from, to + 1};
    g_array_append_val(self->ranges, range);
}

/* The last class as one step. */
static void
put_take(Reader *self)
{
    self->last = self->steps->len;
    put_step(self, GUARD_NFA_TAKE, (int32_t)self->classes->len - 1);
}

static bool
take_class(Reader *self)
{
    put_class(self, take_text(self, "^"));
    while (!take_text(self, "]")) {
        uint32_t from;
        if (!take_code(self, &from)) {
            return false;
        }
        uint32_t to = from;
        if (take_text(self, "-") && !take_code(self, &to)) {
            return false;
        }
        put_range(self, from, to);
    }
    put_take(self);
    return true;
}

static bool
take_character(Reader *self)
{
    uint32_t code;
    if (!take_code(self, &code)) {
        return false;
    }
    put_class(self, false);
    put_range(self, code, code);
    put_take(self);
    return true;
}

/* `p` is behind the parenthesis. */
static bool
open_group(Reader *self)
{
    if (take_text(self, &GUARD_REGEX_CHECK[1])) {
        return true;
    }
    if (*self->p == '?' && !take_text(self, "?:")) {
        return false;
    }
    uint32_t at = self->steps->len;
    self->groups[++self->depth] = (Group){at, at, 0};
    return true;
}

/* The alternative since `branch` is one way, what follows another. */
static void
next_branch(Reader *self)
{
    Group *group = &self->groups[self->depth];
    int32_t length = (int32_t)(self->steps->len - group->branch);
    GuardNfaStep fork = {GUARD_NFA_FORK, length + 2};
    g_array_insert_val(self->steps, group->branch, fork);
    put_step(self, GUARD_NFA_JUMP, (int32_t)group->pending);
    group->pending = self->steps->len - 1;
    group->branch = self->steps->len;
}

/* All alternatives of the innermost group go on here. */
static void
join_branches(Reader *self)
{
    uint32_t before;
    for (uint32_t jump = self->groups[self->depth].pending; jump != 0; jump = before) {
        before = (uint32_t)STEP(self, jump).to;
        STEP(self, jump).to = (int32_t)(self->steps->len - jump);
    }
    self->last = self->groups[self->depth].start;
}

static uint32_t
take_number(Reader *self, uint32_t fallback)
{
    if (!g_ascii_isdigit(*self->p)) {
        return fallback;
    }
    char *close;
    unsigned long value = strtoul(self->p, &close, 10);
    self->p = close;
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX - 1;
}

static void
take_bounds(Reader *self, uint32_t *ret_min, uint32_t *ret_max)
{
    char c = *self->p++;
    *ret_min = c == '+';
    *ret_max = c == '?' ? 1 : UINT32_MAX;
    if (c == '{') {
        *ret_min = *ret_max = take_number(self, 0);
        if (take_text(self, ",")) {
            *ret_max = take_number(self, UINT32_MAX);
        }
        self->p++;
    }
    take_text(self, "?"); /* whether the first or the last match: there is one */
}

/* Writes the body as often as it may come: min times, then as often as it likes, or
 * each time further with a way out. */
static bool
take_quantifier(Reader *self)
{
    uint32_t min;
    uint32_t max;
    take_bounds(self, &min, &max);
    uint32_t length = self->steps->len - self->last;
    bool is_endless = max == UINT32_MAX;
    uint64_t copies = is_endless ? MAX(min, 1) : max;
    if (copies * (length + 2) + self->last > GUARD_NFA_STEPS_MAX) {
        return false;
    }
    g_autofree GuardNfaStep *body =
        g_memdup2(&STEP(self, self->last), length * sizeof *body);
    g_array_set_size(self->steps, self->last);
    for (uint32_t i = 0; i < copies; i++) {
        uint32_t left = (uint32_t)copies - i;
        if (i >= min) {
            int32_t out =
                is_endless ? (int32_t)length + 2 : (int32_t)(left * (length + 1));
            put_step(self, GUARD_NFA_FORK, out);
        }
        g_array_append_vals(self->steps, body, length);
    }
    if (is_endless) {
        int32_t back = -(int32_t)length - (min == 0);
        put_step(self, min == 0 ? GUARD_NFA_JUMP : GUARD_NFA_FORK, back);
    }
    return true;
}

static bool
take_term(Reader *self)
{
    switch (*self->p) {
    case '[':
        self->p++;
        return take_class(self);
    case '(':
        self->p++;
        return open_group(self);
    case ')':
        self->p++;
        join_branches(self);
        self->depth--;
        return true;
    case '|':
        self->p++;
        next_branch(self);
        return true;
    case '^':
    case '$':
        put_step(self, *self->p++ == '^' ? GUARD_NFA_START : GUARD_NFA_END, 0);
        return true;
    case '*':
    case '+':
    case '?':
    case '{':
        return take_quantifier(self);
    default:
        return take_character(self);
    }
}

static bool
read_steps(Reader *self)
{
    while (self->p < self->end) {
        if (!take_term(self) || self->steps->len > GUARD_NFA_STEPS_MAX) {
            return false;
        }
    }
    join_branches(self);
    put_step(self, GUARD_NFA_MATCH, 0);
    return true;
}

static int
compare_codes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Where any set begins or ends: between two cuts all characters are alike. */
static bool
find_cuts(const Reader *reader, GuardNfa *self)
{
    const Range *ranges = (const Range *)(void *)reader->ranges->data;
    uint32_t count = 0;
    self->cuts = g_new(uint32_t, 2 * reader->ranges->len + 1);
    self->cuts[count++] = 0;
    for (uint32_t i = 0; i < reader->ranges->len; i++) {
        self->cuts[count++] = ranges[i].from;
        self->cuts[count++] = ranges[i].end;
    }
    qsort(self->cuts, count, sizeof *self->cuts, compare_codes);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 ||
            (self->cuts[i] != self->cuts[i - 1] && self->cuts[i] < CODE_END)) {
            self->cuts[self->kind_count++] = self->cuts[i];
        }
    }
    return self->kind_count <= GUARD_NFA_KINDS_MAX;
}

static bool
has_code(const Reader *reader, uint32_t class, uint32_t code)
{
    const Class *classes = (const Class *)(void *)reader->classes->data;
    const Range *ranges = (const Range *)(void *)reader->ranges->data;
    uint32_t end = class + 1 < reader->classes->len ? classes[class + 1].first
                                                    : reader->ranges->len;
    bool found = false;
    for (uint32_t i = classes[class].first; i < end; i++) {
        found |= code >= ranges[i].from && code < ranges[i].end;
    }
    return found != classes[class].is_negated;
}

static void
fill_sets(const Reader *reader, GuardNfa *self)
{
    self->sets = g_new0(GuardNfaSet, reader->classes->len);
    for (uint32_t class = 0; class < reader->classes->len; class ++) {
        for (uint32_t kind = 0; kind < self->kind_count; kind++) {
            uint64_t bit = has_code(reader, class, self->cuts[kind]);
            self->sets[class].kinds[kind / 64] |= bit << (kind % 64);
        }
    }
    for (uint32_t code = 0; code < 128; code++) {
        self->ascii[code] = (uint8_t)guard_nfa_kind(self, code);
    }
}

uint32_t
guard_nfa_kind(const GuardNfa *self, uint32_t code)
{
    uint32_t low = 0;
    uint32_t high = self->kind_count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (self->cuts[middle] <= code) {
            low = middle;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static GuardNfa *
finish(Reader *reader)
{
    GuardNfa *self = g_new0(GuardNfa, 1);
    if (!find_cuts(reader, self)) {
        guard_nfa_free(self);
        return NULL;
    }
    fill_sets(reader, self);
    self->step_count = reader->steps->len;
    self->steps =
        (GuardNfaStep *)(void *)g_array_free(g_steal_pointer(&reader->steps), FALSE);
    for (uint32_t i = 0; i < self->step_count; i++) {
        self->looks_at_end |= self->steps[i].op == GUARD_NFA_END;
    }
    return self;
}

GuardNfa *
guard_nfa_new(const char *translation)
{
    Reader reader = {.p = translation, .end = translation + strlen(translation)};
    reader.steps = g_array_sized_new(FALSE, FALSE, sizeof(GuardNfaStep), 16);
    reader.ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    reader.classes = g_array_new(FALSE, FALSE, sizeof(Class));
    GuardNfa *self = read_steps(&reader) ? finish(&reader) : NULL;
    if (reader.steps != NULL) {
        g_array_free(reader.steps, TRUE);
    }
    g_array_free(reader.ranges, TRUE);
    g_array_free(reader.classes, TRUE);
    return self;
}

void
guard_nfa_free(GuardNfa *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->steps);
    g_free(self->sets);
    g_free(self->cuts);
    g_free(self);
}
