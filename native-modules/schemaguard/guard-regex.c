/* SPDX-License-Identifier: MIT */
#include "guard-regex.h"

#include "guard-regex-property.h"

#include <base-utf8.h>

#include <string.h>

#define WHITE_SPACE                                                                   \
    "\\t-\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}" \
    "\\x{3000}\\x{FEFF}"
#define SPACE_CUTS                                                                 \
    "\\x{0}-\\x{8}\\x{E}-\\x{1F}!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}"     \
    "\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}" \
    "\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}"

typedef struct {
    const char *start;
    const char *p;
    const char *end;
    GuardRegex *result;
    GString *out;
    unsigned depth;
    uint8_t is_look[GUARD_REGEX_NESTING_MAX]; /* kind of each open group */
    bool can_repeat;                          /* the last thing takes a quantifier */
    bool simple;                              /* still a row of classes */
    unsigned groups;                          /* capture groups seen */
    unsigned back_max;                        /* highest back-reference */
    GuardRegexItem item;                      /* the last thing, while simple */
    bool has_item;
} Parser;

static bool
fail(Parser *self, const char *message)
{
    self->result->message = message;
    self->result->offset = (size_t)(self->p - self->start);
    return false;
}

static bool
at_end(const Parser *self)
{
    return self->p >= self->end;
}

static bool
looking_at(const Parser *self, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(self->end - self->p) >= n && memcmp(self->p, text, n) == 0;
}

static void
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

static void
set_item(Parser *self, GuardRegexItem item)
{
    flush_item(self);
    item.min = item.max = 1;
    self->item = item;
    self->has_item = true;
    self->can_repeat = true;
    self->simple &= !self->result->row.is_anchored_end;
}

static void
put_code(GString *out, uint32_t code)
{
    if (code < 0x80 && g_ascii_isalnum((char)code)) {
        g_string_append_c(out, (char)code);
    }
    else {
        g_string_append_printf(out, "\\x{%X}", code);
    }
}

static void
item_add(GuardRegexItem *item, uint32_t from, uint32_t to)
{
    for (uint32_t c = from; c <= to && c < 128; c++) {
        item->ascii[c / 64] |= (uint64_t)1 << (c % 64);
    }
}

/* Adds \d \w \s or, for capitals, all others. Returns false if that is not simple. */
static bool
item_add_class(GuardRegexItem *item, char letter)
{
    GuardRegexItem set = {0};
    switch (letter | 0x20) {
    case 'd':
        item_add(&set, '0', '9');
        break;
    case 'w':
        item_add(&set, '0', '9');
        item_add(&set, 'A', 'Z');
        item_add(&set, 'a', 'z');
        item_add(&set, '_', '_');
        break;
    default:
        return false; /* \s has characters beyond ASCII */
    }
    bool negated = (letter & 0x20) == 0;
    for (int i = 0; i < 2; i++) {
        item->ascii[i] |= negated ? ~set.ascii[i] : set.ascii[i];
    }
    if (negated) {
        item->others = GUARD_REGEX_OTHERS_ALL;
    }
    return true;
}

static void
put_class(GString *out, char letter, bool inside)
{
    static const struct {
        char letter;
        const char *set;
    } classes[] = {
        {'d', "0-9"},       {'w', "A-Za-z0-9_"},
        {'s', WHITE_SPACE}, {'D', "\\x{0}-/:-\\x{10FFFF}"},
        {'S', SPACE_CUTS},  {'W', "\\x{0}-/:-@\\[-\\^`{-\\x{10FFFF}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (classes[i].letter == letter) {
            g_string_append_printf(out, inside ? "%s" : "[%s]", classes[i].set);
        }
    }
}

static bool
take_hex(Parser *self, unsigned digits, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (unsigned i = 0; i < digits; i++, self->p++) {
        if (at_end(self) || !g_ascii_isxdigit(*self->p)) {
            return fail(self, "expected hexadecimal digits");
        }
        code = code << 4 | (uint32_t)g_ascii_xdigit_value(*self->p);
    }
    *ret_code = code;
    return true;
}

