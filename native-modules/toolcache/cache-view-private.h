/* SPDX-License-Identifier: MIT */
/* cache-view-private.h - one process's way to a store, and to one shard of it.
 *
 * Purpose    addresses and sizes that this process computed itself. Whatever is read
 *            in the mapping is only ever used after a check against them.
 * Ownership  a ToolCache owns the mapping of this process and its views.
 * Threads    immutable after creation, except what names its guard.
 */
#pragma once

#include "base-clock.h"
#include "base-hash.h"
#include "cache-layout-private.h"
#include "tool-cache.h"

typedef struct {
    ToolCache *cache; /* borrowed: the handle this is part of */
    CacheShard *shard;
    CacheBucket *buckets;
    CacheGhost *ghosts;
    CacheShadows *shadows;
    unsigned char *arena;
    uint32_t bucket_count;
    uint32_t ghost_sets;
    uint32_t arena_units;
    uint32_t shard_entries;
    bool is_damaged; /* guarded by the shard's lock: reset it before unlocking */
} CacheView;

struct ToolCache {
    _Atomic int references;
    _Atomic bool is_watched; /* by the keeper */
    uint64_t serial;         /* no two handles of a process have the same */
    char *name;              /* NULL: unnamed */
    unsigned char *base;
    CacheHeader *header;
    CacheName *names;
    CacheFlightSlot *flights;
    CacheStripe *stripes;
    CacheGeometry geometry;
    CacheView views[CACHE_SHARDS_MAX];
    BaseHash hash;
    uint64_t hash_mask; /* test seam: 0 gives all keys one hash; all ones otherwise */
    BaseClock clock;
    uint64_t ttl_ns;              /* 0: for ever */
    struct CacheJournal *journal; /* NULL: none */
    struct CacheLoad *load;       /* NULL: none; set before others have the handle */
};

/* Entries the shard can hold. Its share of max_entries, until evictions show what the
 * bytes and the other shards leave it. Caller holds the lock. */
static inline uint32_t
cache_view_capacity(const CacheView *self)
{
    uint32_t known = self->shard->capacity;
    return known != 0 ? known : self->shard_entries;
}

/* Returns NULL and marks the shard as damaged if no entry can be there. */
static inline CacheEntry *
cache_view_entry(CacheView *self, uint32_t ref)
{
    if (ref == 0 || ref > self->arena_units - sizeof(CacheEntry) / CACHE_UNIT) {
        self->is_damaged = true;
        return NULL;
    }
    return (CacheEntry *)(self->arena + (size_t)ref * CACHE_UNIT);
}

static inline uint32_t
cache_entry_shape(const CacheEntry *self)
{
    return atomic_load_explicit(&self->shape, memory_order_relaxed);
}

/* Caller holds the lock; readers may look at the same time. */
static inline void
cache_entry_set_shape(CacheEntry *self, uint32_t clear, uint32_t set)
{
    uint32_t shape = (cache_entry_shape(self) & ~clear) | set;
    atomic_store_explicit(&self->shape, shape, memory_order_relaxed);
}

static inline uint64_t
cache_entry_life(const CacheEntry *self)
{
    return atomic_load_explicit(&self->life, memory_order_relaxed);
}

static inline uint64_t
cache_life_deadline(uint64_t life)
{
    return life & CACHE_TICK_MAX;
}

static inline uint32_t
cache_life_tool(uint64_t life)
{
    return (uint32_t)(life >> CACHE_LIFE_TOOL_SHIFT) & (CACHE_NAMES - 1);
}

static inline uint32_t
cache_shape_key_size(uint32_t shape)
{
    return shape & CACHE_SHAPE_KEY_MASK;
}

static inline uint32_t
cache_shape_kind(uint32_t shape)
{
    return shape >> CACHE_SHAPE_KIND_SHIFT & 7;
}

/* Whether a value of that kind can have that size. */
static inline bool
cache_shape_is_whole(uint32_t shape, uint32_t size)
{
    uint32_t kind = cache_shape_kind(shape);
    uint32_t width = kind == TOOL_CACHE_UCS4 ? 4 : kind == TOOL_CACHE_UCS2 ? 2 : 1;
    return kind <= TOOL_CACHE_UCS4 && (size & (width - 1)) == 0;
}

/* Bytes of the CacheExtra behind the header. Unchecked. */
static inline uint32_t
cache_entry_extra_size(const CacheEntry *self, uint32_t shape)
{
    return shape & CACHE_SHAPE_EXTRA ? ((const CacheExtra *)(self + 1))->size : 0;
}

/* Bytes before the unused rest of the block. */
static inline uint64_t
cache_entry_size(const CacheEntry *self)
{
    uint32_t shape = cache_entry_shape(self);
    return sizeof(CacheEntry) + (uint64_t)cache_entry_extra_size(self, shape) +
           cache_shape_key_size(shape) + self->value_size;
}

static inline uint64_t
cache_units(uint64_t size)
{
    return (size + CACHE_UNIT - 1) / CACHE_UNIT;
}

/* Units of the whole block. */
static inline uint64_t
cache_entry_units(const CacheEntry *self)
{
    return cache_units(cache_entry_size(self)) +
           (cache_entry_shape(self) >> CACHE_SHAPE_PAD_SHIFT & 3);
}

static inline const char *
cache_entry_key(const CacheEntry *self)
{
    return (const char *)(self + 1) +
           cache_entry_extra_size(self, cache_entry_shape(self));
}
