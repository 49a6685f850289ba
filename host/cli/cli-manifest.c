/* SPDX-License-Identifier: MIT */
/* cli-manifest.c - which script the manifest of a folder names.
 *
 * Only `entry` is looked for here; `ferrule check` and `ferrule pack` read all of it.
 */
#include <string.h>

#include "cli-private.h"
#include "host-error.h"
#include "json-scan.h"

enum {
    MANIFEST_DEPTH_MAX = 64
};

/* The value of the top level's `name` when it is a string, else NULL. */
static char *
member_string(const char *text, size_t length, const char *name)
{
    JsonScan scan;
    JsonToken token;
    size_t name_length = strlen(name);
    json_scan_init(&scan, text, length, MANIFEST_DEPTH_MAX);
    if (json_scan_next(&scan, &token) != JSON_TOKEN_OBJECT_BEGIN)
        return NULL;
    while (json_scan_next(&scan, &token) == JSON_TOKEN_NAME) {
        bool is_it = token.length == name_length + 2 &&
                     memcmp(text + token.offset + 1, name, name_length) == 0;
        json_scan_next(&scan, &token);
        if (is_it && token.kind == JSON_TOKEN_STRING) {
            g_autofree char *value = g_malloc0(token.length);
            json_string_unescape(text + token.offset + 1, token.length - 2, value,
                                 NULL);
            return g_steal_pointer(&value);
        }
        if (!json_scan_skip(&scan, &token))
            return NULL;
    }
    return NULL;
}

bool
cli_manifest_entry(const char *folder, char **ret_entry, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "ferrule.json", NULL);
    g_autofree char *text = NULL;
    g_autofree char *entry = NULL;
    size_t length;
    *ret_entry = NULL;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return true;
    entry = member_string(text, length, "entry");
    if (entry == NULL) {
        g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG,
                    "%s names no entry; `ferrule check %s` says what is wrong", path,
                    path);
        return false;
    }
    *ret_entry = g_build_filename(folder, entry, NULL);
    return true;
}
