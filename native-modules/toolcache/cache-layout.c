/* SPDX-License-Identifier: MIT */
#include "cache-layout-private.h"

#include "base-hash.h"

static uint64_t
layout_pages(uint64_t size)
{
    return (size + CACHE_PAGE - 1) & ~(uint64_t)(CACHE_PAGE - 1);
}

/* Many shards let writers work side by side; few keep the policy's view whole and let
 * one value take much of the bound. */
static uint32_t
layout_shards(uint64_t max_entries, uint64_t max_bytes)
{
    uint32_t shards = 1;
    while (shards < CACHE_SHARDS_MAX &&
           max_entries / (shards * 2) >= CACHE_SHARD_ENTRIES &&
           max_bytes / (shards * 2) >= ((uint64_t)8 << 20)) {
        shards *= 2;
    }
    return shards;
}

/* Entries that can exist at all: the smallest takes a header and a few bytes. */
static uint64_t
layout_entries(uint64_t max_entries, uint64_t max_bytes)
{
    uint64_t most = max_bytes / sizeof(CacheEntry) + 1;
    return max_entries < most ? max_entries : most;
}

void
cache_layout_compute(CacheGeometry *ret_geometry, uint64_t max_entries,
                     uint64_t max_bytes)
{
    CacheGeometry g = {.max_entries = max_entries, .max_bytes = max_bytes};
    uint64_t entries = layout_entries(max_entries, max_bytes);
    g.shards = layout_shards(entries, max_bytes);
    g.shard_entries = (uint32_t)((entries + g.shards - 1) / g.shards);
    /* Five entries a bucket of eight, because shards fill unevenly; small stores have
     * room for a second slot an entry (its other spelling), which costs little there.
     */
    uint64_t shard_slots =
        g.shards == 1 ? (uint64_t)g.shard_entries * 2 : (uint64_t)g.shard_entries;
    g.buckets = (uint32_t)(shard_slots / 5 + 4);
    g.ghost_sets = g.shard_entries / (CACHE_GHOST_WAYS - 3) + 2;
    if (g.shards == 1) {
        g.ghost_sets *= 3;
    }
    g.names_at = layout_pages(sizeof(CacheHeader));
    g.flights_at = g.names_at + sizeof(CacheName) * CACHE_NAMES;
    g.stripes_at =
        g.flights_at + layout_pages(sizeof(CacheFlightSlot) * TOOL_CACHE_FLIGHTS_MAX);
    g.shards_at = g.stripes_at + layout_pages(sizeof(CacheStripe)) * CACHE_STRIPES;
    g.shard_size = layout_pages(sizeof(CacheShard));
    g.buckets_at = g.shards_at + g.shard_size * g.shards;
    g.buckets_size = layout_pages((uint64_t)g.buckets * sizeof(CacheBucket));
    g.ghosts_at = g.buckets_at + g.buckets_size * g.shards;
    g.ghosts_size =
        layout_pages((uint64_t)g.ghost_sets * CACHE_GHOST_WAYS * sizeof(CacheGhost));
    g.shadows_at = g.ghosts_at + g.ghosts_size * g.shards;
    g.shadows_size = layout_pages(sizeof(CacheShadows));
    g.arenas_at = g.shadows_at + g.shadows_size * g.shards;
    /* A quarter above the bound for what fragmentation takes; with several shards twice
     * their share, because values are not spread evenly. Address space only. */
    uint64_t arena = max_bytes + max_bytes / 4 + CACHE_PAGE;
    g.arena_size = layout_pages(g.shards == 1 ? arena : arena / g.shards * 2);
    g.mapping_bytes = g.arenas_at + g.arena_size * g.shards;
    *ret_geometry = g;
}

uint64_t
cache_layout_checksum(const CacheHeader *header)
{
    return XXH3_64bits(header, offsetof(CacheHeader, checksum));
}

bool
cache_layout_check(const ToolCacheLimits *limits, CacheGeometry *ret_geometry,
                   GError **error)
{
    uint64_t max_bytes =
        limits->max_bytes != 0 ? limits->max_bytes : TOOL_CACHE_BYTES_DEFAULT;
    if (limits->max_entries == 0 || limits->max_entries > TOOL_CACHE_ENTRIES_MAX) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_LIMITS,
                    "max_entries must be 1 to %" G_GUINT64_FORMAT
                    ", not %" G_GUINT64_FORMAT,
                    (guint64)TOOL_CACHE_ENTRIES_MAX, (guint64)limits->max_entries);
        return false;
    }
    if (max_bytes < CACHE_BYTES_MIN || max_bytes > TOOL_CACHE_BYTES_MAX) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_LIMITS,
                    "max_bytes must be %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                    ", not %" G_GUINT64_FORMAT,
                    (guint64)CACHE_BYTES_MIN, (guint64)TOOL_CACHE_BYTES_MAX,
                    (guint64)max_bytes);
        return false;
    }
    cache_layout_compute(ret_geometry, limits->max_entries, max_bytes);
    return true;
}
