/* SPDX-License-Identifier: MIT */
#include "json-number.h"

#include <stdio.h>
#include <string.h>

static inline bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t
skip_digits(const char *text, size_t length, size_t at)
{
    while (at < length && is_digit(text[at])) {
        at++;
    }
    return at;
}

/* Returns the position after the fraction at `at`, `at` if there is none, 0 if broken.
 */
static size_t
skip_fraction(const char *text, size_t length, size_t at)
{
    if (at >= length || text[at] != '.') {
        return at;
    }
    size_t end = skip_digits(text, length, at + 1);
    return end == at + 1 ? 0 : end;
}

static size_t
skip_exponent(const char *text, size_t length, size_t at)
{
    if (at >= length || (text[at] != 'e' && text[at] != 'E')) {
        return at;
    }
    size_t start = at + 1;
    if (start < length && (text[start] == '+' || text[start] == '-')) {
        start++;
    }
    size_t end = skip_digits(text, length, start);
    return end == start ? 0 : end;
}

size_t
json_number_scan(const char *text, size_t length, bool *ret_is_plain)
{
    size_t at = length > 0 && text[0] == '-';
    if (at >= length || !is_digit(text[at])) {
        return 0;
    }
    size_t integer = text[at] == '0' ? at + 1 : skip_digits(text, length, at);
    size_t fraction = skip_fraction(text, length, integer);
    if (fraction == 0) {
        return 0;
    }
    size_t end = skip_exponent(text, length, fraction);
    *ret_is_plain = end == integer;
    return end;
}

/* Reads the signed digits after 'e', saturating. */
static int64_t
parse_exponent(const char *text, size_t length)
{
    size_t at = length > 0 && (text[0] == '+' || text[0] == '-');
    int64_t value = 0;
    for (size_t i = at; i < length; i++) {
        value = value * 10 + (text[i] - '0');
        if (value > JSON_DECIMAL_EXPONENT_MAX) {
            value = JSON_DECIMAL_EXPONENT_MAX;
            break;
        }
    }
    return at == 1 && text[0] == '-' ? -value : value;
}

/* Drops zeros (and the point) at both ends of digits[0..span). */
static void
trim_zeros(JsonDecimal *self, const char *text, size_t span, size_t point)
{
    size_t first = 0;
    size_t last = span;
    while (first < span && (text[first] == '0' || text[first] == '.')) {
        first++;
    }
    while (last > first && (text[last - 1] == '0' || text[last - 1] == '.')) {
        last--;
    }
    self->digits = text + first;
    self->count = last - first;
    if (point > first && point < last) {
        self->count--;
    }
    self->exponent =
        first <= point ? (int64_t)(point - first) : -(int64_t)(first - point - 1);
}

void
json_decimal_parse(JsonDecimal *ret_decimal, const char *text, size_t length)
{
    bool negative = length > 0 && text[0] == '-';
    text += negative;
    length -= negative;
    size_t span = 0;
    size_t point = SIZE_MAX;
    while (span < length && text[span] != 'e' && text[span] != 'E') {
        if (text[span] == '.') {
            point = span;
        }
        span++;
    }
    trim_zeros(ret_decimal, text, span, point == SIZE_MAX ? span : point);
    ret_decimal->is_negative = negative && ret_decimal->count > 0;
    if (ret_decimal->count == 0) {
        ret_decimal->exponent = 0;
    }
    else if (span < length) {
        ret_decimal->exponent += parse_exponent(text + span + 1, length - span - 1);
    }
}

/* Copies up to `room` digits from digit `from` on, without the point. */
static size_t
copy_digits(const JsonDecimal *self, size_t from, char *out, size_t room)
{
    size_t written = 0;
    size_t index = 0;
    for (const char *p = self->digits; index < self->count && written < room; p++) {
        if (*p == '.') {
            continue;
        }
        if (index >= from) {
            out[written++] = *p;
        }
        index++;
    }
    return written;
}

