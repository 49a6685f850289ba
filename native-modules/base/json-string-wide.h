/* SPDX-License-Identifier: MIT */
/* json-string-wide.h - the plain stretches of strings, 64 bytes at a time.
 *
 * Purpose    what json-string.c does byte by byte, for processors with AVX2 (checking)
 *            and AVX-512 VBMI2 (unescaping). Both take whole blocks in which all is
 *            right, ASCII and (unescaping) free of \u, and leave the rest to their
 *            caller: there is one place that knows the errors.
 * Threads    pure functions.
 * Cost       about 20 cycles a block, with or without escapes.
 */
#pragma once

#include "json-scan.h"

enum {
    JSON_STRING_BLOCK = 64
};

/* Whether this processor has the instructions of json_string_wide_check(). */
bool json_string_has_wide_check(void);

/* Checks whole blocks of string content from *at on. Returns the closing quote, or NULL
 * with *at moved over what is right: to a byte that is not inside an escape, where a
 * closer look is needed or less than a block is left. */
const char *json_string_wide_check(const char **at, const char *end,
                                   JsonStringInfo *info);

/* Whether this processor has the instructions of json_string_wide_unescape(). */
bool json_string_has_wide_unescape(void);

/* Writes the value of whole blocks of checked content from *at on, which is moved
 * behind them and is not inside an escape. `out` has room for all of the content.
 * Returns where the next byte goes. */
char *json_string_wide_unescape(const char **at, const char *end, char *out);
