/* SPDX-License-Identifier: MIT */
/* Setting and deleting. */
#include <string.h>

#include "cache-count-private.h"
#include "cache-journal-private.h"
#include "cache-keeper-private.h"
#include "cache-load-private.h"
#include "cache-names-private.h"
#include "cache-policy-private.h"
#include "cache-set-private.h"

/* A random part of `most`: entries that were set together do not expire together. */
static uint64_t
set_jitter(const ToolCache *self, uint64_t hash, double jitter, uint64_t ttl_ns)
{
    if (!(jitter > 0) || ttl_ns == UINT64_MAX) {
        return ttl_ns;
    }
    uint64_t random = base_hash_mix(hash, (uint64_t)base_clock_now(&self->clock));
    double part = (double)(random >> 11) / (double)(UINT64_C(1) << 53);
    uint64_t cut = (uint64_t)((double)ttl_ns * MIN(jitter, 1.0) * part);
    return MAX(ttl_ns - MIN(cut, ttl_ns), 1);
}

static uint64_t
set_life(const ToolCache *self, const CacheKeys *keys,
         const ToolCacheSetOptions *options)
{
    if (options == NULL) {
        return self->ttl_ns;
    }
    uint64_t ttl = options->ttl_ns != 0 ? options->ttl_ns : self->ttl_ns;
    return set_jitter(self, keys->canonical.hash, options->jitter, ttl);
}

static bool
set_store(CacheKeys *keys, CacheInsert *insert)
{
    CacheView *view = keys->canonical.view;
    CacheSpot spot;
    cache_set_spell(keys, insert);
    if (!cache_shard_lock(view)) {
        return false;
    }
    cache_policy_prefetch_around_victim(view);
    cache_set_settle(view);
    bool has_old = cache_index_locate(view, &keys->canonical, &spot);
    bool is_stored = cache_shard_insert(view, insert, has_old ? spot.ref : 0);
    cache_policy_prefetch_victim(view);
    cache_shard_unlock(view);
    return is_stored;
}

static bool
set_delete(CacheKeys *keys)
{
    CacheView *view = keys->canonical.view;
    CacheSpot spot;
    if (!cache_shard_lock(view)) {
        return false;
    }
    bool is_there = cache_index_locate(view, &keys->canonical, &spot);
    if (is_there) {
        is_there = cache_look_judge(view->cache, view, &spot) == CACHE_SEEN_VALID;
        cache_shard_remove(view, spot.ref);
    }
    cache_shard_unlock(view);
    return is_there;
}

static void
set_write_down(ToolCache *self, const ToolCacheKey *key, const ToolCacheValue *value,
               const ToolCacheSetOptions *options, uint64_t ttl)
{
    bool is_endless = ttl == 0 || ttl > INT64_MAX / 2;
    CacheJournalRecord record = {
        .op = value != NULL ? CACHE_JOURNAL_SET : CACHE_JOURNAL_DELETE,
        .key = *key,
        .value = value != NULL ? *value : (ToolCacheValue){.bytes = ""},
        .ttl_ns = is_endless ? 0 : (int64_t)ttl,
        .tags = options != NULL ? options->tags : NULL,
        .tag_count = options != NULL ? options->tag_count : 0,
        .stale_ns = (int64_t)cache_set_stale_ns(options),
    };
    cache_journal_append(self, &record);
}

static ToolCacheSetResult
set_refuse(ToolCache *self, CacheKeys *keys, const ToolCacheKey *key, uint32_t tool)
{
    cache_load_touch(self->load, keys->canonical.hash);
    set_delete(keys);
    if (self->journal != NULL) {
        set_write_down(self, key, NULL, NULL, 0);
    }
    cache_count(self, tool, CACHE_COUNT_REFUSED);
    return TOOL_CACHE_REFUSED;
}

ToolCacheSetResult
tool_cache_set(ToolCache *self, const ToolCacheKey *key, const ToolCacheValue *value,
               const ToolCacheSetOptions *options, GError **error)
{
    g_auto(CacheKeys) keys;
    CacheSetExtras extras;
    if (!cache_look_spell(&keys, self, key, error)) {
        return TOOL_CACHE_NOT_SET;
    }
    /* Nearly always the canonical spelling is this one. */
    cache_policy_prefetch(keys.spelled.view, cache_key_low(keys.spelled.hash));
    if (!cache_look_canonize(&keys, self, error)) {
        return TOOL_CACHE_NOT_SET;
    }
    uint32_t tool = cache_names_add(self, CACHE_NAME_TOOL, keys.spelled.tool_hash,
                                    key->tool, key->tool_size);
    bool has_extras = cache_set_fill_extras(self, options, &extras);
    if ((options != NULL && options->tag_count > TOOL_CACHE_TAGS_MAX) ||
        !cache_set_fits(self, &keys, value)) {
        return set_refuse(self, &keys, key, tool);
    }
    uint64_t ttl = set_life(self, &keys, options);
    uint64_t generation = cache_names_generation(self, tool);
    CacheInsert insert = {
        .value = *value,
        .extra = has_extras ? &extras.head : NULL,
        .life = cache_set_deadline(base_clock_now(&self->clock), ttl,
                                   cache_set_stale_ns(options)) |
                (uint64_t)tool << CACHE_LIFE_TOOL_SHIFT |
                generation << CACHE_LIFE_GENERATION_SHIFT,
    };
    cache_load_touch(self->load, keys.canonical.hash);
    bool is_stored = set_store(&keys, &insert);
    if (ttl != 0) {
        cache_keeper_watch(self);
    }
    if (G_UNLIKELY(self->journal != NULL)) {
        set_write_down(self, key, is_stored ? value : NULL, options, ttl);
    }
    cache_count(self, tool, is_stored ? CACHE_COUNT_SET : CACHE_COUNT_REFUSED);
    return is_stored ? TOOL_CACHE_STORED : TOOL_CACHE_REFUSED;
}

ToolCacheResult
tool_cache_delete(ToolCache *self, const ToolCacheKey *key, GError **error)
{
    g_auto(CacheKeys) keys;
    if (!cache_look_spell(&keys, self, key, error) ||
        !cache_look_canonize(&keys, self, error)) {
        return TOOL_CACHE_INVALID;
    }
    bool is_loading = cache_load_touch(self->load, keys.canonical.hash);
    bool is_there = set_delete(&keys);
    if (!is_there && !is_loading) {
        return TOOL_CACHE_MISSING;
    }
    if (self->journal != NULL) {
        set_write_down(self, key, NULL, NULL, 0);
    }
    uint32_t tool = cache_names_find(self, CACHE_NAME_TOOL, keys.spelled.tool_hash);
    cache_count(self, tool, CACHE_COUNT_DELETED);
    return is_there ? TOOL_CACHE_FOUND : TOOL_CACHE_MISSING;
}
