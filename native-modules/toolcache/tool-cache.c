/* SPDX-License-Identifier: MIT */
#include "tool-cache.h"

#include <string.h>
#include <sys/mman.h>

#include "cache-bucket-private.h"
#include "cache-canonical-private.h"
#include "cache-journal-private.h"
#include "cache-keeper-private.h"
#include "cache-load-private.h"
#include "cache-look-private.h"
#include "cache-count-private.h"
#include "cache-mapping-private.h"
#include "cache-names-private.h"
#include "cache-ghosts-private.h"
#include "cache-policy-private.h"
#include "cache-racy-private.h"
#include "cache-shard-private.h"

G_DEFINE_QUARK(tool - cache - error, tool_cache_error)

/* ---- life ----------------------------------------------------------------- */

ToolCache *
tool_cache_new(const ToolCacheLimits *limits, GError **error)
{
    CacheGeometry geometry;
    if (!cache_layout_check(limits, &geometry, error)) {
        return NULL;
    }
    unsigned char *base = cache_mapping_new(geometry.mapping_bytes, error);
    if (base == NULL) {
        return NULL;
    }
    ToolCache *self = NULL;
    if (cache_mapping_format(base, &geometry, limits->ttl_ns, 0, error)) {
        self = cache_mapping_handle(base, NULL, error);
    }
    if (self == NULL) {
        munmap(base, geometry.mapping_bytes);
    }
    return self;
}

ToolCache *
tool_cache_ref(ToolCache *self)
{
    atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
    return self;
}

