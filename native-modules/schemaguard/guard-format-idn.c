/* SPDX-License-Identifier: MIT */
/* idn-hostname: IDNA 2008 (RFC 5890-5893), with the tables of GLib. */
#include "guard-format-private.h"
#include "guard-punycode.h"

#include <base-utf8.h>

#include <glib.h>
#include <string.h>

enum {
    LABEL_MAX = GUARD_PUNYCODE_LABEL_MAX,
    CODES_MAX = GUARD_PUNYCODE_CODES_MAX,
    HOSTNAME_MAX = 253, /* bytes of the encoded name */
};

/* RFC 5892, 2.6: characters whose property is not what their category says. */
static bool
is_exception(uint32_t c, bool *ret_allowed)
{
    static const uint32_t allowed[] = {0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007};
    static const uint32_t refused[] = {0x640,  0x7FA,  0x302E, 0x302F, 0x3031,
                                       0x3032, 0x3033, 0x3034, 0x3035, 0x303B};
    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
        if (allowed[i] == c) {
            return *ret_allowed = true;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (refused[i] == c) {
            *ret_allowed = false;
            return true;
        }
    }
    return false;
}

/* Letters and marks that are no capitals and yet fold to something else: Unicode's
 * CaseFolding.txt, less what NFKC changes anyway and the exceptions above. A table of
 * ours, for GLib's folding brings 65 KB of tables along. */
static bool
folds(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x345, 0x345},   {0x13F8, 0x13FD}, {0x1C80, 0x1C88}, {0x1F80, 0x1F87},
        {0x1F90, 0x1F97}, {0x1FA0, 0x1FA7}, {0x1FB2, 0x1FB4}, {0x1FB7, 0x1FB7},
        {0x1FC2, 0x1FC4}, {0x1FC7, 0x1FC7}, {0x1FF2, 0x1FF4}, {0x1FF7, 0x1FF7},
        {0xAB70, 0xABBF},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* Unstable under NFKC and case folding, so another character is meant (RFC 5892, 2.2);
 * asked of what is_letter_digit(), which refuses capitals. */
static bool
is_unstable(uint32_t c)
{
    char text[8];
    text[base_utf8_encode(c, text)] = '\0';
    g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
    return folds(c) || strcmp(normal, text) != 0;
}

static bool
is_script(const uint32_t *codes, size_t count, GUnicodeScript a, GUnicodeScript b,
          GUnicodeScript c)
{
    for (size_t i = 0; i < count; i++) {
        GUnicodeScript script = g_unichar_get_script(codes[i]);
        if (script == a || script == b || script == c) {
            return true;
        }
    }
    return false;
}

static bool
is_virama(uint32_t c)
{
    return g_unichar_combining_class(c) == 9;
}

/* ZERO WIDTH NON-JOINER between letters that join, after RFC 5892, A.1: the letters
 * concerned are those of the Arabic family. */
static bool
joins(uint32_t c)
{
    GUnicodeScript script = g_unichar_get_script(c);
    return script == G_UNICODE_SCRIPT_ARABIC || script == G_UNICODE_SCRIPT_SYRIAC ||
           script == G_UNICODE_SCRIPT_MONGOLIAN || script == G_UNICODE_SCRIPT_NKO;
}

static bool
has_digits(const uint32_t *codes, size_t count, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < count; i++) {
        if (codes[i] >= from && codes[i] <= to) {
            return true;
        }
    }
    return false;
}

/* Characters that are right only beside others. *ret_is_one: c is such a character. */
static bool
is_context_right(const uint32_t *codes, size_t count, size_t at, bool *ret_is_one)
{
    uint32_t c = codes[at];
    uint32_t before = at > 0 ? codes[at - 1] : 0;
    uint32_t after = at + 1 < count ? codes[at + 1] : 0;
    *ret_is_one = true;
    switch (c) {
    case 0x200C:
        return is_virama(before) || (joins(before) && joins(after));
    case 0x200D:
        return is_virama(before);
    case 0xB7:
        return before == 'l' && after == 'l';
    case 0x375:
        return after != 0 && g_unichar_get_script(after) == G_UNICODE_SCRIPT_GREEK;
    case 0x5F3:
    case 0x5F4:
        return before != 0 && g_unichar_get_script(before) == G_UNICODE_SCRIPT_HEBREW;
    case 0x30FB:
        return is_script(codes, count, G_UNICODE_SCRIPT_HIRAGANA,
                         G_UNICODE_SCRIPT_KATAKANA, G_UNICODE_SCRIPT_HAN);
    default:
        break;
    }
    if (c >= 0x660 && c <= 0x669) {
        return !has_digits(codes, count, 0x6F0, 0x6F9);
    }
    if (c >= 0x6F0 && c <= 0x6F9) {
        return !has_digits(codes, count, 0x660, 0x669);
    }
    *ret_is_one = false;
    return true;
}

static bool
is_letter_digit(uint32_t c)
{
    switch ((int)g_unichar_type(c)) {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_SPACING_MARK:
    case G_UNICODE_DECIMAL_NUMBER:
        return true;
    default:
        return false;
    }
}

