/* SPDX-License-Identifier: MIT */
/* cache-ghosts-private.h - what is left of entries that were removed.
 *
 * Purpose    4 bytes each, by the key's hash: when it was last used, and why it went.
 *            So a key that returns soon enough counts as used twice, and a miss has a
 *            cause.
 * Ownership  live in the mapping, 16 a set; the one unused for longest makes room.
 * Threads    caller holds the shard's lock; cache_ghosts_past() needs none.
 * Limits     another key's is taken for one's own once in 2,000 times. Times are
 *            those of the policy, in steps of 1/1024 of the shard.
 */
#pragma once

#include "cache-view-private.h"

/* `used`: policy time of its last use. */
void cache_ghosts_add(CacheView *view, uint32_t low, uint32_t used, bool is_expired);

/* Removes the key's ghost, if there is one; *ret_age: since its last use. */
bool cache_ghosts_take(CacheView *view, uint32_t low, uint32_t *ret_age);

typedef enum {
    CACHE_PAST_NONE, /* never seen, or forgotten */
    CACHE_PAST_EVICTED,
    CACHE_PAST_EXPIRED,
} CachePast;

/* What became of the key of that hash, not long ago. */
CachePast cache_ghosts_past(const CacheView *view, uint32_t low);

void cache_ghosts_prefetch(const CacheView *view, uint32_t low);
