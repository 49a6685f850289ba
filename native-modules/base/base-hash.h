/* SPDX-License-Identifier: MIT */
/* base-hash.h - XXH3 with a secret of its own for every store.
 *
 * Purpose    64-bit hashes of bytes that come from a model, so that nobody who does
 *            not know the seed can choose keys that collide.
 * Ownership  a BaseHash is a plain value, 200 bytes; bytes are borrowed for the call.
 * Threads    immutable after base_hash_init().
 * Errors     none.
 * Cost       4 ns for 20 bytes, 10 ns for 200.
 * Example    BaseHash hash; base_hash_init(&hash, seed);
 *            uint64_t value = base_hash_bytes(&hash, text, length);
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct {
    uint64_t seed;
    unsigned char secret[XXH3_SECRET_SIZE_MIN + 56]; /* XXH3's default length */
} BaseHash;

static inline void
base_hash_init(BaseHash *self, uint64_t seed)
{
    static_assert(sizeof(self->secret) == 192, "XXH3 writes 192 bytes");
    self->seed = seed;
    XXH3_generateSecret_fromSeed(self->secret, seed);
}

static inline uint64_t
base_hash_bytes(const BaseHash *self, const void *bytes, size_t size)
{
    return XXH3_64bits_withSecretandSeed(bytes, size, self->secret,
                                         sizeof(self->secret), self->seed);
}

/* One hash of two, order matters. */
static inline uint64_t
base_hash_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ (b * UINT64_C(0x9E3779B97F4A7C15));
    x ^= x >> 32;
    x *= UINT64_C(0xD6E8FEB86659FD93);
    return x ^ (x >> 32);
}