static bool
is_allowed(const uint32_t *codes, size_t count, size_t at)
{
    uint32_t c = codes[at];
    bool result;
    if (c < 0x80) {
        return g_ascii_isalnum((char)c) || c == '-';
    }
    bool context = is_context_right(codes, count, at, &result);
    if (result) {
        return context;
    }
    if (is_exception(c, &result)) {
        return result;
    }
    /* Old Hangul Jamo, RFC 5892, 2.9. */
    bool jamo = (c >= 0x1100 && c <= 0x11FF) || (c >= 0xA960 && c <= 0xA97C) ||
                (c >= 0xD7B0 && c <= 0xD7FB);
    return !jamo && is_letter_digit(c) && !is_unstable(c);
}

/* RFC 5893, 2, as far as the scripts that IDNA allows need it. */
static bool
is_right_to_left(uint32_t c)
{
    return (c >= 0x590 && c <= 0x8FF && g_unichar_isalpha(c)) ||
           (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFF);
}

static bool
is_european_digit(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 0x6F0 && c <= 0x6F9);
}

static bool
is_arabic_digit(uint32_t c)
{
    return c >= 0x660 && c <= 0x669;
}

/* What a label means for the direction of the whole name. */
typedef struct {
    bool has_right;    /* a letter from right to left, so the name is a Bidi name */
    bool starts_digit; /* not allowed in one */
} Direction;

static bool
is_bidi_right(const uint32_t *codes, size_t count, Direction *direction)
{
    bool has_right = false;
    bool has_left = false;
    bool european = false;
    bool arabic = false;
    for (size_t i = 0; i < count; i++) {
        bool right = is_right_to_left(codes[i]);
        has_right |= right;
        has_left |= !right && g_unichar_isalpha(codes[i]);
        european |= is_european_digit(codes[i]);
        arabic |= is_arabic_digit(codes[i]);
    }
    direction->has_right |= has_right || arabic;
    direction->starts_digit |= is_european_digit(codes[0]) || is_arabic_digit(codes[0]);
    return !has_right ||
           (!has_left && !(european && arabic) && is_right_to_left(codes[0]));
}

static bool
is_code_label(const uint32_t *codes, size_t count, Direction *direction)
{
    bool hyphens = count >= 4 && codes[2] == '-' && codes[3] == '-';
    if (count == 0 || hyphens || codes[0] == '-' || codes[count - 1] == '-' ||
        g_unichar_ismark(codes[0])) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_allowed(codes, count, i)) {
            return false;
        }
    }
    return is_bidi_right(codes, count, direction);
}

static bool
is_nfc(const char *text, size_t length)
{
    g_autofree char *composed = g_utf8_normalize(text, (gssize)length, G_NORMALIZE_NFC);
    return composed != NULL && strlen(composed) == length &&
           memcmp(composed, text, length) == 0;
}

/* Returns the bytes the label takes in its encoded form, 0 if it is none. */
static size_t
check_label(const char *text, size_t length, bool composed, Direction *direction)
{
    uint32_t codes[CODES_MAX];
    size_t count = 0;
    bool ascii = true;
    if (length >= 4 && g_ascii_strncasecmp(text, "xn--", 4) == 0) {
        count = guard_punycode_decode(text + 4, length - 4, codes);
        bool unicode = false;
        for (size_t i = 0; i < count; i++) {
            unicode |= codes[i] >= 0x80;
        }
        return unicode && length <= LABEL_MAX && is_code_label(codes, count, direction)
                   ? length
                   : 0;
    }
    for (size_t i = 0; i < length; count++) {
        if (count == CODES_MAX) {
            return 0;
        }
        size_t n;
        codes[count] = base_utf8_decode(text + i, &n);
        ascii &= codes[count] < 0x80;
        /* Capitals of ASCII are folded by every resolver. */
        if (codes[count] < 0x80) {
            codes[count] = (uint32_t)g_ascii_tolower((char)codes[count]);
        }
        i += n;
    }
    if (!is_code_label(codes, count, direction) ||
        (composed && !is_nfc(text, length))) {
        return 0;
    }
    size_t encoded = ascii ? length : 4 + guard_punycode_length(codes, count);
    return encoded <= LABEL_MAX ? encoded : 0;
}

/* The dots that separate labels: U+002E, U+3002, U+FF0E, U+FF61. */
static size_t
dot_at(const char *p, const char *end)
{
    if (*p == '.') {
        return 1;
    }
    bool wide = end - p >= 3 && (memcmp(p, "\xE3\x80\x82", 3) == 0 ||
                                 memcmp(p, "\xEF\xBC\x8E", 3) == 0 ||
                                 memcmp(p, "\xEF\xBD\xA1", 3) == 0);
    return wide ? 3 : 0;
}

/* `composed`: the labels have to be in normal form C. */
static bool
check_name(const char *text, size_t length, bool composed)
{
    const char *end = text + length;
    size_t total = 0;
    Direction direction = {0};
    for (const char *p = text;;) {
        const char *stop = p;
        size_t dot = 0;
        while (stop < end && (dot = dot_at(stop, end)) == 0) {
            stop++;
        }
        size_t label = check_label(p, (size_t)(stop - p), composed, &direction);
        if (label == 0) {
            return false;
        }
        total += label + (stop < end);
        if (stop >= end) {
            return total <= HOSTNAME_MAX &&
                   !(direction.has_right && direction.starts_digit);
        }
        p = stop + dot;
    }
}

bool
guard_format_idn_hostname(const char *text, size_t length)
{
    return check_name(text, length, true);
}

bool
guard_format_idn_domain(const char *text, size_t length)
{
    return check_name(text, length, false);
}
