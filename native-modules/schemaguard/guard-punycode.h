/* SPDX-License-Identifier: MIT */
/* guard-punycode.h - labels of internationalised names in ASCII (RFC 3492). Pure
 * functions; the caller's buffer is the only memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    GUARD_PUNYCODE_LABEL_MAX = 63, /* bytes of an encoded label */
    GUARD_PUNYCODE_CODES_MAX = 64, /* code points of a label */
};

/* Decodes what follows "xn--" into `codes`, room for GUARD_PUNYCODE_CODES_MAX.
 * Returns the number of code points, 0 if broken. */
size_t guard_punycode_decode(const char *text, size_t length, uint32_t *codes);

/* Bytes of the Punycode of a label with characters beyond ASCII, without "xn--". */
size_t guard_punycode_length(const uint32_t *codes, size_t count);
