/* SPDX-License-Identifier: MIT */
#include "cache-shard-private.h"

#include <string.h>

#include "cache-arena-private.h"
#include "cache-names-private.h"
#include "cache-policy-private.h"
#include "cache-wheel-private.h"

enum {
    SHARD_STEAL_MAX = 64,  /* rounds over the other shards for one entry's room */
    SHARD_RIVALS_MAX = 16, /* entries evicted for one slot */
};

static void
shard_subtract(_Atomic uint64_t *total, uint64_t part)
{
    atomic_fetch_sub_explicit(total, part, memory_order_relaxed);
}

/* ---- removing ------------------------------------------------------------- */

static void
shard_remove_alias(CacheView *view, uint32_t ref, const CacheEntry *entry)
{
    uint32_t shape = cache_entry_shape(entry);
    CacheKeyParts parts;
    if (!(shape & CACHE_SHAPE_SPELLED) ||
        !cache_key_split(cache_entry_key(entry), cache_shape_key_size(shape), &parts)) {
        return;
    }
    cache_index_remove(view, cache_key_low(cache_key_parts_hash(view->cache, &parts)),
                       ref, true);
}

/* Units of a block that is in use; 0 if it contradicts itself. */
static uint32_t
shard_units(CacheView *view, const CacheEntry *entry)
{
    uint64_t at = (uint64_t)((const unsigned char *)entry - view->arena);
    uint64_t arena_size = (uint64_t)view->arena_units * CACHE_UNIT;
    if (cache_shape_kind(cache_entry_shape(entry)) == CACHE_KIND_FREE ||
        cache_entry_units(entry) > (arena_size - at) / CACHE_UNIT) {
        view->is_damaged = true;
        return 0;
    }
    return (uint32_t)cache_entry_units(entry);
}

static void
shard_free(CacheView *view, uint32_t ref, uint32_t units)
{
    uint64_t bytes = (uint64_t)units * CACHE_UNIT;
    cache_arena_free(view, ref, units);
    view->shard->bytes -= bytes;
    shard_subtract(&view->cache->header->bytes, bytes);
}

void
cache_shard_remove(CacheView *view, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    uint32_t units = entry != NULL ? shard_units(view, entry) : 0;
    if (units == 0) {
        return;
    }
    /* The alias first: who finds it would return what a canonical search no longer
     * finds. */
    shard_remove_alias(view, ref, entry);
    cache_index_remove(view, entry->hash, ref, false);
    cache_wheel_unlink(view, ref);
    cache_policy_remove(view, ref);
    shard_free(view, ref, units);
    view->shard->count--;
    shard_subtract(&view->cache->header->entries, 1);
}

bool
cache_shard_evict(CacheView *view, uint32_t spared)
{
    uint32_t ref = cache_policy_victim(view, spared);
    CacheEntry *entry = ref != 0 ? cache_view_entry(view, ref) : NULL;
    if (entry == NULL || view->is_damaged) {
        return false;
    }
    cache_policy_mourn(view, entry, false);
    view->shard->evicted++;
    cache_shard_remove(view, ref);
    return !view->is_damaged;
}

static void
shard_expire_one(CacheView *view, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry != NULL) {
        cache_policy_mourn(view, entry, true);
        view->shard->expired++;
        cache_shard_remove(view, ref);
    }
}

bool
cache_shard_expire(CacheView *view, uint64_t now_ticks, unsigned budget, bool is_exact)
{
    uint32_t ref;
    while (budget > 0 && (ref = cache_wheel_next(view, now_ticks, &budget)) != 0) {
        shard_expire_one(view, ref);
    }
    while (is_exact && budget > 0 && !view->is_damaged &&
           (ref = cache_wheel_next_exact(view, now_ticks)) != 0) {
        budget--;
        shard_expire_one(view, ref);
    }
    return budget == 0;
}