/* \u{...}, \uXXXX and pairs; `p` is behind the u. */
static bool
take_unicode(Parser *self, uint32_t *ret_code)
{
    if (!at_end(self) && *self->p == '{') {
        uint32_t code = 0;
        const char *first = ++self->p;
        while (!at_end(self) && g_ascii_isxdigit(*self->p) && code <= 0x10FFFF) {
            code = code << 4 | (uint32_t)g_ascii_xdigit_value(*self->p++);
        }
        if (at_end(self) || *self->p != '}' || self->p == first || code > 0x10FFFF) {
            return fail(self, "bad \\u{...}");
        }
        self->p++;
        *ret_code = code;
        return true;
    }
    if (!take_hex(self, 4, ret_code)) {
        return false;
    }
    if ((*ret_code & 0xFFFFFC00) == 0xD800 && looking_at(self, "\\u")) {
        const char *back = self->p;
        uint32_t low;
        self->p += 2;
        if (!at_end(self) && take_hex(self, 4, &low) && (low & 0xFFFFFC00) == 0xDC00) {
            *ret_code = 0x10000 + ((*ret_code & 0x3FF) << 10 | (low & 0x3FF));
            return true;
        }
        self->p = back;
    }
    return true;
}

/* An escape that stands for one character; `p` is at the letter behind the backslash.
 */
static bool
take_character_escape(Parser *self, uint32_t *ret_code)
{
    static const char letters[] = "fnrtv";
    static const char values[] = "\f\n\r\t\v";
    char c = *self->p;
    const char *found = c != '\0' ? strchr(letters, c) : NULL;
    if (found != NULL) {
        self->p++;
        *ret_code = (uint32_t)values[found - letters];
        return true;
    }
    if (c == 'x' || c == 'u') {
        self->p++;
        return c == 'x' ? take_hex(self, 2, ret_code) : take_unicode(self, ret_code);
    }
    if (c == 'c') {
        if (self->p + 1 >= self->end || !g_ascii_isalpha(self->p[1])) {
            return fail(self, "\\c needs a letter");
        }
        *ret_code = (uint32_t)(self->p[1] & 0x1F);
        self->p += 2;
        return true;
    }
    if (c == '0' && !(self->p + 1 < self->end && g_ascii_isdigit(self->p[1]))) {
        self->p++;
        *ret_code = 0;
        return true;
    }
    if (g_ascii_isalnum(c)) {
        return fail(self, "no such escape in ECMA-262");
    }
    size_t n;
    *ret_code = base_utf8_decode(self->p, &n);
    self->p += n;
    return true;
}

/* \p{...}; `p` is at the p. */
static bool
take_property(Parser *self)
{
    bool negated = *self->p == 'P';
    const char *close = memchr(self->p, '}', (size_t)(self->end - self->p));
    if (self->p + 1 >= self->end || self->p[1] != '{' || close == NULL) {
        return fail(self, "\\p needs {a property}");
    }
    if (!guard_regex_property(self->p + 2, (size_t)(close - self->p - 2), negated,
                              self->out)) {
        return fail(self, "unknown Unicode property");
    }
    self->p = close + 1;
    return true;
}

static bool
is_class_letter(char c)
{
    return c != '\0' && strchr("dDwWsS", c) != NULL;
}

/* One end of a class range. *ret_is_set: a whole set like \d was written instead. */
static bool
take_class_atom(Parser *self, uint32_t *ret_code, bool *ret_is_set,
                GuardRegexItem *item)
{
    *ret_is_set = false;
    if (*self->p != '\\') {
        size_t n;
        *ret_code = base_utf8_decode(self->p, &n);
        self->p += n;
        return true;
    }
    if (++self->p >= self->end) {
        return fail(self, "the pattern ends with a backslash");
    }
    char c = *self->p;
    if (is_class_letter(c)) {
        *ret_is_set = true;
        self->p++;
        put_class(self->out, c, true);
        self->simple &= item_add_class(item, c);
        return true;
    }
    if (c == 'p' || c == 'P') {
        *ret_is_set = true;
        self->simple = false;
        return take_property(self);
    }
    if (c == 'b') {
        self->p++;
        *ret_code = '\b';
        return true;
    }
    return take_character_escape(self, ret_code);
}

static bool
take_class_range(Parser *self, GuardRegexItem *item)
{
    uint32_t from;
    uint32_t to;
    bool is_set;
    if (!take_class_atom(self, &from, &is_set, item)) {
        return false;
    }
    if (is_set) {
        return true;
    }
    to = from;
    bool range = self->end - self->p >= 2 && *self->p == '-' && self->p[1] != ']';
    if (range) {
        const char *dash = self->p++;
        gsize before = self->out->len;
        if (!take_class_atom(self, &to, &is_set, item)) {
            return false;
        }
        if (is_set) { /* [a-\d]: the dash is itself */
            g_string_insert(self->out, (gssize)before, "\\-");
            item_add(item, '-', '-');
            to = from;
        }
        else if (to < from) {
            self->p = dash;
            return fail(self, "range out of order");
        }
    }
    put_code(self->out, from);
    if (to != from) {
        g_string_append_c(self->out, '-');
        put_code(self->out, to);
    }
    item_add(item, from, to);
    self->simple &= to < 128;
    return true;
}

