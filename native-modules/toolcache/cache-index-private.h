/* SPDX-License-Identifier: MIT */
/* cache-index-private.h - where a key's entry is: buckets of eight in one cache line.
 *
 * Purpose    optimistic search for readers; insertion and removal for the writer. A key
 *            lives in its home bucket or, when that was full, in one other; so a search
 *            looks at two lines at most, however the keys were chosen.
 * Ownership  slots hold references of blocks and own nothing.
 * Threads    cache_index_search(): any, no lock. The rest: caller holds the shard's
 *            lock. Between cache_bucket_begin() and _end() readers of that bucket
 *            start over.
 * Errors     none; a slot with an impossible reference counts as empty for readers.
 * Cost       search 1-2 cache misses and that of the entry.
 */
#pragma once

#include "cache-key-private.h"

typedef enum {
    CACHE_MATCH_SPELLED,   /* the entry's key has these very bytes */
    CACHE_MATCH_CANONICAL, /* the key is canonical; the entry's may need it yet */
} CacheMatch;

/* Where a search ended. */
typedef struct {
    uint32_t bucket, slot, ref;
    uint32_t shape, value_size;
    uint64_t version;
    uint64_t life;
    uint64_t value_at; /* in the arena */
} CacheSpot;

typedef enum {
    CACHE_SEARCH_FOUND,
    CACHE_SEARCH_MISSING,
    CACHE_SEARCH_STUCK, /* a bucket stays busy: look at the shard's lock */
} CacheSearch;

CacheSearch cache_index_search(CacheView *view, const CacheKey *key, CacheMatch match,
                               CacheSpot *ret_spot);

/* Whether the bucket is still as it was when the spot was found. */
static inline bool
cache_index_is_same(const CacheView *view, uint32_t bucket, uint64_t version)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&view->buckets[bucket].version, memory_order_relaxed) ==
           version;
}

/* The entry of a canonical key, for the writer. Returns false if there is none. */
bool cache_index_locate(CacheView *view, const CacheKey *key, CacheSpot *ret_spot);

/* Adds a slot. Fails if there is no room for an alias; for a canonical key it makes
 * room, if need be in a third bucket, or fails: evict cache_index_rival(). */
bool cache_index_insert(CacheView *view, uint64_t hash, uint32_t ref, bool is_alias);

/* An entry that takes a slot which `hash` could use; 0 if there is none. */
uint32_t cache_index_rival(CacheView *view, uint64_t hash);

/* Appends the uint32_t references of all entries. O(shard). */
void cache_index_collect(const CacheView *view, GArray *refs);

/* Whether an entry of that hash is at `ref`. */
bool cache_index_has(const CacheView *view, uint32_t low, uint32_t ref);

/* Lets the slot that holds `old` point to `ref`, in one step. */
void cache_index_replace(CacheView *view, uint32_t low, uint32_t old, uint32_t ref);

/* Does nothing if no slot of that hash holds `ref`. */
void cache_index_remove(CacheView *view, uint32_t low, uint32_t ref, bool is_alias);

/* The entry of a recorded hit; 0 if its slot was emptied or taken over. */
uint32_t cache_index_touched(const CacheView *view, uint64_t touch);

/* Empties the whole index. */
void cache_index_reset(CacheView *view);
