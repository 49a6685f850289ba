/* SPDX-License-Identifier: MIT */
/* json-number.h - JSON numbers as exact decimals.
 *
 * Purpose    the number grammar of RFC 8259, and comparison, equality and divisibility
 *            on the decimal text itself: nothing is rounded through a double.
 * Ownership  a JsonDecimal borrows the text it was made from.
 * Threads    pure functions.
 * Errors     a length of 0 from json_number_scan() means "no number here".
 * Limits     exponents saturate at +-JSON_DECIMAL_EXPONENT_MAX: numbers beyond it
 *            compare equal in magnitude.
 * Cost       linear in the digits, no allocation.
 * Example    JsonDecimal a, b;
 *            json_decimal_parse(&a, "1e400", 5);
 *            json_decimal_parse(&b, "9007199254740993", 16);
 *            int order = json_decimal_compare(&a, &b);   // 1
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_DECIMAL_EXPONENT_MAX ((int64_t)1 << 59)

enum {
    JSON_DECIMAL_DIVISOR_DIGITS_MAX = 37 /* ten times it fits into 128 bits */
};

/* Value = 0.DIGITS x 10^exponent, without leading and trailing zeros; zero has no
 * digits. The digits may have one '.' among them in the text. */
typedef struct {
    const char *digits; /* first significant digit; borrowed */
    size_t count;       /* significant digits, the '.' not counted */
    int64_t exponent;
    bool is_negative; /* false for zero, also for "-0" */
} JsonDecimal;

/* Finds the number that starts at `text`. Returns its length, 0 if none starts there
 * within `length` bytes. *ret_is_plain: neither fraction nor exponent. */
size_t json_number_scan(const char *text, size_t length, bool *ret_is_plain);

/* `text` must be exactly one number. */
void json_decimal_parse(JsonDecimal *ret_decimal, const char *text, size_t length);

/* Returns -1, 0 or 1. */
int json_decimal_compare(const JsonDecimal *a, const JsonDecimal *b);

/* Mathematically an integer: 1.0 and 15e-1 x 10 are, 1.5 is not. */
bool json_decimal_is_integer(const JsonDecimal *self);

/* Whether self is a multiple of `divisor`, exactly. The divisor must be positive and
 * have at most JSON_DECIMAL_DIVISOR_DIGITS_MAX significant digits. */
bool json_decimal_is_multiple(const JsonDecimal *self, const JsonDecimal *divisor);

/* Returns true and the value if it is an integer that fits. */
bool json_decimal_to_int64(const JsonDecimal *self, int64_t *ret_value);

/* Equal numbers have equal canonical texts ("-" digits "e" exponent; zero is "0").
 * Returns the length; writes at most `room` bytes: enough is count + 24. */
size_t json_decimal_canonical(const JsonDecimal *self, char *out, size_t room);

#ifdef __cplusplus
}
#endif