static bool
take_class(Parser *self)
{
    GuardRegexItem item = {0};
    self->p++;
    bool negated = !at_end(self) && *self->p == '^';
    self->p += negated;
    if (!at_end(self) && *self->p == ']') {
        self->p++;
        self->simple = false;
        g_string_append(self->out, negated ? "[\\x{0}-\\x{10FFFF}]" : "(?!)");
        set_item(self, item);
        return true;
    }
    g_string_append(self->out, negated ? "[^" : "[");
    while (!at_end(self) && *self->p != ']') {
        if (!take_class_range(self, &item)) {
            return false;
        }
    }
    if (at_end(self)) {
        return fail(self, "unterminated character class");
    }
    self->p++;
    g_string_append_c(self->out, ']');
    if (negated) {
        item.ascii[0] = ~item.ascii[0];
        item.ascii[1] = ~item.ascii[1];
        self->simple &= item.others == GUARD_REGEX_OTHERS_NONE;
        item.others = GUARD_REGEX_OTHERS_ALL;
    }
    set_item(self, item);
    return true;
}

static bool
take_back_reference(Parser *self)
{
    unsigned number = 0;
    while (!at_end(self) && g_ascii_isdigit(*self->p) && number < 10000) {
        number = number * 10 + (unsigned)(*self->p++ - '0');
    }
    self->back_max = MAX(self->back_max, number);
    g_string_append_printf(self->out, "\\g{%u}", number);
    return true;
}

static bool
take_named_reference(Parser *self)
{
    const char *close = memchr(self->p, '>', (size_t)(self->end - self->p));
    if (self->p + 1 >= self->end || self->p[1] != '<' || close == NULL) {
        return fail(self, "\\k needs <a name>");
    }
    g_string_append(self->out, "\\k");
    g_string_append_len(self->out, self->p + 1, close - self->p);
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
        put_class(self->out, c, false);
        self->simple &= item_add_class(&item, c);
    }
    else if (c == 'p' || c == 'P' || c == 'k' || (c >= '1' && c <= '9')) {
        self->simple = false;
        ok = c == 'k'   ? take_named_reference(self)
             : c <= '9' ? take_back_reference(self)
                        : take_property(self);
    }
    else {
        uint32_t code;
        if (!take_character_escape(self, &code)) {
            return false;
        }
        put_code(self->out, code);
        item_add(&item, code, code);
        self->simple &= code < 128;
    }
    set_item(self, item);
    return ok;
}

/* Opens a group; `p` is at the parenthesis. */
static bool
take_group(Parser *self)
{
    static const char *const looks[] = {"(?=", "(?!", "(?<=", "(?<!"};
    if (self->depth == GUARD_REGEX_NESTING_MAX) {
        return fail(self, "groups nested too deeply");
    }
    flush_item(self);
    self->simple = self->can_repeat = false;
    bool is_look = false;
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        if (looking_at(self, looks[i])) {
            is_look = true;
            g_string_append(self->out, looks[i]);
            self->p += strlen(looks[i]);
        }
    }
    self->is_look[self->depth++] = is_look;
    if (is_look) {
        return true;
    }
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
        return true;
    }
    if (looking_at(self, "(?")) {
        return fail(self, "no such group in ECMA-262");
    }
    g_string_append_c(self->out, '(');
    self->p++;
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
    g_string_append(self->out, "[^\\n\\r\\x{2028}\\x{2029}]");
    self->p++;
    set_item(self, item);
}

static void
take_literal(Parser *self)
{
    GuardRegexItem item = {0};
    size_t n;
    uint32_t code = base_utf8_decode(self->p, &n);
    put_code(self->out, code);
    item_add(&item, code, code);
    self->simple &= code < 128;
    self->p += n;
    set_item(self, item);
}

static bool
take_term(Parser *self)
{
    switch (*self->p) {
    case '\\':
        return take_escape(self);
    case '[':
        return take_class(self);
    case '(':
        return take_group(self);
    case ')':
        return close_group(self);
    case '*':
    case '+':
    case '?':
    case '{':
        return take_quantifier(self);
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
    if (!ok) {
        g_string_free(parser.out, TRUE);
        return false;
    }
    ret_regex->row.is_simple = parser.simple && is_deterministic(&ret_regex->row);
    ret_regex->translation = parser.out;
    return true;
}
