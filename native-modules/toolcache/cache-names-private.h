/* SPDX-License-Identifier: MIT */
/* cache-names-private.h - numbers for the names of tools and tags.
 *
 * Purpose    an entry names its tool with 12 bits; the row behind the number holds the
 *            generation below which the tool's entries are invalid, and the name for
 *            reports.
 * Ownership  rows live as long as the store; they are never reused.
 * Threads    finding: any, no lock. Adding takes the names lock.
 * Limits     CACHE_NAMES rows. When they are used up, further names share row 0.
 * Cost       find: one cache line, as a rule.
 */
#pragma once

#include "cache-view-private.h"

typedef enum {
    CACHE_NAME_TOOL,
    CACHE_NAME_TAG,
} CacheNameUse;

/* Returns the row, 0 if the name has none. `hash` is that of its bytes. */
uint32_t cache_names_find(const ToolCache *cache, CacheNameUse use, uint64_t hash);

/* Returns the row; 0 when there is no room. */
uint32_t cache_names_add(ToolCache *cache, CacheNameUse use, uint64_t hash,
                         const char *text, size_t size);

static inline uint32_t
cache_names_generation(const ToolCache *cache, uint32_t row)
{
    return atomic_load_explicit(&cache->names[row].generation, memory_order_relaxed) &
           CACHE_GENERATION_MASK;
}

/* Entries of before are invalid. Returns true when entries of earlier generations have
 * to be removed, because the numbers will come round again. */
bool cache_names_invalidate(ToolCache *cache, uint32_t row);

/* What the rows of a partition have in `partition`. */
uint64_t cache_names_partition(const ToolCache *cache, const char *partition,
                               size_t size);

/* Whether an entry of that life was made after the last invalidation of its tool. */
static inline bool
cache_names_is_current(const ToolCache *cache, uint64_t life)
{
    return cache_names_generation(cache, cache_life_tool(life)) ==
           (life >> CACHE_LIFE_GENERATION_SHIFT & CACHE_GENERATION_MASK);
}

/* Whether one of the tags was invalidated; `extra` is at `at` in the mapping, which may
 * be overwritten meanwhile, and the `room` bytes from there are inside it. */
bool cache_names_has_stale_tag(const ToolCache *cache, const unsigned char *at,
                               uint64_t room);

/* Neither tool nor tags were invalidated; caller holds the shard's lock. */
bool cache_names_is_valid(const ToolCache *cache, const CacheEntry *entry);
