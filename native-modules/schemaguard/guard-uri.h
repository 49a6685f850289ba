/* SPDX-License-Identifier: MIT */
/* guard-uri.h - references after RFC 3986, section 5: resolve, split off the fragment.
 *
 * Ownership  results are new strings, freed with g_free() by the caller.
 * Threads    pure functions.
 * Cost       linear.
 */
#pragma once

#include <glib.h>

/* Resolves `reference` against `base` (both may be relative or empty). The result has
 * its fragment, if the reference had one. */
char *guard_uri_resolve(const char *base, const char *reference);

/* Cuts the fragment off `uri` in place; returns the decoded fragment, NULL if there is
 * no '#'. */
char *guard_uri_cut_fragment(char *uri);