void
tool_cache_unref(ToolCache *self)
{
    if (self == NULL ||
        atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    cache_load_stop(self->load);
    cache_keeper_forget(self);
    cache_journal_tidy(self, true);
    cache_journal_sync(self);
    cache_load_free(self->load);
    cache_journal_free(self->journal);
    munmap(self->base, self->geometry.mapping_bytes);
    g_free(self->name);
    g_free(self);
}

void
tool_cache_limits(const ToolCache *self, ToolCacheLimits *ret_limits)
{
    *ret_limits = (ToolCacheLimits){.max_entries = self->geometry.max_entries,
                                    .max_bytes = self->geometry.max_bytes,
                                    .ttl_ns = self->ttl_ns};
}

const char *
tool_cache_name(const ToolCache *self)
{
    return self->name;
}

void
tool_cache_set_clock(ToolCache *self, const BaseClock *clock)
{
    self->clock = *clock;
}

/* ---- reading ------------------------------------------------------------- */

static void
cache_count_miss(ToolCache *self, const CacheKeys *keys, CacheSeen seen)
{
    CacheCount count = CACHE_COUNT_MISS;
    if (seen == CACHE_SEEN_EXPIRED || seen == CACHE_SEEN_STALE) {
        count = CACHE_COUNT_MISS_EXPIRED;
    }
    else if (seen == CACHE_SEEN_INVALIDATED) {
        count = CACHE_COUNT_MISS_INVALIDATED;
    }
    else {
        const CacheKey *key = &keys->canonical;
        CachePast past = cache_ghosts_past(key->view, cache_key_low(key->hash));
        count = past == CACHE_PAST_EVICTED   ? CACHE_COUNT_MISS_EVICTED
                : past == CACHE_PAST_EXPIRED ? CACHE_COUNT_MISS_EXPIRED
                                             : CACHE_COUNT_MISS;
    }
    uint32_t tool = cache_names_find(self, CACHE_NAME_TOOL, keys->spelled.tool_hash);
    cache_count(self, tool, count);
}

static void
cache_fill_hit(const ToolCache *self, const CacheView *view, const CacheSpot *spot,
               bool is_stale, ToolCacheHit *ret_hit)
{
    *ret_hit = (ToolCacheHit){
        .kind = (ToolCacheKind)cache_shape_kind(spot->shape),
        .is_plain = !(spot->shape & CACHE_SHAPE_EXTRA),
        .is_stale = is_stale,
        .size = spot->value_size,
        .version = spot->version,
        .place = {.life = spot->life,
                  .bucket = spot->bucket,
                  .shard = (uint16_t)(view - self->views),
                  .slot = (uint16_t)spot->slot},
        .offset = spot->value_at,
    };
}

ToolCacheResult
tool_cache_find(ToolCache *self, const ToolCacheKey *key, ToolCacheHit *ret_hit,
                GError **error)
{
    g_auto(CacheKeys) keys;
    CacheSpot spot;
    CacheView *view;
    if (!cache_look_spell(&keys, self, key, error)) {
        return TOOL_CACHE_INVALID;
    }
    CacheSeen seen = cache_look(self, &keys, &spot, &view, error);
    if (seen == CACHE_SEEN_ERROR) {
        return TOOL_CACHE_INVALID;
    }
    if (seen != CACHE_SEEN_VALID) {
        cache_count_miss(self, &keys, seen);
        return TOOL_CACHE_MISSING;
    }
    cache_fill_hit(self, view, &spot, false, ret_hit);
    return TOOL_CACHE_FOUND;
}

ToolCacheResult
tool_cache_find_stale(ToolCache *self, const ToolCacheKey *key, ToolCacheHit *ret_hit,
                      int64_t *ret_age_ns, GError **error)
{
    g_auto(CacheKeys) keys;
    CacheSpot spot;
    CacheView *view;
    if (!cache_look_spell(&keys, self, key, error)) {
        return TOOL_CACHE_INVALID;
    }
    CacheSeen seen = cache_look(self, &keys, &spot, &view, error);
    if (seen != CACHE_SEEN_VALID && seen != CACHE_SEEN_STALE) {
        return seen == CACHE_SEEN_ERROR ? TOOL_CACHE_INVALID : TOOL_CACHE_MISSING;
    }
    cache_fill_hit(self, view, &spot, seen == CACHE_SEEN_STALE, ret_hit);
    int64_t end = (int64_t)(cache_look_fresh_until(view, &spot) << CACHE_TICK_SHIFT);
    *ret_age_ns = ret_hit->is_stale ? base_clock_now(&self->clock) - end : 0;
    return TOOL_CACHE_FOUND;
}

/* Apart, so that a hit has no registers to save for it. */
static void __attribute__((noinline, cold)) cache_apply_notes(CacheView *view)
{
    if (cache_shard_try_lock(view)) {
        cache_policy_catch_up(view);
        cache_shard_unlock(view);
    }
}

static inline void
cache_count_hit(ToolCache *self, CacheView *view, const ToolCachePlace *place,
                CacheCount count)
{
    if (G_UNLIKELY(cache_policy_note(view, place->bucket, place->slot))) {
        cache_apply_notes(view);
    }
    cache_count(self, cache_life_tool(place->life), count);
}

bool
tool_cache_read(ToolCache *self, const ToolCacheHit *hit, void *to)
{
    const ToolCachePlace *place = &hit->place;
    CacheView *view = &self->views[place->shard];
    cache_racy_copy(to, view->arena + hit->offset, hit->size);
    if (G_UNLIKELY(!cache_index_is_same(view, place->bucket, hit->version))) {
        return false;
    }
    cache_count_hit(self, view, place,
                    hit->is_stale ? CACHE_COUNT_STALE : CACHE_COUNT_HIT);
    return true;
}

uint64_t
tool_cache_hash_tool(const ToolCache *self, const char *tool, size_t size)
{
    return base_hash_bytes(&self->hash, tool, size);
}

/* The shard has changed since it was last looked at: the entry may be another one. */
static bool __attribute__((noinline))
cache_is_same_bucket(CacheView *view, ToolCachePlace *place, uint64_t version,
                     uint64_t changes)
{
    if (!cache_index_is_same(view, place->bucket, version)) {
        return false;
    }
    if (G_UNLIKELY(cache_policy_note(view, place->bucket, place->slot))) {
        cache_apply_notes(view);
    }
    place->changes = (changes & 1) == 0 ? changes : 0;
    return true;
}

/* Nothing here is indexed; the check would be a twentieth of a hit. */
bool __attribute__((no_stack_protector))
tool_cache_is_same(ToolCache *self, ToolCachePlace *place, const uint64_t *version)
{
    CacheView *view = &self->views[place->shard];
    uint64_t changes = cache_bucket_changes(view);
    if (!cache_names_is_current(self, place->life) ||
        cache_look_is_expired(self, place->life) ||
        (place->changes != changes &&
         !cache_is_same_bucket(view, place, *version, changes))) {
        return false;
    }
    cache_count(self, cache_life_tool(place->life), CACHE_COUNT_HIT);
    return true;
}

ToolCacheResult
tool_cache_peek(ToolCache *self, const ToolCacheKey *key, GError **error)
{
    g_auto(CacheKeys) keys;
    CacheSpot spot;
    CacheView *view;
    if (!cache_look_spell(&keys, self, key, error)) {
        return TOOL_CACHE_INVALID;
    }
    CacheSeen seen = cache_look(self, &keys, &spot, &view, error);
    return seen == CACHE_SEEN_ERROR   ? TOOL_CACHE_INVALID
           : seen == CACHE_SEEN_VALID ? TOOL_CACHE_FOUND
                                      : TOOL_CACHE_MISSING;
}

char *
tool_cache_canonical(const char *text, size_t size, size_t *ret_size, GError **error)
{
    GString *canonical = cache_canonical(text, size, error);
    if (canonical == NULL) {
        return NULL;
    }
    *ret_size = canonical->len;
    return g_string_free(canonical, FALSE);
}
