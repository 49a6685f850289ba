/* SPDX-License-Identifier: MIT */
#include "guard-punycode.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* RFC 3492, 5: Bootstring parameters for Punycode. */
enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    BIAS = 72,
    FIRST = 128,
};

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    uint32_t k = 0;
    while (delta > (BASE - T_MIN) * T_MAX / 2) {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static int
digit_of(char c)
{
    if (g_ascii_isalpha(c)) {
        return g_ascii_tolower(c) - 'a';
    }
    return g_ascii_isdigit(c) ? c - '0' + 26 : -1;
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

size_t
guard_punycode_decode(const char *text, size_t length, uint32_t *codes)
{
    const char *dash = memrchr(text, '-', length);
    size_t count = dash != NULL ? (size_t)(dash - text) : 0;
    if (length > GUARD_PUNYCODE_LABEL_MAX || (dash == text)) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        codes[i] = (unsigned char)g_ascii_tolower(text[i]);
    }
    uint32_t n = FIRST;
    uint32_t i = 0;
    uint32_t bias = BIAS;
    for (size_t at = dash != NULL ? count + 1 : 0; at < length;) {
        uint32_t before = i;
        uint64_t weight = 1;
        for (uint32_t k = BASE;; k += BASE) {
            int digit = at < length ? digit_of(text[at++]) : -1;
            if (digit < 0 || weight > UINT32_MAX || count == GUARD_PUNYCODE_CODES_MAX) {
                return 0;
            }
            i += (uint32_t)digit * (uint32_t)weight;
            uint32_t t = threshold(k, bias);
            if ((uint32_t)digit < t) {
                break;
            }
            weight *= BASE - t;
        }
        count++;
        bias = adapt(i - before, (uint32_t)count, before == 0);
        n += i / (uint32_t)count;
        i %= (uint32_t)count;
        if (n > 0x10FFFF) {
            return 0;
        }
        memmove(codes + i + 1, codes + i, (count - 1 - i) * sizeof *codes);
        codes[i++] = n;
    }
    return count;
}

size_t
guard_punycode_length(const uint32_t *codes, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += codes[i] < 0x80;
    }
    uint32_t handled = (uint32_t)length;
    uint32_t basic = handled;
    length += basic > 0;
    uint32_t n = FIRST;
    uint32_t delta = 0;
    uint32_t bias = BIAS;
    while (handled < count) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < count; i++) {
            next = codes[i] >= n && codes[i] < next ? codes[i] : next;
        }
        delta += (next - n) * (handled + 1);
        n = next;
        for (size_t i = 0; i < count; i++) {
            delta += codes[i] < n;
            if (codes[i] != n) {
                continue;
            }
            uint32_t q = delta;
            for (uint32_t k = BASE;; k += BASE, length++) {
                uint32_t t = threshold(k, bias);
                if (q < t) {
                    break;
                }
                q = (q - t) / (BASE - t);
            }
            length++;
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled++;
        }
        delta++;
        n++;
    }
    return length;
}