static int
compare_digits(const JsonDecimal *a, const JsonDecimal *b)
{
    const char *p = a->digits;
    const char *q = b->digits;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        p += *p == '.';
        q += *q == '.';
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
        p++;
        q++;
    }
    return a->count == b->count ? 0 : a->count < b->count ? -1 : 1;
}

static int
compare_magnitude(const JsonDecimal *a, const JsonDecimal *b)
{
    if (a->count == 0 || b->count == 0) {
        return (a->count > 0) - (b->count > 0);
    }
    if (a->exponent != b->exponent) {
        return a->exponent < b->exponent ? -1 : 1;
    }
    return compare_digits(a, b);
}

int
json_decimal_compare(const JsonDecimal *a, const JsonDecimal *b)
{
    if (a->is_negative != b->is_negative) {
        return a->is_negative ? -1 : 1;
    }
    int order = compare_magnitude(a, b);
    return a->is_negative ? -order : order;
}

bool
json_decimal_is_integer(const JsonDecimal *self)
{
    return self->count == 0 ||
           (self->exponent > 0 && (uint64_t)self->exponent >= self->count);
}

/* The significant digits as one integer; the caller knows that they fit. */
static unsigned __int128
digits_value(const JsonDecimal *self)
{
    char digits[JSON_DECIMAL_DIVISOR_DIGITS_MAX];
    size_t n = copy_digits(self, 0, digits, sizeof digits);
    unsigned __int128 value = 0;
    for (size_t i = 0; i < n; i++) {
        value = value * 10 + (unsigned)(digits[i] - '0');
    }
    return value;
}

bool
json_decimal_is_multiple(const JsonDecimal *self, const JsonDecimal *divisor)
{
    if (self->count == 0) {
        return true;
    }
    int64_t scale = self->exponent - (int64_t)self->count;
    int64_t divisor_scale = divisor->exponent - (int64_t)divisor->count;
    if (scale < divisor_scale) {
        return false; /* the last digit of self is not 0: 10 does not divide it */
    }
    unsigned __int128 m = digits_value(divisor);
    unsigned __int128 rest = 0;
    const char *p = self->digits;
    for (size_t i = 0; i < self->count; i++, p++) {
        p += *p == '.';
        rest = (rest * 10 + (unsigned)(*p - '0')) % m;
    }
    /* 2 and 5 divide m fewer than 128 times: more zeros change nothing. */
    int64_t zeros = scale - divisor_scale;
    for (int64_t i = 0; i < zeros && i < 128 && rest != 0; i++) {
        rest = rest * 10 % m;
    }
    return rest == 0;
}

bool
json_decimal_to_int64(const JsonDecimal *self, int64_t *ret_value)
{
    if (!json_decimal_is_integer(self) || self->exponent > 19) {
        return false;
    }
    char digits[20];
    size_t n = copy_digits(self, 0, digits, sizeof digits);
    unsigned __int128 value = 0;
    for (size_t i = 0; i < (size_t)self->exponent; i++) {
        value = value * 10 + (i < n ? (unsigned)(digits[i] - '0') : 0u);
    }
    unsigned __int128 limit = (unsigned __int128)INT64_MAX + self->is_negative;
    if (value > limit) {
        return false;
    }
    *ret_value = self->is_negative ? (int64_t)(0 - (uint64_t)value) : (int64_t)value;
    return true;
}

size_t
json_decimal_canonical(const JsonDecimal *self, char *out, size_t room)
{
    if (self->count == 0) {
        if (room > 0) {
            out[0] = '0';
        }
        return 1;
    }
    size_t at = 0;
    if (self->is_negative && room > 0) {
        out[at++] = '-';
    }
    at += copy_digits(self, 0, out + at, room - at);
    char exponent[24];
    int n = snprintf(exponent, sizeof exponent, "e%lld", (long long)self->exponent);
    size_t fits = (size_t)n < room - at ? (size_t)n : room - at;
    memcpy(out + at, exponent, fits);
    return at + fits;
}
