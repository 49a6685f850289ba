/* SPDX-License-Identifier: MIT */
/* email, hostname, ipv4, ipv6, uuid. */
#include "guard-format-private.h"

#include <glib.h>
#include <string.h>

enum {
    HOSTNAME_MAX = 253,
    LABEL_MAX = 63,
};

bool
guard_format_ipv4(const char *text, size_t length)
{
    const char *p = text;
    const char *end = text + length;
    for (int part = 0; part < 4; part++) {
        int value = 0;
        const char *first = p;
        while (p < end && g_ascii_isdigit(*p) && p - first < 3) {
            value = value * 10 + (*p++ - '0');
        }
        bool zero = p - first > 1 && *first == '0';
        if (p == first || zero || value > 255 ||
            (part < 3 && (p >= end || *p++ != '.'))) {
            return false;
        }
    }
    return p == end;
}

bool
guard_format_ipv6(const char *text, size_t length)
{
    const char *p = text;
    const char *end = text + length;
    int groups = 0;
    bool gap = false;
    if (length >= 2 && p[0] == ':' && p[1] == ':') {
        gap = true;
        p += 2;
    }
    while (p < end) {
        const char *first = p;
        while (p < end && g_ascii_isxdigit(*p)) {
            p++;
        }
        if (p < end && *p == '.') {
            groups += 2;
            return guard_format_ipv4(first, (size_t)(end - first)) &&
                   (gap ? groups <= 7 : groups == 8);
        }
        if (p == first || p - first > 4) {
            return false;
        }
        groups++;
        if (p == end) {
            break;
        }
        if (*p++ != ':' || p == end) {
            return false;
        }
        if (*p == ':') {
            if (gap) {
                return false;
            }
            gap = true;
            p++;
        }
    }
    return gap ? groups <= 7 : groups == 8;
}

bool
guard_format_uuid(const char *text, size_t length)
{
    if (length != 36) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !g_ascii_isxdigit(text[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_label(const char *label, size_t length, bool idna)
{
    if (length == 0 || length > LABEL_MAX || label[0] == '-' ||
        label[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(label[i]) && label[i] != '-') {
            return false;
        }
    }
    bool hyphens = length >= 4 && label[2] == '-' && label[3] == '-';
    /* "xn--..." is an encoded label: what it stands for must be one. */
    return !idna || !hyphens ||
           (g_ascii_strncasecmp(label, "xn--", 4) == 0 &&
            guard_format_idn_hostname(label, length));
}

static bool
is_hostname(const char *text, size_t length, bool idna)
{
    if (length == 0 || length > HOSTNAME_MAX) {
        return false;
    }
    const char *end = text + length;
    for (;;) {
        const char *dot = memchr(text, '.', (size_t)(end - text));
        const char *stop = dot != NULL ? dot : end;
        if (!is_label(text, (size_t)(stop - text), idna)) {
            return false;
        }
        if (dot == NULL) {
            return true;
        }
        text = dot + 1;
    }
}

bool
guard_format_hostname(const char *text, size_t length)
{
    return is_hostname(text, length, true);
}

bool
guard_format_hostname_old(const char *text, size_t length)
{
    return is_hostname(text, length, false);
}

/* RFC 5321, 4.1.2; `unicode` adds RFC 6531. */
static bool
is_dot_atom(const char *p, size_t length, bool unicode)
{
    bool dot = true; /* none may come next */
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)p[i];
        bool atom = g_ascii_isalnum((char)c) || (c >= 0x80 && unicode) ||
                    (c != 0 && c < 0x80 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
        if (c == '.' ? dot : !atom) {
            return false;
        }
        dot = c == '.';
    }
    return !dot;
}

static bool
is_quoted(const char *p, size_t length, bool unicode)
{
    if (length < 2 || p[0] != '"' || p[length - 1] != '"') {
        return false;
    }
    for (size_t i = 1; i + 1 < length; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '\\') {
            c = (unsigned char)p[++i];
            if (i + 1 >= length) {
                return false;
            }
        }
        else if (c == '"') {
            return false;
        }
        if (c < ' ' || c == 0x7F || (c >= 0x80 && !unicode)) {
            return false;
        }
    }
    return true;
}

static bool
is_address_literal(const char *p, size_t length)
{
    if (length < 2 || p[0] != '[' || p[length - 1] != ']') {
        return false;
    }
    bool six = length > 7 && g_ascii_strncasecmp(p + 1, "IPv6:", 5) == 0;
    return six ? guard_format_ipv6(p + 6, length - 7)
               : guard_format_ipv4(p + 1, length - 2);
}

static bool
is_email(const char *text, size_t length, bool unicode)
{
    const char *at = memrchr(text, '@', length);
    if (at == NULL) {
        return false;
    }
    size_t local = (size_t)(at - text);
    size_t domain = length - local - 1;
    bool local_ok =
        is_dot_atom(text, local, unicode) || is_quoted(text, local, unicode);
    return local_ok && (guard_format_hostname(at + 1, domain) ||
                        (unicode && guard_format_idn_domain(at + 1, domain)) ||
                        is_address_literal(at + 1, domain));
}

bool
guard_format_email(const char *text, size_t length)
{
    return is_email(text, length, false);
}

bool
guard_format_idn_email(const char *text, size_t length)
{
    return is_email(text, length, true);
}
