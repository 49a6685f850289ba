/* SPDX-License-Identifier: MIT */
/* guard-quick-plain.h - the members that tool calls are made of, inline in two places.
 *
 * Purpose    members with names that the schema knows and plain scalars, a space or
 * none where json.dumps() has one, are read without a look at anything but the text and
 * the part. It takes what is right and says how far it came. Invariant  16 bytes may be
 * loaded at each byte of the text, its NUL included; so the NUL ends every loop and no
 * end has to be looked for.
 */
#pragma once

#include "guard-quick-state.h"
#include "guard-quick-value.h"

#ifdef __SSE2__
/* One space or none. A branch: what follows is loaded without waiting for it. */
static inline const char *
plain_skip_space(const char *p)
{
    if (GUARD_LIKELY(*p == ' ')) {
        p++;
        __asm__("" : "+r"(p));
    }
    return p;
}

static inline const char *
plain_string_end(const char *p)
{
    if (GUARD_UNLIKELY(*p++ != '"')) {
        return NULL;
    }
    unsigned long mask;
    while (GUARD_UNLIKELY((mask = guard_specials(p)) == 0)) {
        p += 16;
    }
    p += __builtin_ctzl(mask);
    return GUARD_LIKELY(*p == '"') ? p + 1 : NULL;
}

/* A bit for each of the 16 bytes at `p` that is no digit, and bits behind these. */
static inline unsigned
plain_no_digits(const char *p)
{
    __m128i chunk = _mm_loadu_si128((const __m128i *)p);
    __m128i shifted = _mm_add_epi8(chunk, _mm_set1_epi8(INT8_MAX - '9'));
    /* Digits are the greatest bytes now, when signed. */
    __m128i digits = _mm_cmpgt_epi8(shifted, _mm_set1_epi8(INT8_MAX - 10));
    return ~(unsigned)_mm_movemask_epi8(digits);
}

/* Returns the byte behind the digits of a number, all within the mask's 16 bytes. */
static inline const char *
plain_digits_end(const char *first, unsigned no_digits)
{
    unsigned count = (unsigned)__builtin_ctz(no_digits);
    bool is_usual = count - 1 < 15 && (*first != '0' || count == 1);
    return GUARD_LIKELY(is_usual) ? first + count : NULL;
}

static inline const char *
plain_number_end(const char *p, bool takes_fraction)
{
    if (GUARD_UNLIKELY(*p == '-')) {
        p++;
        __asm__("" : "+r"(p));
    }
    unsigned no_digits = plain_no_digits(p);
    const char *q = plain_digits_end(p, no_digits);
    if (q == NULL || !takes_fraction || *q != '.') {
        return q;
    }
    unsigned whole = (unsigned)(q - p) + 1;
    unsigned count = (unsigned)__builtin_ctz(no_digits >> whole);
    return count > 0 && whole + count < 16 ? q + 1 + count : NULL;
}

static inline const char *
plain_boolean_end(const char *p)
{
    bool is_true = memcmp(p, "true", 4) == 0;
    bool is_false = (*p == 'f') & (memcmp(p + 1, "alse", 4) == 0);
    return GUARD_LIKELY(is_true | is_false) ? p + 5 - is_true : NULL;
}

/* As plain_value_end(), for a list of scalars. */
const char *guard_quick_plain_list_end(const GuardProgram *program, GuardRef ref,
                                       const char *p, const char *end);

/* Returns the byte behind the value, which has to be a comma or a bracket yet; NULL if
 * it is not plain. Nothing recurses: a list in a list is not. */
static inline __attribute__((always_inline)) const char *
plain_value_end(const GuardProgram *program, unsigned kind, GuardRef arg, bool is_item,
                const char *p, const char *end)
{
    if (GUARD_LIKELY(kind == GUARD_QUICK_STRING)) {
        return plain_string_end(p);
    }
    switch ((GuardQuickKind)kind) {
    case GUARD_QUICK_CHOICE:
        return *p == '"' ? quick_choice_end(program, arg, p + 1, end) : NULL;
    case GUARD_QUICK_INTEGER:
        return arg == 0 ? plain_number_end(p, false)
                        : quick_integer_end(program, arg, p);
    case GUARD_QUICK_NUMBER:
        return plain_number_end(p, true);
    case GUARD_QUICK_BOOLEAN:
        return plain_boolean_end(p);
    case GUARD_QUICK_ANY:
        return *p == '"' ? plain_string_end(p) : plain_number_end(p, true);
    case GUARD_QUICK_CONTAINER:
        return is_item ? NULL : guard_quick_plain_list_end(program, arg, p, end);
    case GUARD_QUICK_STRING:
    case GUARD_QUICK_STOP:
    case GUARD_QUICK_SCALAR:
    case GUARD_QUICK_NEVER:
    case GUARD_QUICK_SWITCH:
        break;
    }
    return NULL;
}

/* Reads members from *at on, which is behind the object's brace or a member. Returns
 * the byte behind the object if it ends and has all that it needs; else NULL, *at and
 * the frame being moved behind the last member that was taken. */
static inline __attribute__((always_inline)) const char *
quick_read_plain(const GuardProgram *program, GuardQuickFrame *frame, const char **at,
                 const char *end)
{
    const GuardQuickPart *part = frame->part;
    const GuardQuickText *name = &part->names[frame->index];
    uint64_t seen = frame->seen;
    const char *p = *at;
    const char *q = p;
    if (p[-1] != '{' && *q++ != ',') { /* no value ends with that brace */
        return NULL;
    }
    for (;;) {
        q = plain_skip_space(q);
        if (GUARD_UNLIKELY(*q++ != '"')) {
            break;
        }
        const GuardQuickText *found = name;
        if (GUARD_UNLIKELY(!quick_is_text(program, name, q, end))) {
            found = guard_quick_find_text(program, part, name, q, end);
        }
        uint64_t bit = (uint64_t)1 << found->index;
        q = plain_skip_space(q + found->length);
        q = plain_value_end(program, found->kind, found->arg, false, q, end);
        if (GUARD_UNLIKELY(q == NULL || (seen & bit) != 0)) {
            break;
        }
        if (*q != ',') {
            bool is_end = *q == '}' && (part->flags & GUARD_QUICK_COUNTED) == 0 &&
                          ((seen | bit) & part->required) == part->required;
            if (GUARD_LIKELY(is_end)) {
                frame->seen = seen | bit; /* what dependent schemas ask for */
                return q + 1;
            }
            break;
        }
        seen |= bit;
        name = found + 1;
        p = q++;
    }
    frame->seen = seen;
    frame->index = (uint32_t)(name - part->names);
    *at = p;
    return NULL;
}
#else
static inline const char *
quick_read_plain(const GuardProgram *program, GuardQuickFrame *frame, const char **at,
                 const char *end)
{
    return NULL;
}
#endif
