/* SPDX-License-Identifier: MIT */
/* guard-format.h - the formats of JSON Schema.
 *
 * Threads    pure functions over constant tables.
 * Cost       linear in the text; "regex" and the idn formats allocate.
 */
#pragma once

#include "guard-keyword.h"

typedef enum {
    GUARD_FORMAT_NONE,
    GUARD_FORMAT_DATE,
    GUARD_FORMAT_DATE_TIME,
    GUARD_FORMAT_DURATION,
    GUARD_FORMAT_EMAIL,
    GUARD_FORMAT_HOSTNAME,
    GUARD_FORMAT_HOSTNAME_OLD, /* draft-04 and draft-06 */
    GUARD_FORMAT_IDN_EMAIL,
    GUARD_FORMAT_IDN_HOSTNAME,
    GUARD_FORMAT_IPV4,
    GUARD_FORMAT_IPV6,
    GUARD_FORMAT_IRI,
    GUARD_FORMAT_IRI_REFERENCE,
    GUARD_FORMAT_JSON_POINTER,
    GUARD_FORMAT_REGEX,
    GUARD_FORMAT_RELATIVE_JSON_POINTER,
    GUARD_FORMAT_TIME,
    GUARD_FORMAT_URI,
    GUARD_FORMAT_URI_REFERENCE,
    GUARD_FORMAT_URI_TEMPLATE,
    GUARD_FORMAT_UUID,
    GUARD_FORMAT_COUNT,
} GuardFormat;

/* Returns GUARD_FORMAT_NONE for a name the draft does not define. */
GuardFormat guard_format_find(const char *name, size_t length, GuardDraft draft);

/* The nearest format of the draft by spelling, NULL if none is near. */
const char *guard_format_nearest(const char *name, size_t length, GuardDraft draft);

/* `text` is the string's value in UTF-8. */
bool guard_format_check(GuardFormat format, const char *text, size_t length);
