/* SPDX-License-Identifier: MIT */
#include "guard-regex.h"

#include "guard-regex-private.h"

#include <base-utf8.h>

#include <string.h>

/* A group of its own: PCRE2's JIT code (10.42) lets `\1+` fail where the group is not
 * set. */
#define REFERENCE_START "(?:" GUARD_REGEX_CHECK

static bool
take_back_reference(Parser *self)
{
    unsigned number = 0;
    while (!at_end(self) && g_ascii_isdigit(*self->p) && number < 10000) {
        number = number * 10 + (unsigned)(*self->p++ - '0');
    }
    self->back_max = MAX(self->back_max, number);
    self->has_checks = true;
    g_string_append_printf(self->out, REFERENCE_START "\\g{%u})", number);
    return true;
}

static bool
take_named_reference(Parser *self)
{
    const char *close = memchr(self->p, '>', (size_t)(self->end - self->p));
    if (self->p + 1 >= self->end || self->p[1] != '<' || close == NULL) {
        return fail(self, "\\k needs <a name>");
    }
    self->has_checks = true;
    g_string_append(self->out, REFERENCE_START "\\k");
    g_string_append_len(self->out, self->p + 1, close - self->p);
    g_string_append_c(self->out, ')');
    self->p = close + 1;
    return true;
}

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
        ok = c == 'k'   ? take_named_reference(self)
             : c <= '9' ? take_back_reference(self)
                        : guard_regex_take_property(self);
    }
    else {
        uint32_t code;
        if (!guard_regex_take_character(self, &code)) {
            return false;
        }
        gsize before = self->out->len;
        guard_regex_put_range(self->out, code, code);
        g_string_append(self->out, self->out->len == before ? "(?!)" : "");
        item_add(&item, code, code);
        self->simple &= code < 128;
    }
    set_item(self, item);
    return ok;
}

/* (?= (?! (?<= (?<! */
static bool
take_look(Parser *self)
{
    static const char *const looks[] = {"(?=", "(?!", "(?<=", "(?<!"};
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        if (looking_at(self, looks[i])) {
            g_string_append(self->out, looks[i]);
            g_string_append(self->out, GUARD_REGEX_CHECK);
            self->p += strlen(looks[i]);
            self->has_checks = true;
            return true;
        }
    }
    return false;
}

/* ( (?: (?<name> */
static bool
take_plain_group(Parser *self)
{
    if (looking_at(self, "(?:")) {
        g_string_append(self->out, "(?:");
        self->p += 3;
        return true;
    }
    self->groups++;
    if (looking_at(self, "(?<")) {
        const char *close = memchr(self->p, '>', (size_t)(self->end - self->p));
        if (close == NULL || close == self->p + 3) {
            return fail(self, "a group needs <a name>");
        }
        g_string_append_len(self->out, self->p, close + 1 - self->p);
        self->p = close + 1;
        self->result->has_names = true;
        return true;
    }
    if (looking_at(self, "(?")) {
        return fail(self, "no such group in ECMA-262");
    }
    g_string_append_c(self->out, '(');
    self->p++;
    return true;
}

/* Opens a group; `p` is at the parenthesis. */
static bool
take_group(Parser *self)
{
    if (self->depth == GUARD_REGEX_NESTING_MAX) {
        return fail(self, "groups nested too deeply");
    }
    flush_item(self);
    self->simple = self->can_repeat = false;
    bool is_look = take_look(self);
    if (!is_look && !take_plain_group(self)) {
        return false;
    }
    self->is_look[self->depth] = is_look;
    self->bodies[self->depth++] = self->out->len;
    return true;
}

static bool
close_group(Parser *self)
{
    if (self->depth == 0) {
        return fail(self, "unmatched ')'");
    }
    self->depth--;
    self->p++;
    g_string_append_c(self->out, ')');
    self->atom = self->bodies[self->depth];
    self->can_repeat = !self->is_look[self->depth];
    return true;
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

static void
insert_check(Parser *self, gsize at)
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
        self->first_iterator = self->atom;
        return;
    }
    insert_check(self, self->atom);
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
        self->atom = self->out->len;
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
    put_check(self, min, max);
    g_string_append_len(self->out, from, self->p - from);
    if (!at_end(self) && *self->p == '?') {
        g_string_append_c(self->out, '?');
        self->p++;
    }
    self->item.min = min;
    self->item.max = max;
    self->can_repeat = false;
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
    self->atom = self->out->len;
    switch (*self->p) {
    case '\\':
        return take_escape(self);
    case '[':
        return guard_regex_take_class(self);
    case '(':
        return take_group(self);
    case ')':
        return close_group(self);
    case '^':
    case '$':
        return take_anchor(self);
    case '.':
        take_dot(self);
        return true;
    case '|':
        flush_item(self);
        self->simple = self->can_repeat = false;
        g_string_append_c(self->out, '|');
        self->p++;
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
    parser.out = g_string_sized_new(length * 2 + 16);
    bool ok = true;
    while (ok && !at_end(&parser)) {
        ok = take_term(&parser);
    }
    if (ok && parser.depth > 0) {
        ok = fail(&parser, "unterminated group");
    }
    if (ok && parser.back_max > parser.groups) {
        ok = fail(&parser, "reference to a group that does not exist");
    }
    flush_item(&parser);
    if (parser.has_iterator && parser.has_checks) {
        insert_check(&parser, parser.first_iterator);
    }
    if (!ok) {
        g_string_free(parser.out, TRUE);
        return false;
    }
    ret_regex->row.is_simple = parser.simple && is_deterministic(&ret_regex->row);
    ret_regex->translation = parser.out;
    return true;
}
