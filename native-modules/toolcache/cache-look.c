/* SPDX-License-Identifier: MIT */
#include "cache-look-private.h"

#include <string.h>

#include "cache-canonical-private.h"
#include "cache-names-private.h"
#include "cache-shard-private.h"

bool
cache_look_is_past_precisely(const ToolCache *self, uint64_t deadline)
{
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
    if (cache_canonical_is_already(spelled->args, spelled->args_size)) {
        self->canonical = *spelled;
        return true;
    }
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
    return self->text != NULL &&
           (self->spelled.args_size != self->text->len ||
            memcmp(self->spelled.args, self->text->str, self->text->len) != 0);
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

uint64_t
cache_look_extra_at(const CacheSpot *spot)
{
    return (uint64_t)spot->ref * CACHE_UNIT + sizeof(CacheEntry);
}

uint64_t
cache_look_fresh_until(const CacheView *view, const CacheSpot *spot)
{
    uint64_t deadline = cache_life_deadline(spot->life);
    if (deadline == CACHE_DEADLINE_NONE || !(spot->shape & CACHE_SHAPE_EXTRA)) {
        return deadline;
    }
    const CacheExtra *extra =
        (const CacheExtra *)(const void *)(view->arena + cache_look_extra_at(spot));
    uint32_t stale = cache_racy_u32(&extra->stale_ticks);
    return deadline > stale ? deadline - stale : 0;
}

/* For entries with extras. What they say holds if the bucket did not change; if it did,
 * the verdict does not matter, for the copy will not be taken. */
static CacheSeen
look_judge_extra(const ToolCache *self, const CacheView *view, const CacheSpot *spot)
{
    uint64_t at = cache_look_extra_at(spot);
    uint64_t arena_size = (uint64_t)view->arena_units * CACHE_UNIT;
    CacheSeen seen = CACHE_SEEN_VALID;
    uint64_t fresh_until = cache_look_fresh_until(view, spot);
    if (cache_names_has_stale_tag(self, view->arena + at, arena_size - at)) {
        seen = CACHE_SEEN_INVALIDATED;
    }
    else if (fresh_until != CACHE_DEADLINE_NONE &&
             cache_look_is_past(self, fresh_until)) {
        seen = CACHE_SEEN_STALE;
    }
    return cache_index_is_same(view, spot->bucket, spot->version) ? seen
                                                                  : CACHE_SEEN_VALID;
}

CacheSeen
cache_look_judge(const ToolCache *self, const CacheView *view, const CacheSpot *spot)
{
    if (G_UNLIKELY(!cache_names_is_current(self, spot->life))) {
        return CACHE_SEEN_INVALIDATED;
    }
    if (cache_look_is_expired(self, spot->life)) {
        return CACHE_SEEN_EXPIRED;
    }
    return G_UNLIKELY(spot->shape & CACHE_SHAPE_EXTRA)
               ? look_judge_extra(self, view, spot)
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
