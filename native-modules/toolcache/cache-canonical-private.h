/* SPDX-License-Identifier: MIT */
/* cache-canonical-private.h - one spelling for equal JSON values.
 *
 * Purpose    the canonical form of RFC 8785: no white space, members in order of their
 *            names' UTF-16 code units, shortest escapes, numbers as ECMAScript prints
 *            them. Integers keep all their digits, also above 2^53, where RFC 8785
 *            would round different ones into one; so do numbers that a double
 *            cannot hold apart from an integer or from zero.
 * Ownership  the result belongs to the caller.
 * Threads    a pure function.
 * Errors     TOOL_CACHE_ERROR_JSON with the byte's offset: not JSON, a name twice,
 *            nested deeper than CACHE_CANONICAL_DEPTH.
 * Cost       linear, times the depth when members are out of order; no recursion.
 * Example    g_autoptr(GString) text = cache_canonical(args, size, &error);
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum {
    CACHE_CANONICAL_DEPTH = 256
};

/* Returns NULL on error. */
GString *cache_canonical(const char *text, size_t size, GError **error);

/* Whether the text is JSON in canonical form, as most tools' arguments are. Says no
 * where telling would take as long as making it so. */
bool cache_canonical_is_already(const char *text, size_t size);

/* The canonical spelling of one number that the scanner accepted. */
void cache_canonical_number(GString *out, const char *text, size_t size);
