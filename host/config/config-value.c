/* SPDX-License-Identifier: MIT */
#include "config-value.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "host-error.h"

static bool
expected(const char *what, const char *text, GError **error)
{
    g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG, "expected %s, got \"%.40s\"",
                what, text);
    return false;
}

static unsigned
unit_shift(char unit)
{
    switch (unit) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    default:
        return 0;
    }
}

static bool
parse_number(const char *text, bool with_unit, uint64_t *ret_number, GError **error)
{
    const char *what = with_unit ? "a size such as 512M" : "a positive number";
    char *end;
    errno = 0;
    uint64_t number = g_ascii_strtoull(text, &end, 10);
    unsigned shift = with_unit ? unit_shift(*end) : 0;
    end += shift != 0;
    bool whole = g_ascii_isdigit(text[0]) && *end == '\0' && errno == 0;
    if (!whole || number == 0 || number > UINT64_MAX >> shift)
        return expected(what, text, error);
    *ret_number = number << shift;
    return true;
}

static bool
parse_deny(const char *text, bool *ret_deny, GError **error)
{
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        return expected("yes or no", text, error);
    *ret_deny = text[0] == 'n';
    return true;
}

static bool
parse_priority(const char *text, bool *ret_is_batch, GError **error)
{
    if (strcmp(text, "normal") != 0 && strcmp(text, "batch") != 0)
        return expected("normal or batch", text, error);
    *ret_is_batch = text[0] == 'b';
    return true;
}

static bool
parse_folders(const char *text, GStrv *ret_folders, GError **error)
{
    if (text[0] == '\0')
        return expected("folders with ';' between them", text, error);
    g_strfreev(*ret_folders);
    *ret_folders = g_strsplit(text, ";", -1);
    return true;
}

bool
config_value_parse(ConfigKind kind, const char *text, void *ret_field, GError **error)
{
    switch (kind) {
    case CONFIG_BYTES:
        return parse_number(text, true, ret_field, error);
    case CONFIG_COUNT:
        return parse_number(text, false, ret_field, error);
    case CONFIG_DENY:
        return parse_deny(text, ret_field, error);
    case CONFIG_PRIORITY:
        return parse_priority(text, ret_field, error);
    case CONFIG_FOLDERS:
        return parse_folders(text, ret_field, error);
    }
    return false;
}

/* Levenshtein's distance with one row; names are short, longer ones count as far. */
static size_t
distance(const char *a, const char *b)
{
    enum {
        LENGTH_MAX = 32
    };
    size_t row[LENGTH_MAX + 1], length = strlen(b);
    if (length > LENGTH_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

const char *
config_value_nearest(const char *const *names, const char *wanted)
{
    const char *best = names[0];
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t now = distance(wanted, names[i]);
        if (now < best_distance) {
            best_distance = now;
            best = names[i];
        }
    }
    return best;
}

int
config_value_bad_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool in_group = false;
    for (int i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);
        bool header = line[0] == '[' && g_str_has_suffix(line, "]");
        in_group |= header;
        bool pair = in_group && strchr(line, '=') != NULL && line[0] != '=';
        if (line[0] != '\0' && line[0] != '#' && !header && !pair)
            return i + 1;
    }
    return 1;
}
