/* SPDX-License-Identifier: MIT */
#include "cache-mapping-private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "cache-process-private.h"
#include "cache-shard-private.h"

void *
cache_mapping_new(size_t size, GError **error)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_MEMORY,
                    "no address space for a store of %zu MB: %s", size >> 20,
                    g_strerror(errno));
        return NULL;
    }
    return base;
}

static uint64_t
mapping_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        seed = (uint64_t)g_random_int() << 32 | g_random_int();
    }
    return seed;
}

void
cache_mapping_bind(ToolCache *cache)
{
    const CacheGeometry *g = &cache->geometry;
    cache->header = (CacheHeader *)(void *)cache->base;
    cache->names = (CacheName *)(void *)(cache->base + g->names_at);
    cache->flights = (CacheFlightSlot *)(void *)(cache->base + g->flights_at);
    cache->stripes = (CacheStripe *)(void *)(cache->base + g->stripes_at);
    for (uint32_t i = 0; i < g->shards; i++) {
        cache->views[i] = (CacheView){
            .cache = cache,
            .shard =
                (CacheShard *)(void *)(cache->base + g->shards_at + g->shard_size * i),
            .buckets = (CacheBucket *)(void *)(cache->base + g->buckets_at +
                                               g->buckets_size * i),
            .ghosts =
                (CacheGhost *)(void *)(cache->base + g->ghosts_at + g->ghosts_size * i),
            .shadows = (CacheShadows *)(void *)(cache->base + g->shadows_at +
                                                g->shadows_size * i),
            .arena = cache->base + g->arenas_at + g->arena_size * i,
            .bucket_count = g->buckets,
            .ghost_sets = g->ghost_sets,
            .arena_units = (uint32_t)(g->arena_size / CACHE_UNIT),
            .shard_entries = g->shard_entries,
        };
    }
}

bool
cache_mapping_format(unsigned char *base, const CacheGeometry *geometry,
                     uint64_t ttl_ns, uint64_t boot, GError **error)
{
    g_autofree ToolCache *cache = g_new0(ToolCache, 1);
    cache->base = base;
    cache->geometry = *geometry;
    base_clock_init(&cache->clock);
    cache_mapping_bind(cache);
    CacheHeader *header = cache->header;
    header->version = CACHE_VERSION;
    header->owner = (uint32_t)geteuid();
    header->max_entries = geometry->max_entries;
    header->max_bytes = geometry->max_bytes;
    header->mapping_bytes = geometry->mapping_bytes;
    header->ttl_ns = ttl_ns;
    header->seed = mapping_seed();
    header->boot = boot;
    uint64_t now = (uint64_t)base_clock_now(&cache->clock) >> CACHE_TICK_SHIFT;
    bool is_ok =
        base_lock_init(&header->names_lock) && base_lock_init(&header->flights_lock) &&
        base_lock_init(&header->journal_lock) && base_lock_init(&header->tidy_lock);
    for (uint32_t i = 0; i < geometry->shards; i++) {
        is_ok = is_ok && cache_shard_init(&cache->views[i], now);
    }
    if (!is_ok) {
        g_set_error_literal(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_MEMORY,
                            "the system has no robust locks between processes");
        return false;
    }
    CacheHeader whole = *header;
    whole.magic = CACHE_MAGIC;
    header->checksum = cache_layout_checksum(&whole);
    __atomic_store_n(&header->magic, CACHE_MAGIC, __ATOMIC_RELEASE);
    return true;
}

ToolCache *
cache_mapping_handle(unsigned char *base, const char *name, GError **error)
{
    const CacheHeader *header = (const CacheHeader *)(const void *)base;
    CacheGeometry geometry = {0};
    bool is_ok = header->magic == CACHE_MAGIC && header->version == CACHE_VERSION &&
                 header->checksum == cache_layout_checksum(header);
    if (is_ok) {
        cache_layout_compute(&geometry, header->max_entries, header->max_bytes);
    }
    if (!is_ok || geometry.mapping_bytes != header->mapping_bytes) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_RUN,
                    "the store's header is damaged");
        return NULL;
    }
    ToolCache *cache = g_new0(ToolCache, 1);
    cache->references = 1;
    cache->serial = cache_process_serial();
    cache->name = g_strdup(name);
    cache->base = base;
    cache->geometry = geometry;
    cache->ttl_ns = header->ttl_ns;
    base_hash_init(&cache->hash, header->seed);
    cache->hash_mask = UINT64_MAX;
    base_clock_init(&cache->clock);
    cache_mapping_bind(cache);
    return cache;
}
