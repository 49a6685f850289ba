/* SPDX-License-Identifier: MIT */
/* guard-regex.h - ECMA-262 patterns, read.
 *
 * Purpose    checks a pattern against the grammar of ECMA-262 (u flag, but with the
 *            needless escapes of punctuation that real schemas have), writes it down
 *            for PCRE2 with the same meaning, and recognises the simple shapes that
 *            need no engine: a row of character classes with repetition. PCRE2 has no
 *            lookbehind of variable width: it is written down by itself, and in its
 *            place PCRE2 calls back.
 * Ownership  the result is cleared by the caller.
 * Errors     false, a constant message and the offset in the pattern.
 * Cost       linear; no recursion.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUARD_REGEX_ITEMS_MAX = 24, /* of a simple pattern */
    GUARD_REGEX_NESTING_MAX = 200,
    GUARD_REGEX_LENGTH_MAX = 64 << 10, /* bytes of a pattern */
    GUARD_REGEX_UNCHECKED_MAX = 32,    /* repeats of a character */
    GUARD_REGEX_BEHINDS_MAX = 16,      /* lookbehinds of variable width */
};

/* In a translation where matching may go on for long: PCRE2 calls back there. */
#define GUARD_REGEX_CHECK "(?C)"
/* Where matching goes on only if lookbehind N (from 1) holds. */
#define GUARD_REGEX_BEHIND "(?C%u)"

/* Which characters beyond ASCII a class takes. */
typedef enum {
    GUARD_REGEX_OTHERS_NONE,
    GUARD_REGEX_OTHERS_ALL,
    GUARD_REGEX_OTHERS_NO_SEPARATORS, /* all but U+2028 and U+2029, as '.' */
} GuardRegexOthers;

typedef struct {
    uint64_t ascii[2];
    uint32_t min;
    uint32_t max; /* UINT32_MAX: without end */
    uint8_t others;
} GuardRegexItem;

typedef struct {
    bool is_simple; /* items say it all, and matching needs no way back */
    bool is_anchored_start;
    bool is_anchored_end;
    uint32_t count;
    GuardRegexItem items[GUARD_REGEX_ITEMS_MAX];
} GuardRegexRow;

typedef struct {
    GString *translation;
    GPtrArray *behinds; /* char *: what each lookbehind of variable width has inside */
    GuardRegexRow row;
    bool is_unsupported; /* the failure is not the pattern's */
    const char *message; /* constant */
    size_t offset;
} GuardRegex;

/* Clear ret_regex whatever is returned. */
bool guard_regex_parse(const char *pattern, size_t length, GuardRegex *ret_regex);
void guard_regex_clear(GuardRegex *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuardRegex, guard_regex_clear)
