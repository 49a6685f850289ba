/* SPDX-License-Identifier: MIT */
/* Characters, escapes and classes of patterns. */
#include "guard-regex-private.h"

#include "guard-regex-property.h"

#include <base-utf8.h>

#define WHITE_SPACE                                                           \
    "\\x{9}-\\x{D} "                                                          \
    "\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}" \
    "\\x{3000}\\x{FEFF}"
#define SPACE_CUTS                                                                 \
    "\\x{0}-\\x{8}\\x{E}-\\x{1F}!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}"     \
    "\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}" \
    "\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}"

void
guard_regex_put_code(GString *out, uint32_t code)
{
    if (code < 0x80 && g_ascii_isalnum((char)code)) {
        g_string_append_c(out, (char)code);
    }
    else {
        g_string_append_printf(out, "\\x{%X}", code);
    }
}

/* Surrogates are no characters of a text: nothing is written for those alone. */
void
guard_regex_put_range(GString *out, uint32_t from, uint32_t to)
{
    from = (from & ~0x7FFu) == 0xD800 ? 0xE000 : from;
    to = (to & ~0x7FFu) == 0xD800 ? 0xD7FF : to;
    if (from > to) {
        return;
    }
    guard_regex_put_code(out, from);
    if (to != from) {
        g_string_append_c(out, '-');
        guard_regex_put_code(out, to);
    }
}

/* Adds \d \w \s or, for capitals, all others. Returns false if that is not simple. */
bool
guard_regex_add_class(GuardRegexItem *item, char letter)
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

void
guard_regex_put_class(GString *out, char letter, bool inside)
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
bool
guard_regex_take_character(Parser *self, uint32_t *ret_code)
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
bool
guard_regex_take_property(Parser *self)
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
        guard_regex_put_class(self->out, c, true);
        self->simple &= guard_regex_add_class(item, c);
        return true;
    }
    if (c == 'p' || c == 'P') {
        *ret_is_set = true;
        self->simple = false;
        return guard_regex_take_property(self);
    }
    if (c == 'b') {
        self->p++;
        *ret_code = '\b';
        return true;
    }
    return guard_regex_take_character(self, ret_code);
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
    guard_regex_put_range(self->out, from, to);
    item_add(item, from, to);
    self->simple &= to < 128;
    return true;
}

bool
guard_regex_take_class(Parser *self)
{
    GuardRegexItem item = {0};
    self->p++;
    bool negated = !at_end(self) && *self->p == '^';
    self->p += negated;
    gsize before = self->out->len;
    g_string_append(self->out, negated ? "[^" : "[");
    gsize first = self->out->len;
    while (!at_end(self) && *self->p != ']') {
        if (!take_class_range(self, &item)) {
            return false;
        }
    }
    if (at_end(self)) {
        return fail(self, "unterminated character class");
    }
    self->p++;
    if (self->out->len == first) { /* PCRE2 has no empty class */
        g_string_truncate(self->out, before);
        g_string_append(self->out,
                        negated ? "[\\x{0}-\\x{10FFFF}]" : GUARD_REGEX_NO_CODE);
        self->simple = false;
        set_item(self, item);
        return true;
    }
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
