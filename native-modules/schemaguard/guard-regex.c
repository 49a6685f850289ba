/* SPDX-License-Identifier: MIT */
#include "guard-regex.h"

#include "guard-regex-private.h"

#include <base-utf8.h>

#include <string.h>

static bool
take_escape(Parser *self)
{
    GuardRegexItem item = {0};
    if (++self->p >= self->end) {
        return fail(self, "the pattern ends with a backslash");
    }
    char c = *self->p;
    if (c == 'b' || c == 'B') {
        self->p++;
        self->simple = self->can_repeat = false;
        g_string_append(self->out, c == 'b' ? "\\b" : "\\B");
        return true;
    }
    bool ok = true;
    if (is_class_letter(c)) {
        self->p++;
        guard_regex_put_class(self->out, c, false);
        self->simple &= guard_regex_add_class(&item, c);
    }
    else if (c == 'p' || c == 'P' || c == 'k' || (c >= '1' && c <= '9')) {
        self->simple = false;
        ok = c == 'k'   ? guard_regex_take_named_reference(self)
             : c <= '9' ? guard_regex_take_reference(self)
                        : guard_regex_take_property(self);
    }
    else {
        uint32_t code;
        if (!guard_regex_take_character(self, &code)) {
            return false;
        }
        gsize before = self->out->len;
        guard_regex_put_range(self->out, code, code);
        g_string_append(self->out, self->out->len == before ? GUARD_REGEX_NO_CODE : "");
        item_add(&item, code, code);
        self->simple &= code < 128;
    }
    set_item(self, item);
    return ok;
}

/* Reads digits from *q on, saturating below "without end". */
static uint32_t
take_decimal(const Parser *self, const char **q)
{
    uint64_t value = 0;
    for (; *q < self->end && g_ascii_isdigit(**q); (*q)++) {
        value = value * 10 + (uint64_t)(**q - '0');
        value = value < UINT32_MAX ? value : UINT32_MAX - 1;
    }
    return (uint32_t)value;
}

/* Reads {n}, {n,} or {n,m} at `p`; false (and p stays) if it is none. */
static bool
take_braces(Parser *self, uint32_t *ret_min, uint32_t *ret_max)
{
    const char *q = self->p + 1;
    const char *first = q;
    uint32_t min = take_decimal(self, &q);
    uint32_t max = min;
    if (q == first || q >= self->end) {
        return false;
    }
    if (*q == ',') {
        first = ++q;
        max = take_decimal(self, &q);
        max = q == first ? UINT32_MAX : max;
    }
    if (q >= self->end || *q != '}') {
        return false;
    }
    *ret_min = min;
    *ret_max = max;
    self->p = q + 1;
    return true;
}

void
guard_regex_insert_check(Parser *self, gsize at)
{
    g_string_insert(self->out, (gssize)at, GUARD_REGEX_CHECK);
    self->has_checks = true;
    if (at < self->first_iterator) {
        self->first_iterator += strlen(GUARD_REGEX_CHECK);
    }
}

/* What repeats a group, or a character often, gets a check. The first character waits
 * for the end: where there is no check at all PCRE2 remembers at which starts it
 * failed, which makes it linear. */
static void
put_check(Parser *self, uint32_t min, uint32_t max)
{
    bool is_group = self->out->str[self->out->len - 1] == ')';
    if (max <= (is_group ? 1 : GUARD_REGEX_UNCHECKED_MAX)) {
        return;
    }
    if (!is_group && !self->has_iterator && min <= 1 && max == UINT32_MAX) {
        self->has_iterator = true;
        self->first_iterator = self->atom_body;
        return;
    }
    guard_regex_insert_check(self, self->atom_body);
}

/* What repeats the last thing is written down from `from` to `p`. What never comes is
 * left out: PCRE2 (10.42) takes its first character for the pattern's. */
static void
repeat(Parser *self, const char *from, uint32_t min, uint32_t max)
{
    if (max == 0) {
        guard_regex_cut(self, self->atom, self->atom_captures);
    }
    else {
        put_check(self, min, max);
        g_string_append_len(self->out, from, self->p - from);
    }
    bool is_fixed = min == max && (min < 2 || self->captures == self->atom_captures);
    self->atom_width = is_fixed ? self->atom_width : WIDTH_VARIES;
    set_width(self, is_fixed ? min : 1);
    self->item.min = min;
    self->item.max = max;
    self->can_repeat = false;
}

static bool
take_quantifier(Parser *self)
{
    uint32_t min = *self->p == '+';
    uint32_t max = *self->p == '?' ? 1 : UINT32_MAX;
    const char *from = self->p;
    if (*self->p != '{') {
        self->p++;
    }
    else if (!take_braces(self, &min, &max)) {
        GuardRegexItem item = {0};
        item_add(&item, '{', '{');
        self->atom = self->atom_body = self->out->len;
        g_string_append(self->out, "\\{");
        self->p++;
        set_item(self, item);
        return true;
    }
    if (!self->can_repeat) {
        self->p = from;
        return fail(self, "nothing to repeat");
    }
    if (max < min) {
        return fail(self, "numbers out of order in {}");
    }
    self->p += !at_end(self) && *self->p == '?';
    repeat(self, from, min, max);
    return true;
}

