/* SPDX-License-Identifier: MIT */
/* guard-canon.h - one spelling for equal JSON values.
 *
 * Purpose    enum, const and uniqueItems compare values, not texts: 1.0 is 1, members
 *            have no order, escapes do not matter. Two values are equal exactly when
 *            their canonical bytes are. The form is our own: strings carry their
 * length, numbers are exact decimals, members are sorted. Ownership  appends to the
 * caller's buffer. Errors     none: the text must be valid JSON already. Limits nesting
 * up to JSON_SCAN_DEPTH_CAP. Cost       linear, and sorting for objects; no recursion.
 */
#pragma once

#include "guard-buffer.h"

/* Appends the canonical form of the value at `p`; returns the byte behind it. `members`
 * is working space, whose content is lost. */
const char *guard_canon_value(GuardBuffer *out, GuardBuffer *members, const char *p,
                              const char *end);
