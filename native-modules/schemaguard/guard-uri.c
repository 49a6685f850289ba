/* SPDX-License-Identifier: MIT */
#include "guard-uri.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
    const char *text;
    size_t length; /* 0 with text set: present but empty */
} Part;

typedef struct {
    Part scheme, authority, path, query, fragment;
} Parts;

static size_t
scheme_length(const char *uri)
{
    if (!g_ascii_isalpha(*uri)) {
        return 0;
    }
    size_t n = 1;
    while (g_ascii_isalnum(uri[n]) || (uri[n] != '\0' && strchr("+-.", uri[n]))) {
        n++;
    }
    return uri[n] == ':' ? n : 0;
}

static const char *
take_until(const char *p, const char *stops, Part *ret_part)
{
    ret_part->text = p;
    ret_part->length = strcspn(p, stops);
    return p + ret_part->length;
}

static Parts
split(const char *p)
{
    Parts parts = {0};
    size_t scheme = scheme_length(p);
    if (scheme > 0) {
        parts.scheme = (Part){p, scheme};
        p += scheme + 1;
    }
    if (p[0] == '/' && p[1] == '/') {
        p = take_until(p + 2, "/?#", &parts.authority);
    }
    p = take_until(p, "?#", &parts.path);
    if (*p == '?') {
        p = take_until(p + 1, "#", &parts.query);
    }
    if (*p == '#') {
        parts.fragment = (Part){p + 1, strlen(p + 1)};
    }
    return parts;
}

static void
drop_last_segment(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] != '/') {
        g_string_truncate(out, out->len - 1);
    }
    if (out->len > 0) {
        g_string_truncate(out, out->len - 1);
    }
}

/* RFC 3986, 5.2.4. */
static void
remove_dots(const char *path, GString *out)
{
    while (*path != '\0') {
        if (g_str_has_prefix(path, "../")) {
            path += 3;
        }
        else if (g_str_has_prefix(path, "./")) {
            path += 2;
        }
        else if (g_str_has_prefix(path, "/./") || strcmp(path, "/.") == 0) {
            path = path[2] == '/' ? path + 2 : "/";
        }
        else if (g_str_has_prefix(path, "/../") || strcmp(path, "/..") == 0) {
            drop_last_segment(out);
            path = path[3] == '/' ? path + 3 : "/";
        }
        else if (strcmp(path, ".") == 0 || strcmp(path, "..") == 0) {
            path = "";
        }
        else {
            size_t n = (*path == '/') + strcspn(path + (*path == '/'), "/");
            g_string_append_len(out, path, (gssize)n);
            path += n;
        }
    }
}

static char *
merge_paths(const Parts *base, Part reference)
{
    size_t keep = 0;
    for (size_t i = 0; i < base->path.length; i++) {
        if (base->path.text[i] == '/') {
            keep = i + 1;
        }
    }
    bool root = base->authority.text != NULL && base->path.length == 0;
    return g_strdup_printf("%s%.*s%.*s", root ? "/" : "", (int)keep, base->path.text,
                           (int)reference.length, reference.text);
}

static void
append_part(GString *out, const char *before, Part part, const char *after)
{
    if (part.text != NULL) {
        g_string_append(out, before);
        g_string_append_len(out, part.text, (gssize)part.length);
        g_string_append(out, after);
    }
}

static void
append_path(GString *out, const Parts *base, const Parts *ref, bool is_own)
{
    g_autofree char *path = NULL;
    if (is_own || (ref->path.length > 0 && ref->path.text[0] == '/')) {
        path = g_strndup(ref->path.text, ref->path.length);
    }
    else if (ref->path.length == 0) {
        g_string_append_len(out, base->path.text, (gssize)base->path.length);
        return;
    }
    else {
        path = merge_paths(base, ref->path);
    }
    g_autoptr(GString) clean = g_string_new(NULL);
    remove_dots(path, clean);
    g_string_append_len(out, clean->str, (gssize)clean->len);
}

char *
guard_uri_resolve(const char *base, const char *reference)
{
    Parts from = split(base);
    Parts ref = split(reference);
    if (ref.scheme.text != NULL && ref.authority.text == NULL &&
        (ref.path.length == 0 || ref.path.text[0] != '/')) {
        return g_strdup(reference); /* opaque, as urn:uuid:... */
    }
    GString *out = g_string_new(NULL);
    bool own_scheme = ref.scheme.text != NULL;
    bool own_authority = own_scheme || ref.authority.text != NULL;
    append_part(out, "", own_scheme ? ref.scheme : from.scheme, ":");
    append_part(out, "//", own_authority ? ref.authority : from.authority, "");
    append_path(out, &from, &ref, own_authority);
    bool own_query = own_authority || ref.path.length > 0 || ref.query.text != NULL;
    append_part(out, "?", own_query ? ref.query : from.query, "");
    append_part(out, "#", ref.fragment, "");
    return g_string_free(out, FALSE);
}

char *
guard_uri_cut_fragment(char *uri)
{
    char *hash = strchr(uri, '#');
    if (hash == NULL) {
        return NULL;
    }
    *hash = '\0';
    char *decoded = g_uri_unescape_string(hash + 1, NULL);
    return decoded != NULL ? decoded : g_strdup(hash + 1);
}