static bool
take_anchor(Parser *self)
{
    flush_item(self);
    GuardRegexRow *row = &self->result->row;
    if (*self->p == '^') {
        self->simple &= row->count == 0 && !row->is_anchored_start;
        row->is_anchored_start = true;
        g_string_append_c(self->out, '^');
    }
    else {
        row->is_anchored_end = true;
        g_string_append(self->out, "$");
    }
    self->can_repeat = false;
    self->p++;
    return true;
}

static void
take_dot(Parser *self)
{
    GuardRegexItem item = {.ascii = {~(uint64_t)(1 << '\n' | 1 << '\r'), ~(uint64_t)0},
                           .others = GUARD_REGEX_OTHERS_NO_SEPARATORS};
    g_string_append(self->out, "[^\\x{A}\\x{D}\\x{2028}\\x{2029}]");
    self->p++;
    set_item(self, item);
}

static void
take_literal(Parser *self)
{
    GuardRegexItem item = {0};
    size_t n;
    uint32_t code = base_utf8_decode(self->p, &n);
    guard_regex_put_code(self->out, code);
    item_add(&item, code, code);
    self->simple &= code < 128;
    self->p += n;
    set_item(self, item);
}

static bool
is_quantifier(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '{';
}

static bool
take_term(Parser *self)
{
    if (is_quantifier(*self->p)) {
        return take_quantifier(self);
    }
    self->atom = self->atom_body = self->out->len;
    switch (*self->p) {
    case '\\':
        return take_escape(self);
    case '[':
        return guard_regex_take_class(self);
    case '(':
        return guard_regex_take_group(self);
    case ')':
        return guard_regex_close_group(self);
    case '^':
    case '$':
        return take_anchor(self);
    case '.':
        take_dot(self);
        return true;
    case '|':
        guard_regex_next_branch(self);
        return true;
    default:
        take_literal(self);
        return true;
    }
}

static bool
items_overlap(const GuardRegexItem *a, const GuardRegexItem *b)
{
    return (a->ascii[0] & b->ascii[0]) != 0 || (a->ascii[1] & b->ascii[1]) != 0 ||
           (a->others != GUARD_REGEX_OTHERS_NONE &&
            b->others != GUARD_REGEX_OTHERS_NONE);
}

/* A row can be matched from left to right, each item taking all it can, if no item
 * that may stop early takes what a later one would need. */
static bool
is_deterministic(const GuardRegexRow *row)
{
    for (uint32_t i = 0; i < row->count; i++) {
        if (row->items[i].min == row->items[i].max) {
            continue;
        }
        for (uint32_t j = i + 1; j < row->count; j++) {
            if (items_overlap(&row->items[i], &row->items[j])) {
                return false;
            }
            if (row->items[j].min > 0) {
                break;
            }
        }
    }
    return row->is_anchored_start ||
           (row->count == 1 && !row->is_anchored_end && row->items[0].min <= 1);
}

static bool
parse(Parser *self)
{
    while (!at_end(self)) {
        if (!take_term(self)) {
            return false;
        }
    }
    if (self->depth > 0) {
        return fail(self, "unterminated group");
    }
    flush_item(self);
    if (self->has_iterator && self->has_checks) {
        guard_regex_insert_check(self, self->first_iterator);
    }
    return guard_regex_check_references(self);
}

bool
guard_regex_parse(const char *pattern, size_t length, GuardRegex *ret_regex)
{
    memset(ret_regex, 0, sizeof *ret_regex);
    Parser parser = {.start = pattern,
                     .p = pattern,
                     .end = pattern + length,
                     .result = ret_regex,
                     .simple = true};
    if (length > GUARD_REGEX_LENGTH_MAX) {
        return fail(&parser, "the pattern is too long");
    }
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GArray) references = g_array_new(FALSE, FALSE, sizeof(Reference));
    ret_regex->translation = parser.out = g_string_sized_new(length * 2 + 16);
    ret_regex->behinds = g_ptr_array_new_with_free_func(g_free);
    parser.names = names;
    parser.references = references;
    guard_regex_number_names(&parser);
    if (!parse(&parser)) {
        return false;
    }
    ret_regex->row.is_simple = parser.simple && is_deterministic(&ret_regex->row);
    ret_regex->is_unsupported = ret_regex->message != NULL;
    return !ret_regex->is_unsupported;
}

void
guard_regex_clear(GuardRegex *self)
{
    if (self->translation != NULL) {
        g_string_free(self->translation, TRUE);
        g_ptr_array_unref(self->behinds);
    }
}
