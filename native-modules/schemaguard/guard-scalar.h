/* SPDX-License-Identifier: MIT */
/* guard-scalar.h - reading and checking one scalar, inline: the inner loop of it all.
 */
#pragma once

#include "guard-run.h"

#include <json-number.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define GUARD_LIKELY(x)   __builtin_expect(!!(x), 1)
#define GUARD_UNLIKELY(x) __builtin_expect(!!(x), 0)

static inline const char *
guard_skip_space(const char *p)
{
    if (*p == ' ') {
        p++;
    }
    while (GUARD_UNLIKELY((unsigned char)*p <= ' ') &&
           (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

typedef struct {
    bool is_escaped;
    bool is_ascii;
} GuardStringKind;

#ifdef __SSE2__
/* A bit for each of the 16 bytes at `p` that is a quote, a backslash, a control or
 * beyond ASCII. */
static inline unsigned
guard_specials(const char *p)
{
    __m128i chunk = _mm_loadu_si128((const __m128i *)p);
    __m128i quotes = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"'));
    __m128i slashes = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'));
    __m128i space = _mm_set1_epi8(' ');
    __asm__("" : "+x"(space)); /* else GCC compares with 31, and negates */
    /* Signed: bytes from 0x80 are below ' ' as well. */
    __m128i others = _mm_cmpgt_epi8(space, chunk);
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(quotes, _mm_or_si128(slashes, others)));
}
#endif

/* Returns the closing quote of the string whose content starts at `p`, NULL after a
 * stop. */
static inline const char *
guard_scan_string(GuardRun *run, const char *p, GuardStringKind *ret_kind)
{
#ifdef __SSE2__
    for (; GUARD_LIKELY(p <= run->wide_end); p += 16) {
        unsigned mask = guard_specials(p);
        if (mask != 0) {
            p += __builtin_ctz(mask);
            if (GUARD_LIKELY(*p == '"')) {
                *ret_kind = (GuardStringKind){false, true};
                return p;
            }
            break;
        }
    }
#endif
    JsonStringInfo info;
    const char *bad;
    const char *close = json_string_check(p, run->end, &info, &bad);
    if (GUARD_UNLIKELY(close == NULL)) {
        guard_stop_syntax(run, info.error, bad);
        return NULL;
    }
    *ret_kind = (GuardStringKind){info.is_escaped, info.is_ascii};
    return close;
}

static inline const char *
guard_scalar_string(GuardRun *run, const GuardNode *node, const char *p)
{
    GuardStringKind kind;
    bool wrong = (node->types & GUARD_TYPE_STRING) == 0;
    if (GUARD_UNLIKELY(wrong) && !guard_fail_type(run, node, p)) {
        return NULL;
    }
    const char *close = guard_scan_string(run, p + 1, &kind);
    if (GUARD_UNLIKELY(close == NULL)) {
        return NULL;
    }
    if ((node->string | node->choice) != 0 && !wrong &&
        !guard_check_string(run, node, p, close, kind.is_escaped, kind.is_ascii)) {
        return NULL;
    }
    return close + 1;
}

enum {
    GUARD_SHORT_DIGITS = 18 /* always fit into 64 bits */
};

/* The text at `p` is a number of the grammar; *ret_plain: an integer without point and
 * exponent; *ret_value: its value if it is short. */
static inline const char *
guard_scan_number(GuardRun *run, const char *p, bool *ret_plain, bool *ret_short,
                  int64_t *ret_value)
{
    const char *first = p + (*p == '-');
    const char *q = first;
    uint64_t value = 0;
    while ((unsigned char)(*q - '0') < 10 && q - first <= GUARD_SHORT_DIGITS) {
        value = value * 10 + (uint64_t)(*q++ - '0');
    }
    ptrdiff_t digits = q - first;
    bool more = *q == '.' || (*q | 0x20) == 'e' || (unsigned char)(*q - '0') < 10;
    if (GUARD_LIKELY(!more && digits > 0 && digits <= GUARD_SHORT_DIGITS &&
                     (*first != '0' || digits == 1))) {
        *ret_plain = *ret_short = true;
        *ret_value = first != p ? -(int64_t)value : (int64_t)value;
        return q;
    }
    *ret_short = false;
    size_t length = json_number_scan(p, (size_t)(run->end - p), ret_plain);
    if (length == 0) {
        guard_stop_syntax(run, JSON_ERROR_NUMBER, p);
        return NULL;
    }
    return p + length;
}

static inline const char *
guard_scalar_number(GuardRun *run, const GuardNode *node, const char *p)
{
    bool plain;
    bool is_short;
    int64_t value;
    const char *end = guard_scan_number(run, p, &plain, &is_short, &value);
    if (GUARD_UNLIKELY(end == NULL)) {
        return NULL;
    }
    if (GUARD_UNLIKELY(*end == '\0') && end == run->end && run->is_partial) {
        guard_stop(run, GUARD_STOP_MORE, p); /* digits may follow */
        return NULL;
    }
    if (GUARD_LIKELY(is_short && (node->types & GUARD_TYPE_INTEGER) != 0 &&
                     node->choice == 0)) {
        if (node->number == 0) {
            return end;
        }
        const GuardNumberPart *part =
            GUARD_AT(run->program, GuardNumberPart, node->number);
        if (value >= part->low && value <= part->high &&
            (part->step == 0 || (part->step > 0 && value % part->step == 0))) {
            return end;
        }
    }
    bool takes_any = (node->types & GUARD_TYPE_NUMBER) == GUARD_TYPE_NUMBER;
    if (GUARD_LIKELY(takes_any && (node->choice | node->number) == 0)) {
        return end;
    }
    return guard_check_number(run, node, p, end, plain) ? end : NULL;
}

static inline const char *
guard_scalar_word(GuardRun *run, const GuardNode *node, const char *p, const char *word,
                  size_t length, unsigned type)
{
    for (size_t i = 1; i < length; i++) { /* the NUL behind the text ends it as well */
        if (GUARD_UNLIKELY(p[i] != word[i])) {
            guard_stop_syntax(run, JSON_ERROR_LITERAL, p);
            return NULL;
        }
    }
    bool wrong = (node->types & type) == 0;
    if (GUARD_UNLIKELY(wrong) && !guard_fail_type(run, node, p)) {
        return NULL;
    }
    if (node->choice != 0 && !wrong &&
        !guard_check_choice(run, node, p, p + length, type)) {
        return NULL;
    }
    return p + length;
}

/* Reads and checks the scalar at `p`. Returns the byte behind it, NULL if it failed or
 * the run has stopped (run->stop tells). In-place operations are the caller's. */
static inline const char *
guard_scalar(GuardRun *run, const GuardNode *node, const char *p)
{
    switch (*p) {
    case '"':
        return guard_scalar_string(run, node, p);
    case 't':
        return guard_scalar_word(run, node, p, "true", 4, GUARD_TYPE_BOOLEAN);
    case 'f':
        return guard_scalar_word(run, node, p, "false", 5, GUARD_TYPE_BOOLEAN);
    case 'n':
        return guard_scalar_word(run, node, p, "null", 4, GUARD_TYPE_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return guard_scalar_number(run, node, p);
    default:
        guard_stop_unexpected(run, p);
        return NULL;
    }
}

/* GUARD_CLASS_: what a value that starts so is. */
static inline unsigned
guard_class_of(char first)
{
    switch (first) {
    case '{':
        return GUARD_CLASS_OBJECT;
    case '[':
        return GUARD_CLASS_ARRAY;
    case '"':
        return GUARD_CLASS_STRING;
    case 't':
    case 'f':
        return GUARD_CLASS_BOOLEAN;
    case 'n':
        return GUARD_CLASS_NULL;
    default:
        return first == '-' || (unsigned char)(first - '0') < 10 ? GUARD_CLASS_NUMBER
                                                                 : GUARD_CLASS_NONE;
    }
}

/* The types that a value which starts so may have. */
static inline unsigned
guard_type_of(char first)
{
    switch (first) {
    case '{':
        return GUARD_TYPE_OBJECT;
    case '[':
        return GUARD_TYPE_ARRAY;
    case '"':
        return GUARD_TYPE_STRING;
    case 't':
    case 'f':
        return GUARD_TYPE_BOOLEAN;
    case 'n':
        return GUARD_TYPE_NULL;
    default:
        return GUARD_TYPE_NUMBER;
    }
}

static inline bool
guard_is_container(const char *p)
{
    return (*p | 0x20) == '{'; /* '{' and '[' differ in that bit only */
}

/* What comes of a scalar at `p` that guard_scalar() did not take. */
static inline GuardStep
guard_scalar_result(GuardRun *run, const GuardNode *node, const char *p)
{
    if (run->stop == GUARD_STOP_MORE && !guard_partial_scalar(run, node, p)) {
        run->stop = GUARD_STOP_NONE;
    }
    return run->stop != GUARD_STOP_NONE ? GUARD_STEP_STOP : GUARD_STEP_FAIL;
}
