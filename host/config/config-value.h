/* SPDX-License-Identifier: MIT */
/* config-value.h - the kinds of values a setting can have, from text.
 *
 * Ownership  CONFIG_FOLDERS replaces, and frees, what its field held.
 * Threads    pure functions.
 * Errors     HOST_ERROR_CONFIG: what was expected and what was found.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef enum {
    CONFIG_BYTES,    /* uint64_t: digits with K, M or G (1024) */
    CONFIG_COUNT,    /* uint64_t: a positive number */
    CONFIG_DENY,     /* bool: true for "no", false for "yes" */
    CONFIG_PRIORITY, /* bool: true for "batch", false for "normal" */
    CONFIG_FOLDERS   /* GStrv: paths with ';' between them */
} ConfigKind;

bool config_value_parse(ConfigKind kind, const char *text, void *ret_field,
                        GError **error);

/* The name with the smallest edit distance; names end with NULL, at least one. */
const char *config_value_nearest(const char *const *names, const char *wanted);

/* Number of the first line that is neither blank, comment, group nor key = value. */
int config_value_bad_line(const char *text);

G_END_DECLS
