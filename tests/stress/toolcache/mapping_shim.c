/* SPDX-License-Identifier: MIT */
#include "mapping_shim.h"

#include <stdlib.h>

#include "cache-view-private.h"

bool
mapping_shim_part(ToolCache *cache, unsigned part, unsigned char **ret_at,
                  size_t *ret_size)
{
    CacheView *view = &cache->views[0];
    size_t used = (size_t)view->shard->top * CACHE_UNIT;
    size_t limit = (size_t)view->arena_units * CACHE_UNIT;
    struct {
        void *at;
        size_t size;
    } parts[] = {
        {cache->names, sizeof(CacheName) * 64},
        {view->shard, sizeof(CacheShard)},
        {view->buckets, view->bucket_count * sizeof(CacheBucket)},
        {view->ghosts, view->ghost_sets * CACHE_GHOST_WAYS * sizeof(CacheGhost)},
        {view->shadows, sizeof(CacheShadows)},
        {view->arena, used < limit ? used : limit},
    };
    if (part >= G_N_ELEMENTS(parts)) {
        return false;
    }
    *ret_at = parts[part].at;
    *ret_size = parts[part].size;
    return true;
}

void
mapping_shim_blind(ToolCache *cache)
{
    cache->hash_mask = 0;
}

unsigned
mapping_shim_factor(void)
{
    const char *text = getenv("FERRULE_STRESS");
    int factor = text != NULL ? atoi(text) : 1;
    return factor > 0 ? (unsigned)factor : 1;
}
