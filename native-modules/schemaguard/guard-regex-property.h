/* SPDX-License-Identifier: MIT */
/* guard-regex-property.h - \p{...} of ECMA-262 in PCRE2's words. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Appends the property; false if ECMA-262 has no such name. */
bool guard_regex_property(const char *name, size_t length, bool negated, GString *out);
