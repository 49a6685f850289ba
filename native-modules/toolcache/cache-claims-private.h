/* SPDX-License-Identifier: MIT */
/* cache-claims-private.h - a set of hashes, for who comes first to a key.
 *
 * Ownership  owns its table.
 * Threads    caller's lock.
 * Errors     none; without memory it says that every hash is known.
 * Cost       one cache miss, which cache_claims_prefetch() hides; 16 bytes a hash.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t *slots; /* 0: free; hash 0 is kept as 1 */
    size_t mask, count;
} CacheClaims;

/* Room for about so many, more are taken as needed. */
void cache_claims_init(CacheClaims *self, size_t expected);
void cache_claims_clear(CacheClaims *self);

/* Returns false if the hash was there. */
bool cache_claims_add(CacheClaims *self, uint64_t hash);

/* Needs no lock: it reads nothing of the table, which may be another one by then. */
static inline void
cache_claims_prefetch(const CacheClaims *self, uint64_t hash)
{
    const uint64_t *slots = __atomic_load_n(&self->slots, __ATOMIC_RELAXED);
    __builtin_prefetch(&slots[hash & __atomic_load_n(&self->mask, __ATOMIC_RELAXED)],
                       1);
}
