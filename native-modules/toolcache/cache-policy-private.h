/* SPDX-License-Identifier: MIT */
/* cache-policy-private.h - which entry goes when room is needed.
 *
 * Purpose    LIRS by time stamps: entries whose last two uses lay close together are
 *            kept (list `lir`); the others pass through a small queue (`hir`). What
 *            was evicted leaves a 4-byte ghost, so that a return soon enough counts as
 *            the second use. The queue's share adapts.
 * Ownership  entries are linked by reference; the policy owns none.
 * Threads    caller holds the shard's lock; cache_policy_note() any, no lock.
 * Errors     an impossible link marks the view as damaged.
 * Cost       O(1) each.
 */
#pragma once

#include "cache-view-private.h"

void cache_policy_init(CacheView *view);

/* Notes a hit of an entry that was not noted in this epoch. Returns whether the notes
 * should be applied soon: then somebody has to take the lock. */
bool cache_policy_note_first(CacheView *view, uint32_t bucket, uint32_t slot);

/* A hit in that slot. Writes nothing if the entry was noted in this epoch. */
static inline bool
cache_policy_note(CacheView *view, uint32_t bucket, uint32_t slot)
{
    uint32_t epoch = atomic_load_explicit(&view->shard->epoch, memory_order_relaxed);
    const CacheBucket *at = &view->buckets[bucket];
    return G_UNLIKELY(atomic_load_explicit(&at->touches[slot], memory_order_relaxed) !=
                      (uint8_t)epoch) &&
           cache_policy_note_first(view, bucket, slot);
}

/* Applies the noted hits. */
void cache_policy_catch_up(CacheView *view);

/* Has the lines fetched that adding a key of that hash will need. */
void cache_policy_prefetch(const CacheView *view, uint32_t low);

/* And those that evicting for it will. */
void cache_policy_prefetch_around_victim(const CacheView *view);

/* The first of those, for the next time. */
void cache_policy_prefetch_victim(const CacheView *view);

/* A new entry; entry->hash is set. */
void cache_policy_add(CacheView *view, uint32_t ref);

/* The same for one that was last used before all that are there. */
void cache_policy_add_old(CacheView *view, uint32_t ref);

/* `ref` takes the place of `old`, which is no longer linked. Counts as a use. */
void cache_policy_replace(CacheView *view, uint32_t old, uint32_t ref);

void cache_policy_remove(CacheView *view, uint32_t ref);

/* The entry to evict, but not `spared`; 0 if there is none. */
uint32_t cache_policy_victim(CacheView *view, uint32_t spared);

/* Remembers that the entry is removed because it was evicted, or had expired. */
void cache_policy_mourn(CacheView *view, const CacheEntry *entry, bool is_expired);
