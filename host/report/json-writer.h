/* SPDX-License-Identifier: MIT */
/* json-writer.h - small JSON reports into a GString.
 *
 * Commas are placed by looking at what was written last, so a caller only says what
 * comes next. Ownership: the caller's GString. Threads: none.
 * Example    json_writer_open(out, NULL, '{');
 *            json_writer_number(out, "size", 12);
 *            json_writer_close(out, '}');
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* `name` is NULL inside an array. `bracket` is one of { [ } ]. */
void json_writer_open(GString *out, const char *name, char bracket);
void json_writer_close(GString *out, char bracket);
void json_writer_string(GString *out, const char *name, const char *value);
void json_writer_number(GString *out, const char *name, uint64_t value);
void json_writer_bool(GString *out, const char *name, gboolean value);

G_END_DECLS
