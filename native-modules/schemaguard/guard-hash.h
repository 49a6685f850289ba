/* SPDX-License-Identifier: MIT */
/* guard-hash.h - the hash of member names, the same in compiler and machine.
 *
 * Names up to 16 bytes are hashed from two overlapping loads, longer ones by XXH3. It
 * is not keyed: only the names of the schema sit in its tables, never those of a
 * payload.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t
guard_hash_load(const char *p, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, p, bytes);
    return word;
}

static inline uint32_t
guard_name_hash(const char *name, size_t length)
{
    uint64_t a;
    uint64_t b;
    if (length > 16) {
        a = XXH3_64bits(name, length);
        b = 0;
    }
    else if (length >= 8) {
        a = guard_hash_load(name, 8);
        b = guard_hash_load(name + length - 8, 8);
    }
    else if (length >= 4) {
        a = guard_hash_load(name, 4);
        b = guard_hash_load(name + length - 4, 4);
    }
    else {
        a = length > 0 ? (unsigned char)name[0] : 0;
        b = length > 0 ? (uint64_t)(unsigned char)name[length / 2] << 8 |
                             (unsigned char)name[length - 1]
                       : 0;
    }
    uint64_t mixed =
        (a ^ (b << 29 | b >> 35) ^ (uint64_t)length << 56) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(mixed >> 32);
}
