/* SPDX-License-Identifier: MIT */
#include "cache-names-private.h"
#include "cache-racy-private.h"

#include <string.h>

enum {
    NAMES_PROBE_MAX = 16 /* rows looked at for one name */
};

/* What a row is found by: never 0, and different for tools and tags. */
static uint64_t
names_identity(CacheNameUse use, uint64_t hash)
{
    return base_hash_mix(hash, (uint64_t)use + 1) | 1;
}

static uint32_t
names_row(uint64_t identity, uint32_t probe)
{
    /* Row 0 stands for all names without a row of their own. */
    return (uint32_t)((identity >> 1) + probe) % (CACHE_NAMES - 1) + 1;
}

uint32_t
cache_names_find(const ToolCache *cache, CacheNameUse use, uint64_t hash)
{
    uint64_t identity = names_identity(use, hash);
    for (uint32_t probe = 0; probe < NAMES_PROBE_MAX; probe++) {
        uint32_t row = names_row(identity, probe);
        uint64_t found =
            atomic_load_explicit(&cache->names[row].hash, memory_order_acquire);
        if (found == identity) {
            return row;
        }
        if (found == 0) {
            return 0;
        }
    }
    return 0;
}

static uint64_t
names_partition(const ToolCache *cache, const char *text, size_t size)
{
    ToolCacheScope scope;
    tool_cache_unscope(text, size, &scope);
    return scope.partition != NULL
               ? cache_names_partition(cache, scope.partition, scope.partition_size)
               : 0;
}

uint64_t
cache_names_partition(const ToolCache *cache, const char *partition, size_t size)
{
    return base_hash_bytes(&cache->hash, partition, size) | 1;
}

static uint32_t
names_add_locked(ToolCache *cache, uint64_t identity, const char *text, size_t size)
{
    for (uint32_t probe = 0; probe < NAMES_PROBE_MAX; probe++) {
        CacheName *name = &cache->names[names_row(identity, probe)];
        if (atomic_load_explicit(&name->hash, memory_order_relaxed) != 0) {
            continue;
        }
        name->size = (uint32_t)size;
        name->partition = names_partition(cache, text, size);
        memcpy(name->text, text, MIN(size, CACHE_NAME_TEXT));
        atomic_store_explicit(&name->hash, identity, memory_order_release);
        return names_row(identity, probe);
    }
    return 0;
}

uint32_t
cache_names_add(ToolCache *cache, CacheNameUse use, uint64_t hash, const char *text,
                size_t size)
{
    uint32_t row = cache_names_find(cache, use, hash);
    if (row != 0) {
        return row;
    }
    /* A holder that died left at most a row without a hash, which is free. */
    BaseLockState state = base_lock_acquire(&cache->header->names_lock);
    if (state == BASE_LOCK_BROKEN) {
        return 0;
    }
    row = cache_names_find(cache, use, hash);
    if (row == 0) {
        row = names_add_locked(cache, names_identity(use, hash), text, size);
    }
    base_lock_release(&cache->header->names_lock);
    return row;
}

bool
cache_names_invalidate(ToolCache *cache, uint32_t row)
{
    uint32_t generation = atomic_fetch_add_explicit(&cache->names[row].generation, 1,
                                                    memory_order_seq_cst);
    /* Twice a round: an entry of number g is gone before g comes again. */
    return ((generation + 1) & (CACHE_GENERATION_MASK >> 1)) == 0;
}

bool
cache_names_has_stale_tag(const ToolCache *cache, const unsigned char *at,
                          uint64_t room)
{
    CacheExtra extra;
    CacheTagMark marks[TOOL_CACHE_TAGS_MAX];
    if (room < sizeof(extra) + sizeof(marks)) {
        return true;
    }
    cache_racy_copy(&extra, at, sizeof(extra));
    uint32_t count = MIN(extra.tag_count, TOOL_CACHE_TAGS_MAX);
    cache_racy_copy(marks, at + sizeof(extra), count * sizeof(CacheTagMark));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = marks[i].name & (CACHE_NAMES - 1);
        if (cache_names_generation(cache, row) != marks[i].generation) {
            return true;
        }
    }
    return false;
}

bool
cache_names_is_valid(const ToolCache *cache, const CacheEntry *entry)
{
    bool has_extra = cache_entry_shape(entry) & CACHE_SHAPE_EXTRA;
    return cache_names_is_current(cache, cache_entry_life(entry)) &&
           !(has_extra &&
             cache_names_has_stale_tag(cache, (const unsigned char *)(entry + 1),
                                       sizeof(CacheExtra) +
                                           sizeof(CacheTagMark) * TOOL_CACHE_TAGS_MAX));
}
