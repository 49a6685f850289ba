/* SPDX-License-Identifier: MIT */
/* base-utf8.h - UTF-8 checks and conversions on plain bytes.
 *
 * Purpose    the few steps the scanners need, inline: well-formedness after Unicode
 *            table 3-7, counting, decoding, encoding.
 * Ownership  nothing is kept; every pointer is borrowed for the call.
 * Threads    pure functions.
 * Errors     a length of 0 or false; no reports.
 * Cost       linear, no allocation.
 * Example    size_t n = base_utf8_sequence(p, (size_t)(end - p));
 *            if (n == 0)
 *                return false;
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BASE_UTF8_SEQUENCE_MAX = 4 /* bytes of the longest code point */
};

static inline bool
base_utf8_is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The limits of the second byte keep out overlong forms, surrogates and > U+10FFFF. */
static inline bool
base_utf8_is_second(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return base_utf8_is_tail(second);
    }
}

/* Returns the bytes (1-4) of the well-formed code point at `text`, 0 if there is none
 * within `length` bytes. */
static inline size_t
base_utf8_sequence(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    if (length == 0) {
        return 0;
    }
    if (p[0] < 0x80) {
        return 1;
    }
    size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || length < need ||
        !base_utf8_is_second(p[0], p[1])) {
        return 0;
    }
    for (size_t i = 2; i < need; i++) {
        if (!base_utf8_is_tail(p[i])) {
            return 0;
        }
    }
    return need;
}

static inline bool
base_utf8_is_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t n = base_utf8_sequence(text + i, length - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

/* Returns the code points of well-formed text. */
static inline size_t
base_utf8_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += !base_utf8_is_tail((unsigned char)text[i]);
    }
    return count;
}

/* Decodes the code point at `text`, which must be well-formed (surrogates in three
 * bytes, as base_utf8_encode() writes them, are taken). */
static inline uint32_t
base_utf8_decode(const char *text, size_t *ret_length)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *ret_length = 1;
        return p[0];
    }
    if (p[0] < 0xE0) {
        *ret_length = 2;
        return (uint32_t)(p[0] & 0x1F) << 6 | (uint32_t)(p[1] & 0x3F);
    }
    if (p[0] < 0xF0) {
        *ret_length = 3;
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 |
               (uint32_t)(p[2] & 0x3F);
    }
    *ret_length = 4;
    return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
           (uint32_t)(p[2] & 0x3F) << 6 | (uint32_t)(p[3] & 0x3F);
}

/* Writes 1-4 bytes; a lone surrogate becomes three bytes, which no well-formed text
 * contains, so it stays distinct. Returns the bytes written. */
static inline size_t
base_utf8_encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}
