/* SPDX-License-Identifier: MIT */
/* cache-shard-private.h - the writer's side: one shard, locked.
 *
 * Purpose    entries come and go with everything that refers to them - index, policy,
 *            timer wheel, memory, counts - in one place.
 * Ownership  the shard owns its entries.
 * Threads    cache_shard_lock() may wait for another writer. The rest: caller holds the
 *            lock. Lock order: a shard's lock, then the names lock; never two shards'
 *            locks, except cache_shard_recount(), which takes all of them in order.
 * Errors     when the last holder died, or the shard contradicts itself, it is emptied
 *            and counted as lost.
 * Cost       O(1), resets O(shard).
 */
#pragma once

#include "cache-index-private.h"

/* Returns false only if the lock cannot be used any more. */
bool cache_shard_lock(CacheView *view);
bool cache_shard_try_lock(CacheView *view);
void cache_shard_unlock(CacheView *view);

/* While the holder works on another shard: this one is whole, and stays so if the
 * holder dies. */
void cache_shard_pause(CacheView *view);
void cache_shard_resume(CacheView *view);

/* A fresh shard, before anyone else can see it. */
bool cache_shard_init(CacheView *view, uint64_t now_ticks);

/* Empties it. */
void cache_shard_clear(CacheView *view);

/* Removes the entries whose tool or tag was invalidated since; O(shard). */
void cache_shard_sweep(CacheView *view);

/* Frees expired entries, at most `budget` steps; all of them, up to the very tick, when
 * `is_exact`. Returns whether some may be left. */
bool cache_shard_expire(CacheView *view, uint64_t now_ticks, unsigned budget,
                        bool is_exact);

typedef struct {
    const CacheKey *key;     /* as it is to be stored */
    uint64_t canonical_hash; /* of its canonical form */
    bool is_spelled;         /* differs from the canonical form */
    const CacheExtra *extra; /* NULL: none */
    ToolCacheValue value;
    uint64_t life;
    bool is_old; /* than all that is there: it is next to go */
} CacheInsert;

/* Stores an entry in place of `old` (0: there is none). Returns false if there is no
 * room for it whatever is evicted; `old` is then gone too. */
bool cache_shard_insert(CacheView *view, const CacheInsert *insert, uint32_t old);

void cache_shard_remove(CacheView *view, uint32_t ref);

/* Removes the entry that should go next; false if there is none but `spared`. */
bool cache_shard_evict(CacheView *view, uint32_t spared);
