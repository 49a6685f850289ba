/* SPDX-License-Identifier: MIT */
#include "cache-set-private.h"

#include "cache-names-private.h"
#include "cache-policy-private.h"

enum {
    SET_EXPIRE_STEPS = 4 /* steps of the timer wheel that a set pays for */
};

uint64_t
cache_set_deadline(int64_t now_ns, uint64_t ttl_ns, uint64_t stale_ns)
{
    if (ttl_ns == 0) {
        return CACHE_DEADLINE_NONE;
    }
    uint64_t now = (uint64_t)now_ns;
    uint64_t life = stale_ns > UINT64_MAX - ttl_ns ? UINT64_MAX : ttl_ns + stale_ns;
    /* Rounded down, so that nothing is served late. */
    uint64_t deadline = life > UINT64_MAX - now ? CACHE_DEADLINE_NONE
                                                : (now + life) >> CACHE_TICK_SHIFT;
    return MIN(deadline, CACHE_DEADLINE_NONE - 1);
}

/* Rounded up, for the same reason. */
static uint32_t
set_stale_ticks(uint64_t stale_ns)
{
    return stale_ns == 0 ? 0 : (uint32_t)(stale_ns >> CACHE_TICK_SHIFT) + 1;
}

uint64_t
cache_set_stale_ns(const ToolCacheSetOptions *options)
{
    uint64_t most = (uint64_t)(UINT32_MAX - 1) << CACHE_TICK_SHIFT;
    return options != NULL ? MIN(options->stale_ns, most) : 0;
}

bool
cache_set_fill_extras(ToolCache *self, const ToolCacheSetOptions *options,
                      CacheSetExtras *extras)
{
    *extras = (CacheSetExtras){0};
    size_t count = options != NULL ? options->tag_count : 0;
    uint64_t stale_ns = cache_set_stale_ns(options);
    if ((count == 0 && stale_ns == 0) || count > TOOL_CACHE_TAGS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const ToolCacheTag *tag = &options->tags[i];
        uint64_t hash = base_hash_bytes(&self->hash, tag->text, tag->size);
        uint32_t row =
            cache_names_add(self, CACHE_NAME_TAG, hash, tag->text, tag->size);
        extras->marks[i].name = (uint16_t)row;
        extras->marks[i].generation = (uint16_t)cache_names_generation(self, row);
    }
    size_t size = sizeof(CacheExtra) + count * sizeof(CacheTagMark);
    extras->head.size = (uint32_t)(cache_units(size) * CACHE_UNIT);
    extras->head.stale_ticks = set_stale_ticks(stale_ns);
    extras->head.tag_count = (uint16_t)count;
    return true;
}

void
cache_set_settle(CacheView *view)
{
    int64_t now = base_clock_now_coarse(&view->cache->clock);
    cache_policy_catch_up(view);
    cache_shard_expire(view, cache_look_ticks(now), SET_EXPIRE_STEPS, false);
}

/* The other spelling is only found if it falls into the same shard. */
void
cache_set_spell(CacheKeys *keys, CacheInsert *insert)
{
    insert->is_spelled =
        cache_look_is_spelled(keys) && keys->spelled.view == keys->canonical.view;
    insert->key = insert->is_spelled ? &keys->spelled : &keys->canonical;
    insert->canonical_hash = keys->canonical.hash;
}

bool
cache_set_fits(const ToolCache *self, const CacheKeys *keys,
               const ToolCacheValue *value)
{
    uint64_t room = MIN(self->geometry.max_bytes, self->geometry.arena_size) - 64;
    uint64_t key = MAX(keys->spelled.size, keys->canonical.size);
    return value->size <= CACHE_VALUE_MAX && keys->canonical.size <= CACHE_KEY_MAX &&
           value->size + key + sizeof(CacheEntry) + sizeof(CacheSetExtras) <= room;
}
