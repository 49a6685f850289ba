/* SPDX-License-Identifier: MIT */
/* cache-bucket-private.h - one bucket: version, tags, references.
 *
 * Purpose    the steps on a single cache line that search and change are made of.
 * Threads    begin/end and what is between: the shard's lock. The rest: any.
 */
#pragma once

#include "cache-view-private.h"

#define CACHE_TAG_MASK 0x7FFFu

static inline uint32_t
cache_bucket_tag(uint32_t low)
{
    return low & CACHE_TAG_MASK;
}

static inline uint32_t
cache_bucket_home(const CacheView *view, uint32_t low)
{
    return (uint32_t)((uint64_t)low * view->bucket_count >> 32);
}

/* The other bucket of a hash. */
static inline uint32_t
cache_bucket_other(const CacheView *view, uint32_t low)
{
    uint32_t x = (low ^ low >> 15) * 0x2C1B3C6Du;
    x = (x ^ x >> 12) * 0x297A2D39u;
    uint32_t other = (uint32_t)((uint64_t)(x ^ x >> 15) * view->bucket_count >> 32);
    uint32_t home = cache_bucket_home(view, low);
    return other != home ? other : home + 1 < view->bucket_count ? home + 1 : 0;
}

/* One bit (the top one of each 16) for every slot whose tag is `tag`, whatever its
 * alias bit, in the half. */
static inline uint64_t
cache_bucket_match(uint64_t tags, uint32_t tag)
{
    const uint64_t low = UINT64_C(0x7FFF7FFF7FFF7FFF);
    uint64_t x = (tags & low) ^ tag * UINT64_C(0x0001000100010001);
    return ~(x + low) & ~low; /* no carry crosses: x is at most 0x7FFF a lane */
}

static inline uint64_t
cache_bucket_tags(const CacheBucket *self, uint32_t half)
{
    return atomic_load_explicit(&self->tags[half], memory_order_relaxed);
}

static inline uint32_t
cache_bucket_slot_tag(const CacheBucket *self, uint32_t slot)
{
    return (uint32_t)(cache_bucket_tags(self, slot / 4) >> slot % 4 * 16) & 0xFFFF;
}

static inline uint32_t
cache_bucket_ref(const CacheBucket *self, uint32_t slot)
{
    return atomic_load_explicit(&self->refs[slot], memory_order_relaxed);
}

static inline uint64_t
cache_bucket_version(const CacheBucket *self)
{
    return atomic_load_explicit(&self->version, memory_order_acquire);
}

static inline uint32_t
cache_bucket_spilled(uint64_t version)
{
    return (uint32_t)(version >> CACHE_SPILL_SHIFT);
}

/* Every write to what readers may be copying has to come after this. */
static inline void
cache_bucket_begin(CacheView *view, CacheBucket *self)
{
    uint64_t version = atomic_load_explicit(&self->version, memory_order_relaxed);
    if ((version & CACHE_VERSION_COUNT) == 0) {
        /* A page that was given back reads 0 again: start where no reader has been. */
        uint64_t generation =
            atomic_load_explicit(&view->shard->generation, memory_order_relaxed);
        version |= (generation + 1) << 32 & (CACHE_VERSION_COUNT - 1);
    }
    atomic_store_explicit(&self->version, version | CACHE_VERSION_BUSY,
                          memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

/* Counts the changes of the shard's buckets and of its epoch, in twos; odd while it is
 * reset. What a reader saw after it read an even count holds as long as the count
 * stays: writers count while the bucket is busy. */
static inline uint64_t
cache_bucket_changes(const CacheView *view)
{
    return atomic_load_explicit(&view->shard->changes, memory_order_acquire);
}

/* Caller holds the lock. */
static inline void
cache_bucket_set_changes(CacheView *view, uint64_t count)
{
    atomic_store_explicit(&view->shard->changes, count, memory_order_release);
}

/* `spill`: -1, 0 or 1 keys of this home more live elsewhere. */
static inline void
cache_bucket_end(CacheView *view, CacheBucket *self, int spill)
{
    cache_bucket_set_changes(view, cache_bucket_changes(view) + 2);
    uint64_t version = atomic_load_explicit(&self->version, memory_order_relaxed);
    uint32_t spilled = cache_bucket_spilled(version);
    if (spilled < 255) { /* at 255 the count is lost; it then stays */
        spilled += (uint32_t)(spilled > 0 || spill > 0 ? spill : 0);
    }
    version = ((version | CACHE_VERSION_BUSY) + 1) & CACHE_VERSION_COUNT;
    atomic_store_explicit(&self->version,
                          version | (uint64_t)spilled << CACHE_SPILL_SHIFT,
                          memory_order_release);
}

static inline void
cache_bucket_put(CacheBucket *self, uint32_t slot, uint32_t tag, uint32_t ref,
                 uint8_t touch)
{
    uint32_t shift = slot % 4 * 16;
    uint64_t tags = cache_bucket_tags(self, slot / 4) & ~(UINT64_C(0xFFFF) << shift);
    atomic_store_explicit(&self->tags[slot / 4], tags | (uint64_t)tag << shift,
                          memory_order_relaxed);
    atomic_store_explicit(&self->refs[slot], ref, memory_order_relaxed);
    atomic_store_explicit(&self->touches[slot], touch, memory_order_relaxed);
}

/* Returns CACHE_BUCKET_SLOTS if none is free. */
static inline uint32_t
cache_bucket_free_slot(const CacheBucket *self)
{
    uint32_t slot = 0;
    while (slot < CACHE_BUCKET_SLOTS && cache_bucket_ref(self, slot) != 0) {
        slot++;
    }
    return slot;
}