void
cache_shard_sweep(CacheView *view)
{
    for (uint32_t i = 0; i < view->bucket_count && !view->is_damaged; i++) {
        for (uint32_t slot = 0; slot < CACHE_BUCKET_SLOTS; slot++) {
            uint32_t ref = atomic_load_explicit(&view->buckets[i].refs[slot],
                                                memory_order_relaxed);
            CacheEntry *entry = ref != 0 ? cache_view_entry(view, ref) : NULL;
            if (entry != NULL && !cache_names_is_valid(view->cache, entry)) {
                cache_shard_remove(view, ref);
            }
        }
    }
}

/* ---- inserting ------------------------------------------------------------ */

/* Evicts one entry of another shard. Only tries their locks, so no order is needed. */
static bool
shard_steal(CacheView *view)
{
    ToolCache *cache = view->cache;
    uint32_t shards = cache->geometry.shards;
    uint32_t first = (uint32_t)(view - cache->views);
    for (uint32_t i = 1; i < shards; i++) {
        CacheView *other = &cache->views[(first + i) & (shards - 1)];
        if (other->shard->count > 0 && cache_shard_try_lock(other)) {
            bool is_done = cache_shard_evict(other, 0);
            cache_shard_unlock(other);
            if (is_done) {
                return true;
            }
        }
    }
    return false;
}

