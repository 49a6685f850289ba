/* SPDX-License-Identifier: MIT */
#include "cache-canonical-private.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "json-number.h"

#define NUMBER_EXACT_MAX 9007199254740992.0 /* 2^53 */

enum {
    NUMBER_PLAIN_MAX = 21,                /* digits before an exponent is written */
    NUMBER_PLAIN_MIN = -6,                /* zeros behind the point, likewise */
    NUMBER_FAST_DIGITS = NUMBER_PLAIN_MAX /* any integer this short is what it is */
};

/* 0.DIGITS x 10^point, laid out as ECMAScript's Number::toString does. */
static void
number_layout(GString *out, const char *digits, size_t count, int64_t point)
{
    if (point > 0 && point <= NUMBER_PLAIN_MAX) {
        size_t whole = MIN(count, (size_t)point);
        g_string_append_len(out, digits, (gssize)whole);
        for (size_t i = whole; i < (size_t)point; i++) {
            g_string_append_c(out, '0');
        }
        if (count > whole) {
            g_string_append_c(out, '.');
            g_string_append_len(out, digits + whole, (gssize)(count - whole));
        }
        return;
    }
    if (point <= 0 && point > NUMBER_PLAIN_MIN) {
        g_string_append(out, "0.");
        for (int64_t i = point; i < 0; i++) {
            g_string_append_c(out, '0');
        }
        g_string_append_len(out, digits, (gssize)count);
        return;
    }
    g_string_append_c(out, digits[0]);
    if (count > 1) {
        g_string_append_c(out, '.');
        g_string_append_len(out, digits + 1, (gssize)(count - 1));
    }
    g_string_append_printf(out, "e%+" G_GINT64_FORMAT, point - 1);
}

static void
number_append_exact(GString *out, const JsonDecimal *decimal)
{
    g_autoptr(GString) digits = g_string_sized_new(decimal->count + 1);
    for (const char *p = decimal->digits; digits->len < decimal->count; p++) {
        if (*p != '.') {
            g_string_append_c(digits, *p);
        }
    }
    number_layout(out, digits->str, digits->len, decimal->exponent);
}

/* The shortest digits that read back as the same double. */
static void
number_append_double(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    /* Up to 15 digits printing and reading cancel out, except below DBL_MIN. */
    for (int digits = value < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof(format), "%%.%de", digits - 1);
        g_ascii_formatd(text, sizeof(text), format, value);
        if (g_ascii_strtod(text, NULL) == value) {
            break;
        }
    }
    JsonDecimal decimal;
    json_decimal_parse(&decimal, text, strlen(text));
    number_append_exact(out, &decimal);
}

static bool
number_append_short_integer(GString *out, const char *text, size_t size)
{
    size_t digits = size - (text[0] == '-');
    if (digits > NUMBER_FAST_DIGITS || (text[0] == '-' && text[1] == '0') ||
        strspn(text + (text[0] == '-'), "0123456789") < digits) {
        return false;
    }
    g_string_append_len(out, text, (gssize)size);
    return true;
}

void
cache_canonical_number(GString *out, const char *text, size_t size)
{
    g_autofree char *copy = g_strndup(text, size);
    if (number_append_short_integer(out, copy, size)) {
        return;
    }
    JsonDecimal decimal;
    json_decimal_parse(&decimal, copy, size);
    if (decimal.count == 0) {
        g_string_append_c(out, '0');
        return;
    }
    if (decimal.is_negative) {
        g_string_append_c(out, '-');
    }
    double value = fabs(g_ascii_strtod(copy, NULL));
    if (json_decimal_is_integer(&decimal) || value >= NUMBER_EXACT_MAX ||
        value == 0.0) {
        number_append_exact(out, &decimal);
        return;
    }
    number_append_double(out, value);
}
