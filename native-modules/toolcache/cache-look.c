/* SPDX-License-Identifier: MIT */
#include "cache-look-private.h"

#include <string.h>

#include "cache-canonical-private.h"
#include "cache-names-private.h"
#include "cache-shard-private.h"

/* The cheap clock decides, except in the last moments of an entry's life. */
bool
cache_look_is_expired(const ToolCache *self, uint64_t life)
{
    uint64_t deadline = cache_life_deadline(life);
    if (deadline == CACHE_DEADLINE_NONE) {
        return false;
    }
    int64_t now = base_clock_now_coarse(&self->clock);
    if (G_LIKELY(cache_look_ticks(now + BASE_CLOCK_COARSE_LAG_NS) < deadline)) {
        return false;
    }
    return cache_look_ticks(base_clock_now(&self->clock)) >= deadline;
}

void
cache_look_keys_clear(CacheKeys *self)
{
    if (self->text != NULL) {
        g_string_free(self->text, TRUE);
    }
}

bool
cache_look_spell(CacheKeys *self, ToolCache *cache, const ToolCacheKey *key,
                 GError **error)
{
    self->text = NULL;
    if (G_UNLIKELY(!cache_key_init(&self->spelled, cache, key))) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_KEY,
                    "tool and arguments have %zu bytes, at most %zu",
                    key->tool_size + key->args_size, CACHE_KEY_MAX);
        return false;
    }
    return true;
}

bool
cache_look_canonize(CacheKeys *self, ToolCache *cache, GError **error)
{
    const CacheKey *spelled = &self->spelled;
    self->text = cache_canonical(spelled->args, spelled->args_size, error);
    if (self->text == NULL) {
        return false;
    }
    cache_key_respell(&self->canonical, cache, spelled, self->text->str,
                      self->text->len);
    return true;
}

bool
cache_look_is_spelled(const CacheKeys *self)
{
    return self->spelled.args_size != self->text->len ||
           memcmp(self->spelled.args, self->text->str, self->text->len) != 0;
}

/* A bucket stayed busy: its writer died, or is stopped. */
static void
look_unstick(CacheView *view)
{
    if (!cache_shard_try_lock(view)) {
        return;
    }
    /* Nobody writes now, so a bucket that is busy was left so. */
    for (uint32_t i = 0; i < view->bucket_count && !view->is_damaged; i++) {
        view->is_damaged =
            atomic_load_explicit(&view->buckets[i].version, memory_order_relaxed) &
            CACHE_VERSION_BUSY;
    }
    cache_shard_unlock(view);
}

static bool
look_search(CacheKey *key, CacheMatch match, CacheSpot *ret_spot)
{
    CacheSearch search = cache_index_search(key->view, key, match, ret_spot);
    if (G_UNLIKELY(search == CACHE_SEARCH_STUCK)) {
        look_unstick(key->view);
        search = cache_index_search(key->view, key, match, ret_spot);
    }
    return search == CACHE_SEARCH_FOUND;
}

static bool
look_is_tag_stale(const ToolCache *self, const CacheView *view, const CacheSpot *spot)
{
    uint64_t at = (uint64_t)spot->ref * CACHE_UNIT + sizeof(CacheEntry);
    uint64_t arena_size = (uint64_t)view->arena_units * CACHE_UNIT;
    return cache_names_has_stale_tag(self, view->arena + at, arena_size - at) &&
           cache_index_is_same(view, spot->bucket, spot->version);
}

CacheSeen
cache_look_judge(const ToolCache *self, const CacheView *view, const CacheSpot *spot)
{
    if (G_UNLIKELY(!cache_names_is_current(self, spot->life))) {
        return CACHE_SEEN_INVALIDATED;
    }
    if (G_UNLIKELY(spot->shape & CACHE_SHAPE_EXTRA) &&
        look_is_tag_stale(self, view, spot)) {
        return CACHE_SEEN_INVALIDATED;
    }
    return cache_look_is_expired(self, spot->life) ? CACHE_SEEN_EXPIRED
                                                   : CACHE_SEEN_VALID;
}

/* Looks for the spelling as it is, then for what it means. */
CacheSeen
cache_look(ToolCache *self, CacheKeys *keys, CacheSpot *ret_spot, CacheView **ret_view,
           GError **error)
{
    *ret_view = keys->spelled.view;
    if (look_search(&keys->spelled, CACHE_MATCH_SPELLED, ret_spot)) {
        return cache_look_judge(self, *ret_view, ret_spot);
    }
    if (!cache_look_canonize(keys, self, error)) {
        return CACHE_SEEN_ERROR;
    }
    *ret_view = keys->canonical.view;
    if (look_search(&keys->canonical, CACHE_MATCH_CANONICAL, ret_spot)) {
        return cache_look_judge(self, *ret_view, ret_spot);
    }
    return CACHE_SEEN_NOT;
}