/* Adds unless the total would pass its bound; nobody ever sees it beyond. */
static bool
shard_try_reserve(_Atomic uint64_t *total, uint64_t part, uint64_t most)
{
    uint64_t now = atomic_load_explicit(total, memory_order_relaxed);
    while (now + part <= most) {
        if (atomic_compare_exchange_weak_explicit(
                total, &now, now + part, memory_order_relaxed, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/* The same, evicting until it fits. The shard must be whole. */
static bool
shard_reserve(CacheView *view, _Atomic uint64_t *total, uint64_t part, uint64_t most,
              uint32_t spared)
{
    unsigned steals = 0;
    while (!shard_try_reserve(total, part, most)) {
        if (cache_shard_evict(view, spared)) {
            continue;
        }
        if (view->is_damaged) {
            return false;
        }
        cache_shard_pause(view);
        bool is_done = shard_steal(view);
        cache_shard_resume(view);
        if (!is_done && ++steals > SHARD_STEAL_MAX) {
            return false;
        }
    }
    return true;
}

static uint32_t
shard_allocate(CacheView *view, uint32_t units, uint32_t spared, uint32_t *ret_pad)
{
    uint32_t ref = cache_arena_alloc(view, units, ret_pad);
    while (ref == 0 && !view->is_damaged && cache_shard_evict(view, spared)) {
        ref = cache_arena_alloc(view, units, ret_pad);
    }
    return ref;
}

static uint64_t
shard_insert_size(const CacheInsert *insert)
{
    return sizeof(CacheEntry) + (insert->extra != NULL ? insert->extra->size : 0) +
           insert->key->size + insert->value.size;
}

static void
shard_fill(CacheView *view, uint32_t ref, uint32_t pad, const CacheInsert *insert)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry == NULL) {
        return;
    }
    uint32_t shape = (uint32_t)insert->key->size | pad << CACHE_SHAPE_PAD_SHIFT |
                     (uint32_t)insert->value.kind << CACHE_SHAPE_KIND_SHIFT;
    shape |= insert->extra != NULL ? CACHE_SHAPE_EXTRA : 0;
    shape |= insert->is_spelled ? CACHE_SHAPE_SPELLED : 0;
    atomic_store_explicit(&entry->shape, shape, memory_order_relaxed);
    atomic_store_explicit(&entry->life, insert->life, memory_order_relaxed);
    cache_racy_store_u32(&entry->value_size, (uint32_t)insert->value.size);
    cache_racy_store_u32(&entry->hash, cache_key_low(insert->canonical_hash));
    char *to = (char *)(entry + 1);
    if (insert->extra != NULL) {
        cache_racy_store(to, insert->extra, insert->extra->size);
        to += insert->extra->size;
    }
    cache_key_store(insert->key, to);
    cache_racy_store(to + insert->key->size, insert->value.bytes, insert->value.size);
}

/* Memory for the entry, accounted for. Returns 0 if there is none. */
static uint32_t
shard_obtain(CacheView *view, const CacheInsert *insert, uint32_t spared)
{
    CacheHeader *header = view->cache->header;
    uint32_t units = (uint32_t)cache_units(shard_insert_size(insert));
    uint32_t pad;
    /* What the block may come out larger by is reserved with it. */
    uint64_t bytes = ((uint64_t)units + CACHE_UNITS_MIN - 1) * CACHE_UNIT;
    if (!shard_reserve(view, &header->bytes, bytes, view->cache->geometry.max_bytes,
                       spared)) {
        return 0;
    }
    uint32_t ref = shard_allocate(view, units, spared, &pad);
    uint64_t used = ref != 0 ? ((uint64_t)units + pad) * CACHE_UNIT : 0;
    shard_subtract(&header->bytes, bytes - used);
    view->shard->bytes += used;
    if (ref != 0) {
        shard_fill(view, ref, pad, insert);
    }
    return ref;
}

static bool
shard_index(CacheView *view, const CacheInsert *insert, uint32_t ref)
{
    for (unsigned i = 0; i < SHARD_RIVALS_MAX && !view->is_damaged; i++) {
        if (cache_index_insert(view, insert->canonical_hash, ref, false)) {
            return true;
        }
        uint32_t rival = cache_index_rival(view, insert->canonical_hash);
        CacheEntry *entry = cache_view_entry(view, rival);
        if (entry != NULL) {
            cache_policy_mourn(view, entry, false);
            view->shard->evicted++;
            cache_shard_remove(view, rival);
        }
    }
    return false;
}

static void
shard_take_over(CacheView *view, uint32_t old, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, old);
    uint32_t units = entry != NULL ? shard_units(view, entry) : 0;
    if (units == 0) {
        return;
    }
    shard_remove_alias(view, old, entry);
    cache_index_replace(view, entry->hash, old, ref);
    cache_wheel_unlink(view, old);
    cache_policy_replace(view, old, ref);
    shard_free(view, old, units);
}

static bool
shard_add(CacheView *view, const CacheInsert *insert, uint32_t ref)
{
    if (!shard_index(view, insert, ref)) {
        return false;
    }
    view->shard->count++;
    view->shard->is_dirty = true;
    if (insert->is_old) {
        cache_policy_add_old(view, ref);
    }
    else {
        cache_policy_add(view, ref);
    }
    return true;
}

/* What comes after the index. */
static void
shard_settle(CacheView *view, const CacheInsert *insert, uint32_t ref)
{
    cache_wheel_link(view, ref);
    if (insert->is_spelled) {
        cache_index_insert(view, insert->key->hash, ref, true);
    }
}

/* A place among the entries, which the caller gives back if it does not use it. */
static bool
shard_reserve_entry(CacheView *view)
{
    return shard_reserve(view, &view->cache->header->entries, 1,
                         view->cache->geometry.max_entries, 0);
}

/* Returns false if there is no room: nothing is left of it. */
static bool
shard_insert_new(CacheView *view, const CacheInsert *insert)
{
    if (!shard_reserve_entry(view)) {
        return false;
    }
    uint32_t ref = shard_obtain(view, insert, 0);
    bool is_added = ref != 0 && !view->is_damaged && shard_add(view, insert, ref);
    if (!is_added) {
        CacheEntry *entry = ref != 0 ? cache_view_entry(view, ref) : NULL;
        if (entry != NULL) {
            shard_free(view, ref, shard_units(view, entry));
        }
        shard_subtract(&view->cache->header->entries, 1);
        return false;
    }
    shard_settle(view, insert, ref);
    return true;
}

bool
cache_shard_insert(CacheView *view, const CacheInsert *insert, uint32_t old)
{
    uint32_t ref = old != 0 ? shard_obtain(view, insert, old) : 0;
    if (ref != 0 && !view->is_damaged) {
        shard_take_over(view, old, ref);
        shard_settle(view, insert, ref);
    }
    else if (!view->is_damaged) {
        if (old != 0) {
            cache_shard_remove(view, old);
        }
        return shard_insert_new(view, insert) && !view->is_damaged;
    }
    return !view->is_damaged;
}
