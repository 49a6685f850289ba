/* SPDX-License-Identifier: MIT */
/* Strings of json-scan.h: checking, unescaping, positions. */
#include "json-scan.h"

#include "base-utf8.h"
#include "json-string-wide.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    HEX_BAD = 0x100 /* above every value of a hexadecimal digit */
};

static unsigned
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10) : HEX_BAD;
}

/* Returns the code unit of four hexadecimal digits, >= 0x10000 if they are none. */
static uint32_t
hex4(const char *p)
{
    uint32_t bad = 0;
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned digit = hex_value(p[i]);
        bad |= digit & HEX_BAD;
        value = value << 4 | (digit & 15);
    }
    return bad ? 0x10000 : value;
}

/* The letters of two-byte escapes. */
static const bool is_escape_letter[256] = {
    ['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true,
    ['f'] = true, ['n'] = true,  ['r'] = true, ['t'] = true,
};

/* Returns the byte after the \uXXXX whose backslash is at `p`, NULL if it is none. */
static const char *
skip_unicode(const char *p, const char *end, JsonStringInfo *info, const char **ret_bad)
{
    for (int i = 2; i < 6; i++) {
        if (p + i >= end) {
            *ret_bad = end;
            info->error = JSON_ERROR_TRUNCATED;
            return NULL;
        }
        if (hex_value(p[i]) == HEX_BAD) {
            *ret_bad = p;
            info->error = JSON_ERROR_ESCAPE;
            return NULL;
        }
    }
    return p + 6;
}

/* Returns the byte after the escape whose backslash is at `p`, NULL if it is none. */
static inline const char *
skip_escape(const char *p, const char *end, JsonStringInfo *info, const char **ret_bad)
{
    info->is_escaped = true;
    if (end - p >= 2 && is_escape_letter[(unsigned char)p[1]]) {
        return p + 2;
    }
    if (end - p >= 2 && p[1] == 'u') {
        return skip_unicode(p, end, info, ret_bad);
    }
    *ret_bad = end - p >= 2 ? p : end;
    info->error = end - p >= 2 ? JSON_ERROR_ESCAPE : JSON_ERROR_TRUNCATED;
    return NULL;
}

/* Moves over the characters beyond ASCII at `p`; NULL if one is malformed. */
static inline const char *
skip_wide(const char *p, const char *end, JsonStringInfo *info, const char **ret_bad)
{
    info->is_ascii = false;
    while (p < end && (signed char)*p < 0) {
        unsigned char lead = (unsigned char)*p;
        bool two = lead >= 0xC2 && lead < 0xE0 && end - p >= 2 &&
                   base_utf8_is_tail((unsigned char)p[1]);
        size_t n = two ? 2 : base_utf8_sequence(p, (size_t)(end - p));
        if (n == 0) {
            *ret_bad = p;
            info->error = JSON_ERROR_UTF8;
            return NULL;
        }
        p += n;
    }
    return p;
}

/* Deals with the byte that stopped the scan; NULL after an error. Not for quotes. */
static inline const char *
skip_special(const char *p, const char *end, JsonStringInfo *info, const char **ret_bad)
{
    if (*p == '\\') {
        return skip_escape(p, end, info, ret_bad);
    }
    if ((signed char)*p < 0) {
        return skip_wide(p, end, info, ret_bad);
    }
    *ret_bad = p;
    info->error = JSON_ERROR_CONTROL;
    return NULL;
}

#ifdef __SSE2__
/* A bit for each of 16 bytes that is a quote, a backslash, a control or beyond ASCII.
 */
static inline unsigned
special_bytes(const char *p)
{
    __m128i chunk = _mm_loadu_si128((const __m128i *)p);
    /* Signed: bytes from 0x80 are below ' ' as well. */
    __m128i stop =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'))),
                     _mm_cmplt_epi8(chunk, _mm_set1_epi8(' ')));
    return (unsigned)_mm_movemask_epi8(stop);
}

/* Scans blocks of 16 bytes from *at on that start before `limit`. Returns the closing
 * quote; NULL with *at behind the blocks, or after an error. */
static const char *
check_blocks(const char **at, const char *limit, const char *end, JsonStringInfo *info,
             const char **ret_bad)
{
    const char *p = *at;
    while (p < limit && end - p >= 16) {
        const char *next = p + 16;
        unsigned mask = special_bytes(p);
        while (mask != 0) {
            const char *special = p + __builtin_ctz(mask);
            if (*special == '"') {
                return special;
            }
            const char *behind = skip_special(special, end, info, ret_bad);
            if (behind == NULL) {
                return NULL;
            }
            if (behind >= next) {
                next = behind;
                break;
            }
            mask &= ~0u << (behind - p);
        }
        p = next;
    }
    *at = p;
    return NULL;
}

