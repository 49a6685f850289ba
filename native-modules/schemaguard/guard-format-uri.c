/* SPDX-License-Identifier: MIT */
/* uri, iri and their references, uri-template, JSON pointers. */
#include "guard-format-private.h"

#include <base-utf8.h>

#include <glib.h>
#include <string.h>

static bool
is_unicode_allowed(uint32_t c)
{
    return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
           (c >= 0xFDF0 && c <= 0xFFEF) ||
           (c >= 0x10000 && c <= 0xEFFFD && (c & 0xFFFE) != 0xFFFE);
}

static bool
is_private(uint32_t c)
{
    return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0x10FFFD);
}

/* Whether all characters are unreserved, percent-encoded, sub-delims or among `more`.
 */
static bool
has_only(const char *p, size_t length, const char *more, bool iri, bool private_too)
{
    const char *end = p + length;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        if (c == '%') {
            if (end - p < 3 || !g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2])) {
                return false;
            }
            p += 3;
            continue;
        }
        if (c >= 0x80) {
            size_t n;
            uint32_t code = base_utf8_decode(p, &n);
            if (!iri ||
                !(is_unicode_allowed(code) || (private_too && is_private(code)))) {
                return false;
            }
            p += n;
            continue;
        }
        if (!g_ascii_isalnum((char)c) &&
            (c == '\0' ||
             (strchr("-._~!$&'()*+,;=", c) == NULL && strchr(more, c) == NULL))) {
            return false;
        }
        p++;
    }
    return true;
}

static bool
is_host(const char *p, size_t length, bool iri)
{
    if (length > 0 && p[0] == '[') {
        if (length < 4 || p[length - 1] != ']') {
            return false;
        }
        if (p[1] == 'v' || p[1] == 'V') {
            const char *dot = memchr(p, '.', length);
            return dot != NULL && dot > p + 2 && dot + 2 < p + length &&
                   has_only(dot + 1, (size_t)(p + length - 1 - dot - 1), ":", false,
                            false);
        }
        return guard_format_ipv6(p + 1, length - 2);
    }
    return has_only(p, length, "", iri, false);
}

static bool
is_authority(const char *p, size_t length, bool iri)
{
    const char *at = memchr(p, '@', length);
    if (at != NULL) {
        if (!has_only(p, (size_t)(at - p), ":", iri, false)) {
            return false;
        }
        length -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    const char *end = p + length;
    const char *port = end;
    while (port > p && g_ascii_isdigit(port[-1])) {
        port--;
    }
    if (port > p && port[-1] == ':') {
        length = (size_t)(port - 1 - p);
    }
    return is_host(p, length, iri);
}

static size_t
scheme_length(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length &&
           (g_ascii_isalnum(text[n]) || (n > 0 && text[n] && strchr("+-.", text[n])))) {
        n++;
    }
    return n > 0 && n < length && text[n] == ':' && g_ascii_isalpha(text[0]) ? n : 0;
}

/* Cuts what lies behind `mark` off; returns false if it is malformed. */
static bool
cut(const char *text, size_t *length, char mark, bool iri)
{
    const char *found = memchr(text, mark, *length);
    if (found == NULL) {
        return true;
    }
    size_t rest = *length - (size_t)(found + 1 - text);
    *length = (size_t)(found - text);
    return has_only(found + 1, rest, ":@/?", iri, mark == '?');
}

static bool
is_reference(const char *text, size_t length, bool iri, bool absolute)
{
    if (!cut(text, &length, '#', iri) || !cut(text, &length, '?', iri)) {
        return false;
    }
    size_t scheme = scheme_length(text, length);
    if (scheme > 0) {
        text += scheme + 1;
        length -= scheme + 1;
    }
    else if (absolute) {
        return false;
    }
    if (length >= 2 && text[0] == '/' && text[1] == '/') {
        text += 2;
        length -= 2;
        const char *slash = memchr(text, '/', length);
        size_t authority = slash != NULL ? (size_t)(slash - text) : length;
        return is_authority(text, authority, iri) &&
               has_only(text + authority, length - authority, ":@/", iri, false);
    }
    if (scheme == 0) {
        /* A colon in the first segment would make it a scheme. */
        const char *slash = memchr(text, '/', length);
        size_t first = slash != NULL ? (size_t)(slash - text) : length;
        if (memchr(text, ':', first) != NULL) {
            return false;
        }
    }
    return has_only(text, length, ":@/", iri, false);
}

bool
guard_format_uri(const char *text, size_t length)
{
    return is_reference(text, length, false, true);
}

bool
guard_format_uri_reference(const char *text, size_t length)
{
    return is_reference(text, length, false, false);
}

bool
guard_format_iri(const char *text, size_t length)
{
    return is_reference(text, length, true, true);
}

bool
guard_format_iri_reference(const char *text, size_t length)
{
    return is_reference(text, length, true, false);
}

/* varspec of RFC 6570: a name, then :n or *. */
static bool
is_variable(const char *p, size_t length)
{
    const char *end = p + length;
    bool dot = true;
    while (p < end && *p != ':' && *p != '*') {
        if (*p == '%') {
            if (end - p < 3 || !g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2])) {
                return false;
            }
            p += 2;
        }
        else if (*p == '.' ? dot : !g_ascii_isalnum(*p) && *p != '_') {
            return false;
        }
        dot = *p++ == '.';
    }
    if (dot) {
        return false;
    }
    if (p < end && *p == '*') {
        return p + 1 == end;
    }
    if (p < end) {
        size_t digits = (size_t)(end - p - 1);
        for (const char *q = p + 1; q < end; q++) {
            if (!g_ascii_isdigit(*q)) {
                return false;
            }
        }
        return digits >= 1 && digits <= 4 && p[1] != '0';
    }
    return true;
}

static bool
is_expression(const char *p, size_t length)
{
    if (length > 0 && *p != '\0' && strchr("+#./;?&=,!@|", *p) != NULL) {
        p++;
        length--;
    }
    const char *end = p + length;
    for (;;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma != NULL ? comma : end;
        if (!is_variable(p, (size_t)(stop - p))) {
            return false;
        }
        if (comma == NULL) {
            return true;
        }
        p = comma + 1;
    }
}

bool
guard_format_uri_template(const char *text, size_t length)
{
    const char *p = text;
    const char *end = text + length;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        if (c == '{') {
            const char *close = memchr(p, '}', (size_t)(end - p));
            if (close == NULL || !is_expression(p + 1, (size_t)(close - p - 1))) {
                return false;
            }
            p = close + 1;
            continue;
        }
        if (c <= ' ' || strchr("\"<>\\^`{|}\x7F", c) != NULL) {
            return false;
        }
        if (c == '%' &&
            (end - p < 3 || !g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2]))) {
            return false;
        }
        p++;
    }
    return true;
}

bool
guard_format_json_pointer(const char *text, size_t length)
{
    if (length > 0 && text[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '~' &&
            (i + 1 >= length || (text[i + 1] != '0' && text[i + 1] != '1'))) {
            return false;
        }
    }
    return true;
}

bool
guard_format_relative_json_pointer(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && g_ascii_isdigit(text[n])) {
        n++;
    }
    if (n == 0 || (n > 1 && text[0] == '0')) {
        return false;
    }
    return (length == n + 1 && text[n] == '#') ||
           guard_format_json_pointer(text + n, length - n);
}
