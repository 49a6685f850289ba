/* SPDX-License-Identifier: MIT */
/* cache-look-private.h - from what the caller passes to an entry, or to why there is
 * none.
 *
 * Purpose    a key in both its spellings, the search for it, the judgement of what was
 *            found.
 * Ownership  CacheKeys borrows the caller's key and owns the canonical text.
 * Threads    any; no locks, except to unstick a shard whose writer died.
 * Errors     TOOL_CACHE_ERROR_KEY, TOOL_CACHE_ERROR_JSON.
 */
#pragma once

#include "cache-index-private.h"

typedef struct {
    CacheKey spelled;
    CacheKey canonical; /* not set until cache_look_canonize() */
    GString *text;      /* of the canonical arguments; NULL if they were so already */
} CacheKeys;

void cache_look_keys_clear(CacheKeys *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CacheKeys, cache_look_keys_clear)

bool cache_look_spell(CacheKeys *self, ToolCache *cache, const ToolCacheKey *key,
                      GError **error);

bool cache_look_canonize(CacheKeys *self, ToolCache *cache, GError **error);

/* The caller's spelling is not the canonical one. */
bool cache_look_is_spelled(const CacheKeys *self);

typedef enum {
    CACHE_SEEN_VALID,
    CACHE_SEEN_STALE, /* its life is over, but not the time it is kept for */
    CACHE_SEEN_EXPIRED,
    CACHE_SEEN_INVALIDATED,
    CACHE_SEEN_NOT,
    CACHE_SEEN_ERROR,
} CacheSeen;

static inline uint64_t
cache_look_ticks(int64_t now)
{
    return (uint64_t)now >> CACHE_TICK_SHIFT;
}

/* The same by the precise clock. */
bool cache_look_is_past_precisely(const ToolCache *self, uint64_t deadline);

/* Whether it is that late, in ticks. The cheap clock decides, except in the last
 * moments of an entry's life. */
static inline bool
cache_look_is_past(const ToolCache *self, uint64_t deadline)
{
    int64_t now = base_clock_now_coarse(&self->clock);
    return G_UNLIKELY(cache_look_ticks(now + BASE_CLOCK_COARSE_LAG_NS) >= deadline) &&
           cache_look_is_past_precisely(self, deadline);
}

static inline bool
cache_look_is_expired(const ToolCache *self, uint64_t life)
{
    uint64_t deadline = cache_life_deadline(life);
    return deadline != CACHE_DEADLINE_NONE && cache_look_is_past(self, deadline);
}

/* Where the CacheExtra of an entry that has one is in the arena. */
uint64_t cache_look_extra_at(const CacheSpot *spot);

/* When an entry's life ends, in ticks; CACHE_DEADLINE_NONE: never. */
uint64_t cache_look_fresh_until(const CacheView *view, const CacheSpot *spot);

/* What an entry that was found is worth now. */
CacheSeen cache_look_judge(const ToolCache *self, const CacheView *view,
                           const CacheSpot *spot);

/* Looks for the spelling as it is, then for what it means; keys->canonical is set
 * unless the former was found. */
CacheSeen cache_look(ToolCache *self, CacheKeys *keys, CacheSpot *ret_spot,
                     CacheView **ret_view, GError **error);
