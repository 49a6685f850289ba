/* SPDX-License-Identifier: MIT */
/* guard-quick-value.h - the names and scalars of the short way, inline in its loops.
 *
 * Each function gives the byte behind what stands at `p`, or NULL (false) where the
 * machine has to look: what is not taken here is not wrong yet.
 */
#pragma once

#include "guard-quick.h"
#include "guard-scalar.h"

/* One space is usual, other white space is not. A branch, and no addition of the
 * comparison: what follows is loaded without waiting for it. */
static inline const char *
quick_skip_space(const char *p)
{
    if (*p == ' ') {
        p++;
        __asm__("" : "+r"(p));
    }
    return GUARD_UNLIKELY((unsigned char)*p <= ' ') ? guard_skip_space(p) : p;
}

#ifdef __SSE2__
/* A bit for each of 16 bytes that are equal. */
static inline unsigned
quick_equal_bytes(const char *a, const char *b)
{
    __m128i left = _mm_loadu_si128((const __m128i *)a);
    __m128i right = _mm_loadu_si128((const __m128i *)b);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(left, right));
}
#endif

/* The same for what is behind the first 16 bytes. */
static inline bool
quick_is_tail(const GuardProgram *program, const GuardQuickText *text, const char *p,
              const char *end)
{
    if ((size_t)(end - p) < text->length) {
        return false;
    }
    const char *whole = GUARD_QUICK_AT(program, char, text->whole);
#ifdef __SSE2__
    size_t last = text->length - 16u;
    if (quick_equal_bytes(whole + last, p + last) != UINT16_MAX) {
        return false;
    }
    if (GUARD_LIKELY(last <= 16)) {
        return true;
    }
#endif
    return memcmp(p + 16, whole + 16, text->length - 16u) == 0;
}

/* Whether the text is what stands at `p`, where 16 bytes can be loaded. */
static inline bool
quick_is_text(const GuardProgram *program, const GuardQuickText *text, const char *p,
              const char *end)
{
#ifdef __SSE2__
    bool same = (quick_equal_bytes(text->packed, p) & text->mask) == text->mask;
#else
    size_t head = MIN(text->length, sizeof text->packed);
    bool same = head > 0 && memcmp(p, text->packed, head) == 0;
#endif
    return same &&
           (GUARD_LIKELY(text->length <= 16) || quick_is_tail(program, text, p, end));
}

/* Returns the byte behind the string whose content is at `p`, NULL if it is not right.
 */
static inline const char *
quick_string_end(GuardRun *run, const char *p)
{
    GuardStringKind kind;
    const char *close = guard_scan_string(run, p, &kind);
    return GUARD_LIKELY(close != NULL) ? close + 1 : NULL;
}

static inline const char *
quick_choice_end(const GuardProgram *program, GuardRef ref, const char *p,
                 const char *end)
{
    const GuardQuickChoices *choices = GUARD_QUICK_AT(program, GuardQuickChoices, ref);
    for (uint32_t i = 0; i < choices->count; i++) {
        if (quick_is_text(program, &choices->words[i], p, end)) {
            return p + choices->words[i].length;
        }
    }
    return NULL;
}

/* Whether a number can end here: digits may follow at the end of partial text. */
static inline bool
quick_is_number_end(char c)
{
    return c != '.' && (c | 0x20) != 'e' && c != '\0';
}

static inline const char *
quick_integer_end(const GuardProgram *program, GuardRef ref, const char *p)
{
    const char *first = p + (*p == '-');
    const char *q = first;
    uint64_t value = 0;
    while ((unsigned char)(*q - '0') < 10) {
        value = value * 10 + (uint64_t)(*q++ - '0');
    }
    if (GUARD_UNLIKELY(q == first || q - first > GUARD_SHORT_DIGITS ||
                       (*first == '0' && q - first > 1) || !quick_is_number_end(*q))) {
        return NULL;
    }
    if (ref == 0) {
        return q;
    }
    const GuardNumberPart *part = GUARD_AT(program, GuardNumberPart, ref);
    int64_t number = first != p ? -(int64_t)value : (int64_t)value;
    bool fits = number >= part->low && number <= part->high &&
                (part->step == 0 || (part->step > 0 && number % part->step == 0));
    return fits ? q : NULL;
}

static inline const char *
quick_number_end(const char *p)
{
    const char *first = p + (*p == '-');
    const char *q = first;
    while ((unsigned char)(*q - '0') < 10) {
        q++;
    }
    if (GUARD_UNLIKELY(q == first || (*first == '0' && q - first > 1))) {
        return NULL;
    }
    if (*q == '.') {
        const char *point = q++;
        while ((unsigned char)(*q - '0') < 10) {
            q++;
        }
        if (GUARD_UNLIKELY(q == point + 1)) {
            return NULL;
        }
    }
    return quick_is_number_end(*q) ? q : NULL;
}

static inline const char *
quick_boolean_end(const char *p)
{
    if (p[0] == 't' && p[1] == 'r' && p[2] == 'u' && p[3] == 'e') {
        return p + 4;
    }
    bool is_false =
        p[0] == 'f' && p[1] == 'a' && p[2] == 'l' && p[3] == 's' && p[4] == 'e';
    return is_false ? p + 5 : NULL;
}

static inline const char *
quick_scalar_end(GuardRun *run, GuardRef ref, const char *p)
{
    const GuardNode *node = GUARD_AT(run->program, GuardNode, ref);
    if (guard_is_container(p)) {
        return NULL;
    }
    const char *end = guard_scalar(run, node, p);
    if (GUARD_UNLIKELY(end != NULL && *end == '\0')) {
        run->stop = GUARD_STOP_MORE; /* or the end, but not wrong */
        return NULL;
    }
    return end;
}

/* Whether the value at `p`, which quick_value_end() did not take, is wrong for sure. */
bool guard_quick_is_wrong(GuardRun *run, unsigned kind, GuardRef arg, const char *p);

/* What the patterns say about a name that the schema does not have: kind and arg of
 * *ret are set if one matches. Returns false if more than one does. */
bool guard_quick_find_rule(const GuardRun *run, GuardRef ref, const char *name,
                           size_t length, GuardQuickText *ret);

/* Returns the byte behind the scalar at `p`, NULL if the machine has to look at it. */
static inline __attribute__((always_inline)) const char *
quick_value_end(GuardRun *run, unsigned kind, GuardRef arg, const char *p)
{
    switch ((GuardQuickKind)kind) {
    case GUARD_QUICK_STRING:
        return *p == '"' ? quick_string_end(run, p + 1) : NULL;
    case GUARD_QUICK_CHOICE:
        return *p == '"' && p < run->wide_end
                   ? quick_choice_end(run->program, arg, p + 1, run->end)
                   : NULL;
    case GUARD_QUICK_INTEGER:
        return quick_integer_end(run->program, arg, p);
    case GUARD_QUICK_NUMBER:
        return quick_number_end(p);
    case GUARD_QUICK_BOOLEAN:
        return quick_boolean_end(p);
    case GUARD_QUICK_SCALAR:
        return quick_scalar_end(run, arg, p);
    case GUARD_QUICK_ANY:
        return *p == '"' ? quick_string_end(run, p + 1)
                         : quick_scalar_end(run, run->program->any, p);
    case GUARD_QUICK_STOP:
    case GUARD_QUICK_CONTAINER:
    case GUARD_QUICK_NEVER:
    case GUARD_QUICK_SWITCH:
        break;
    }
    return NULL;
}