enum {
    CLOSE_LOOK = 256 /* bytes read in small blocks before large ones are tried again */
};

/* As check_blocks(), up to the last 16 bytes. */
static const char *
check_most(const char **at, const char *end, JsonStringInfo *info, const char **ret_bad)
{
    bool is_wide = end - *at >= 2 * JSON_STRING_BLOCK && json_string_has_wide_check();
    while (is_wide && end - *at >= JSON_STRING_BLOCK) {
        const char *close = json_string_wide_check(at, end, info);
        if (close == NULL && end - *at >= JSON_STRING_BLOCK) {
            close = check_blocks(at, *at + CLOSE_LOOK, end, info, ret_bad);
        }
        if (close != NULL || info->error != JSON_ERROR_NONE) {
            return close;
        }
    }
    return check_blocks(at, end, end, info, ret_bad);
}
#endif

const char *
json_string_check(const char *p, const char *end, JsonStringInfo *ret_info,
                  const char **ret_bad)
{
    *ret_info = (JsonStringInfo){.is_ascii = true};
#ifdef __SSE2__
    const char *close = check_most(&p, end, ret_info, ret_bad);
    if (close != NULL || ret_info->error != JSON_ERROR_NONE) {
        return close;
    }
#endif
    while (p < end && *p != '"') {
        bool plain = *p != '\\' && (signed char)*p >= ' ';
        p = plain ? p + 1 : skip_special(p, end, ret_info, ret_bad);
        if (p == NULL) {
            return NULL;
        }
    }
    if (p >= end) {
        *ret_bad = end;
        ret_info->error = JSON_ERROR_TRUNCATED;
        return NULL;
    }
    return p;
}

static inline char
simple_escape(char c)
{
    static const char values[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    return values[(unsigned char)c];
}

/* Joins the pair at `p` (\uXXXX, followed perhaps by its low half). */
static size_t
unescape_unicode(const char *p, const char *end, uint32_t *ret_code, bool *lone)
{
    uint32_t code = hex4(p + 2);
    *ret_code = code;
    if ((code & 0xF800) != 0xD800) {
        return 6;
    }
    if (code < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        uint32_t low = hex4(p + 8);
        if ((low & 0xFFFFFC00) == 0xDC00) {
            *ret_code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
            return 12;
        }
    }
    *lone = true;
    return 6;
}

/* Copies up to the next backslash, 16 bytes at a time. Returns it, or `end`. */
static inline const char *
copy_plain(const char *raw, const char *end, char **to)
{
#ifdef __SSE2__
    const __m128i slash = _mm_set1_epi8('\\');
    while (end - raw >= 16) {
        __m128i chunk = _mm_loadu_si128((const __m128i *)raw);
        /* The output is never ahead of the input: there is room for the whole chunk. */
        _mm_storeu_si128((__m128i *)*to, chunk);
        int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(chunk, slash));
        int n = mask != 0 ? __builtin_ctz((unsigned)mask) : 16;
        raw += n;
        *to += n;
        if (mask != 0) {
            return raw;
        }
    }
#endif
    while (raw < end && *raw != '\\') {
        *(*to)++ = *raw++;
    }
    return raw;
}

size_t
json_string_unescape(const char *raw, size_t length, char *out, bool *ret_has_lone)
{
    const char *end = raw + length;
    char *to = out;
    bool lone = false;
    bool is_wide = length >= JSON_STRING_BLOCK && json_string_has_wide_unescape();
    for (;;) {
        if (is_wide && end - raw >= JSON_STRING_BLOCK) {
            to = json_string_wide_unescape(&raw, end, to);
        }
        raw = copy_plain(raw, end, &to);
        if (raw == end) {
            break;
        }
        if (raw[1] != 'u') {
            *to++ = simple_escape(raw[1]);
            raw += 2;
            continue;
        }
        uint32_t code;
        raw += unescape_unicode(raw, end, &code, &lone);
        to += base_utf8_encode(code, to);
    }
    if (ret_has_lone != NULL) {
        *ret_has_lone = lone;
    }
    return (size_t)(to - out);
}

void
json_text_position(const char *text, size_t length, size_t offset, size_t *ret_line,
                   size_t *ret_column)
{
    size_t line = 1;
    size_t start = 0;
    size_t stop = offset < length ? offset : length;
    for (size_t i = 0; i < stop; i++) {
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    *ret_line = line;
    *ret_column = base_utf8_count(text + start, stop - start) + 1;
}
