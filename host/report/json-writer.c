/* SPDX-License-Identifier: MIT */
#include "json-writer.h"

#include <string.h>

static void
append_escaped(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_printf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            g_string_append_printf(out, "\\u%04x", (unsigned char)*text);
        else
            g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

/* The comma and the name before a value. */
static void
begin_value(GString *out, const char *name)
{
    if (out->len > 0 && strchr("{[", out->str[out->len - 1]) == NULL)
        g_string_append(out, ", ");
    if (name == NULL)
        return;
    append_escaped(out, name);
    g_string_append(out, ": ");
}

void
json_writer_open(GString *out, const char *name, char bracket)
{
    begin_value(out, name);
    g_string_append_c(out, bracket);
}

void
json_writer_close(GString *out, char bracket)
{
    g_string_append_c(out, bracket);
}

void
json_writer_string(GString *out, const char *name, const char *value)
{
    begin_value(out, name);
    append_escaped(out, value);
}

void
json_writer_number(GString *out, const char *name, uint64_t value)
{
    begin_value(out, name);
    g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
}

void
json_writer_bool(GString *out, const char *name, gboolean value)
{
    begin_value(out, name);
    g_string_append(out, value ? "true" : "false");
}
