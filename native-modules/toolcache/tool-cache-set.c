/* SPDX-License-Identifier: MIT */
/* Setting and deleting. */
#include <string.h>

#include "cache-count-private.h"
#include "cache-journal-private.h"
#include "cache-keeper-private.h"
#include "cache-load-private.h"
#include "cache-look-private.h"
#include "cache-names-private.h"
#include "cache-policy-private.h"
#include "cache-shard-private.h"

enum {
    SET_EXPIRE_STEPS = 4 /* steps of the timer wheel that a set pays for */
};

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

/* When an entry is to go: `stale_ns` after its life. */
static uint64_t
set_deadline(const ToolCache *self, uint64_t ttl_ns, uint64_t stale_ns)
{
    if (ttl_ns == 0) {
        return CACHE_DEADLINE_NONE;
    }
    uint64_t now = (uint64_t)base_clock_now(&self->clock);
    uint64_t life = stale_ns > UINT64_MAX - ttl_ns ? UINT64_MAX : ttl_ns + stale_ns;
    /* Rounded down, so that nothing is served late. */
    uint64_t deadline = life > UINT64_MAX - now ? CACHE_DEADLINE_NONE
                                                : (now + life) >> CACHE_TICK_SHIFT;
    return MIN(deadline, CACHE_DEADLINE_NONE - 1);
}

/* What few entries have, built on the stack of a set. */
typedef struct {
    CacheExtra head;
    CacheTagMark marks[TOOL_CACHE_TAGS_MAX];
} SetExtras;

/* Rounded up, for the same reason. */
static uint32_t
set_stale_ticks(uint64_t stale_ns)
{
    return stale_ns == 0 ? 0 : (uint32_t)(stale_ns >> CACHE_TICK_SHIFT) + 1;
}

static uint64_t
set_stale_ns(const ToolCacheSetOptions *options)
{
    uint64_t most = (uint64_t)(UINT32_MAX - 1) << CACHE_TICK_SHIFT;
    return options != NULL ? MIN(options->stale_ns, most) : 0;
}

static bool
set_fill_extras(ToolCache *self, const ToolCacheSetOptions *options, SetExtras *extras)
{
    *extras = (SetExtras){0};
    size_t count = options != NULL ? options->tag_count : 0;
    uint64_t stale_ns = set_stale_ns(options);
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

static void
set_settle(ToolCache *self, CacheView *view)
{
    cache_policy_catch_up(view);
    cache_shard_expire(view, cache_look_ticks(base_clock_now_coarse(&self->clock)),
                       SET_EXPIRE_STEPS, false);
}

static bool
set_store(CacheKeys *keys, CacheInsert *insert)
{
    CacheView *view = keys->canonical.view;
    CacheSpot spot;
    bool is_spelled = cache_look_is_spelled(keys);
    /* The other spelling is only found if it falls into the same shard. */
    insert->is_spelled = is_spelled && keys->spelled.view == view;
    insert->key = insert->is_spelled ? &keys->spelled : &keys->canonical;
    insert->canonical_hash = keys->canonical.hash;
    if (!cache_shard_lock(view)) {
        return false;
    }
    if (insert->load != NULL &&
        !cache_load_claim(insert->load, insert->canonical_hash)) {
        cache_shard_unlock(view);
        return false;
    }
    set_settle(view->cache, view);
    bool has_old = cache_index_locate(view, &keys->canonical, &spot);
    bool is_stored = cache_shard_insert(view, insert, has_old ? spot.ref : 0);
    cache_shard_unlock(view);
    return is_stored;
}

static bool
set_fits(const ToolCache *self, const CacheKeys *keys, const ToolCacheValue *value)
{
    uint64_t room = MIN(self->geometry.max_bytes, self->geometry.arena_size) - 64;
    uint64_t key = MAX(keys->spelled.size, keys->canonical.size);
    return value->size <= CACHE_VALUE_MAX && keys->canonical.size <= CACHE_KEY_MAX &&
           value->size + key + sizeof(CacheEntry) + sizeof(SetExtras) <= room;
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
        .stale_ns = (int64_t)set_stale_ns(options),
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
    SetExtras extras;
    if (!cache_look_spell(&keys, self, key, error) ||
        !cache_look_canonize(&keys, self, error)) {
        return TOOL_CACHE_NOT_SET;
    }
    uint32_t tool = cache_names_add(self, CACHE_NAME_TOOL, keys.spelled.tool_hash,
                                    key->tool, key->tool_size);
    bool has_extras = set_fill_extras(self, options, &extras);
    if ((options != NULL && options->tag_count > TOOL_CACHE_TAGS_MAX) ||
        !set_fits(self, &keys, value)) {
        return set_refuse(self, &keys, key, tool);
    }
    uint64_t ttl = set_life(self, &keys, options);
    uint64_t generation = cache_names_generation(self, tool);
    CacheInsert insert = {
        .value = *value,
        .extra = has_extras ? &extras.head : NULL,
        .life = set_deadline(self, ttl, set_stale_ns(options)) |
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

void
tool_cache_set_loaded(ToolCache *self, const ToolCacheKey *key,
                      const ToolCacheValue *value, const ToolCacheSetOptions *options,
                      bool is_gone)
{
    g_auto(CacheKeys) keys;
    SetExtras extras;
    if (!cache_look_spell(&keys, self, key, NULL) ||
        !cache_look_canonize(&keys, self, NULL)) {
        return;
    }
    if (is_gone || !set_fits(self, &keys, value)) {
        cache_load_claim(self->load, keys.canonical.hash);
        return;
    }
    uint64_t tool = cache_names_add(self, CACHE_NAME_TOOL, keys.spelled.tool_hash,
                                    key->tool, key->tool_size);
    bool has_extras = set_fill_extras(self, options, &extras);
    /* Generation 0, as when the store was made: what was invalidated since stays so. */
    for (size_t i = 0; has_extras && i < extras.head.tag_count; i++) {
        extras.marks[i].generation = 0;
    }
    CacheInsert insert = {
        .value = *value,
        .extra = has_extras ? &extras.head : NULL,
        .life = set_deadline(self, options->ttl_ns, set_stale_ns(options)) |
                tool << CACHE_LIFE_TOOL_SHIFT,
        .load = self->load,
    };
    if (set_store(&keys, &insert)) {
        cache_keeper_watch(self);
    }
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
