/* SPDX-License-Identifier: MIT */
#include "tool-cache.h"

#include <string.h>
#include <sys/mman.h>

#include "cache-canonical-private.h"
#include "cache-count-private.h"
#include "cache-mapping-private.h"
#include "cache-names-private.h"
#include "cache-policy-private.h"
#include "cache-racy-private.h"
#include "cache-shard-private.h"

enum {
    CACHE_EXPIRE_STEPS = 4 /* steps of the timer wheel that a set pays for */
};

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
    if (cache_mapping_format(base, &geometry, limits->ttl_ns, error)) {
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

/* ---- time ----------------------------------------------------------------- */

static uint64_t
cache_ticks(int64_t now)
{
    return (uint64_t)now >> CACHE_TICK_SHIFT;
}

/* The cheap clock decides, except in the last moments of an entry's life. */
static bool
cache_is_expired(const ToolCache *self, uint64_t life)
{
    uint64_t deadline = cache_life_deadline(life);
    if (deadline == CACHE_DEADLINE_NONE) {
        return false;
    }
    int64_t now = base_clock_now_coarse(&self->clock);
    if (G_LIKELY(cache_ticks(now + BASE_CLOCK_COARSE_LAG_NS) < deadline)) {
        return false;
    }
    return cache_ticks(base_clock_now(&self->clock)) >= deadline;
}

static uint64_t
cache_deadline(const ToolCache *self, uint64_t ttl_ns)
{
    if (ttl_ns == 0) {
        return CACHE_DEADLINE_NONE;
    }
    uint64_t now = (uint64_t)base_clock_now(&self->clock);
    /* Rounded down, so that nothing is served late. */
    uint64_t deadline = ttl_ns > UINT64_MAX - now ? CACHE_DEADLINE_NONE
                                                  : (now + ttl_ns) >> CACHE_TICK_SHIFT;
    return MIN(deadline, CACHE_DEADLINE_NONE - 1);
}

/* ---- reading -------------------------------------------------------------- */

/* A key in both spellings. */
typedef struct {
    CacheKey spelled;
    CacheKey canonical;
    GString *text; /* of the canonical arguments; NULL until asked for */
} CacheKeys;

static void
cache_keys_clear(CacheKeys *self)
{
    if (self->text != NULL) {
        g_string_free(self->text, TRUE);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CacheKeys, cache_keys_clear)

static bool
cache_keys_spell(CacheKeys *self, ToolCache *cache, const ToolCacheKey *key,
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

static bool
cache_keys_canonize(CacheKeys *self, ToolCache *cache, GError **error)
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

static bool
cache_keys_is_spelled(const CacheKeys *self)
{
    return self->spelled.args_size != self->text->len ||
           memcmp(self->spelled.args, self->text->str, self->text->len) != 0;
}

/* A bucket stayed busy: its writer died, or is stopped. */
static void
cache_unstick(CacheView *view)
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
cache_search(CacheKey *key, CacheMatch match, CacheSpot *ret_spot)
{
    CacheSearch search = cache_index_search(key->view, key, match, ret_spot);
    if (G_UNLIKELY(search == CACHE_SEARCH_STUCK)) {
        cache_unstick(key->view);
        search = cache_index_search(key->view, key, match, ret_spot);
    }
    return search == CACHE_SEARCH_FOUND;
}

typedef enum {
    CACHE_SEEN_VALID,
    CACHE_SEEN_EXPIRED,
    CACHE_SEEN_INVALIDATED,
    CACHE_SEEN_NOT,
    CACHE_SEEN_ERROR,
} CacheSeen;

static CacheSeen
cache_judge(const ToolCache *self, const CacheSpot *spot)
{
    if (G_UNLIKELY(!cache_names_is_current(self, spot->life))) {
        return CACHE_SEEN_INVALIDATED;
    }
    return cache_is_expired(self, spot->life) ? CACHE_SEEN_EXPIRED : CACHE_SEEN_VALID;
}

/* Looks for the spelling as it is, then for what it means. */
static CacheSeen
cache_look(ToolCache *self, CacheKeys *keys, CacheSpot *ret_spot, CacheView **ret_view,
           GError **error)
{
    *ret_view = keys->spelled.view;
    if (cache_search(&keys->spelled, CACHE_MATCH_SPELLED, ret_spot)) {
        return cache_judge(self, ret_spot);
    }
    if (!cache_keys_canonize(keys, self, error)) {
        return CACHE_SEEN_ERROR;
    }
    *ret_view = keys->canonical.view;
    if (cache_search(&keys->canonical, CACHE_MATCH_CANONICAL, ret_spot)) {
        return cache_judge(self, ret_spot);
    }
    return CACHE_SEEN_NOT;
}

static void
cache_count_miss(ToolCache *self, const CacheKeys *keys, CacheSeen seen)
{
    CacheCount count = CACHE_COUNT_MISS;
    if (seen == CACHE_SEEN_EXPIRED) {
        count = CACHE_COUNT_MISS_EXPIRED;
    }
    else if (seen == CACHE_SEEN_INVALIDATED) {
        count = CACHE_COUNT_MISS_INVALIDATED;
    }
    else {
        const CacheKey *key = &keys->canonical;
        CachePast past = cache_policy_past(key->view, cache_key_low(key->hash));
        count = past == CACHE_PAST_EVICTED   ? CACHE_COUNT_MISS_EVICTED
                : past == CACHE_PAST_EXPIRED ? CACHE_COUNT_MISS_EXPIRED
                                             : CACHE_COUNT_MISS;
    }
    uint32_t tool = cache_names_find(self, CACHE_NAME_TOOL, keys->spelled.tool_hash);
    cache_count(self, tool, count);
}

ToolCacheResult
tool_cache_find(ToolCache *self, const ToolCacheKey *key, ToolCacheHit *ret_hit,
                GError **error)
{
    g_auto(CacheKeys) keys;
    CacheSpot spot;
    CacheView *view;
    if (!cache_keys_spell(&keys, self, key, error)) {
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
    ret_hit->kind = (ToolCacheKind)cache_shape_kind(spot.shape);
    ret_hit->size = spot.value_size;
    ret_hit->shard = (uint32_t)(view - self->views);
    ret_hit->bucket = spot.bucket;
    ret_hit->slot = spot.slot;
    ret_hit->tool = cache_life_tool(spot.life);
    ret_hit->version = spot.version;
    ret_hit->offset = spot.value_at;
    return TOOL_CACHE_FOUND;
}

bool
tool_cache_read(ToolCache *self, const ToolCacheHit *hit, void *to)
{
    CacheView *view = &self->views[hit->shard];
    cache_racy_copy(to, view->arena + hit->offset, hit->size);
    if (G_UNLIKELY(!cache_index_is_same(view, hit->bucket, hit->version))) {
        return false;
    }
    cache_policy_note(view, hit->bucket, hit->slot);
    cache_count(self, hit->tool, CACHE_COUNT_HIT);
    return true;
}

ToolCacheResult
tool_cache_peek(ToolCache *self, const ToolCacheKey *key, GError **error)
{
    g_auto(CacheKeys) keys;
    CacheSpot spot;
    CacheView *view;
    if (!cache_keys_spell(&keys, self, key, error)) {
        return TOOL_CACHE_INVALID;
    }
    CacheSeen seen = cache_look(self, &keys, &spot, &view, error);
    return seen == CACHE_SEEN_ERROR   ? TOOL_CACHE_INVALID
           : seen == CACHE_SEEN_VALID ? TOOL_CACHE_FOUND
                                      : TOOL_CACHE_MISSING;
}

/* ---- writing -------------------------------------------------------------- */

static void
cache_settle(ToolCache *self, CacheView *view)
{
    cache_policy_catch_up(view);
    cache_shard_expire(view, cache_ticks(base_clock_now_coarse(&self->clock)),
                       CACHE_EXPIRE_STEPS, false);
}

static bool
cache_store(CacheKeys *keys, CacheInsert *insert)
{
    CacheView *view = keys->canonical.view;
    CacheSpot spot;
    bool is_spelled = cache_keys_is_spelled(keys);
    /* The other spelling is only found if it falls into the same shard. */
    insert->is_spelled = is_spelled && keys->spelled.view == view;
    insert->key = insert->is_spelled ? &keys->spelled : &keys->canonical;
    insert->canonical_hash = keys->canonical.hash;
    if (!cache_shard_lock(view)) {
        return false;
    }
    cache_settle(view->cache, view);
    bool has_old = cache_index_locate(view, &keys->canonical, &spot);
    bool is_stored = cache_shard_insert(view, insert, has_old ? spot.ref : 0);
    cache_shard_unlock(view);
    return is_stored;
}

static bool
cache_fits(const ToolCache *self, const CacheKeys *keys, const ToolCacheValue *value)
{
    uint64_t room = MIN(self->geometry.max_bytes, self->geometry.arena_size) - 64;
    uint64_t key = MAX(keys->spelled.size, keys->canonical.size);
    return value->size <= CACHE_VALUE_MAX && keys->canonical.size <= CACHE_KEY_MAX &&
           value->size + key + sizeof(CacheEntry) <= room;
}

static bool
cache_delete_key(CacheKeys *keys)
{
    CacheView *view = keys->canonical.view;
    CacheSpot spot;
    if (!cache_shard_lock(view)) {
        return false;
    }
    bool is_there = cache_index_locate(view, &keys->canonical, &spot);
    if (is_there) {
        is_there = cache_judge(view->cache, &spot) == CACHE_SEEN_VALID;
        cache_shard_remove(view, spot.ref);
    }
    cache_shard_unlock(view);
    return is_there;
}

ToolCacheSetResult
tool_cache_set(ToolCache *self, const ToolCacheKey *key, const ToolCacheValue *value,
               const ToolCacheSetOptions *options, GError **error)
{
    g_auto(CacheKeys) keys;
    if (!cache_keys_spell(&keys, self, key, error) ||
        !cache_keys_canonize(&keys, self, error)) {
        return TOOL_CACHE_NOT_SET;
    }
    uint32_t tool = cache_names_add(self, CACHE_NAME_TOOL, keys.spelled.tool_hash,
                                    key->tool, key->tool_size);
    if (!cache_fits(self, &keys, value)) {
        cache_delete_key(&keys);
        cache_count(self, tool, CACHE_COUNT_REFUSED);
        return TOOL_CACHE_REFUSED;
    }
    uint64_t ttl =
        options != NULL && options->ttl_ns != 0 ? options->ttl_ns : self->ttl_ns;
    uint64_t generation = cache_names_generation(self, tool);
    CacheInsert insert = {
        .value = *value,
        .life = cache_deadline(self, ttl) | (uint64_t)tool << CACHE_LIFE_TOOL_SHIFT |
                generation << CACHE_LIFE_GENERATION_SHIFT,
    };
    bool is_stored = cache_store(&keys, &insert);
    cache_count(self, tool, is_stored ? CACHE_COUNT_SET : CACHE_COUNT_REFUSED);
    return is_stored ? TOOL_CACHE_STORED : TOOL_CACHE_REFUSED;
}

ToolCacheResult
tool_cache_delete(ToolCache *self, const ToolCacheKey *key, GError **error)
{
    g_auto(CacheKeys) keys;
    if (!cache_keys_spell(&keys, self, key, error) ||
        !cache_keys_canonize(&keys, self, error)) {
        return TOOL_CACHE_INVALID;
    }
    if (!cache_delete_key(&keys)) {
        return TOOL_CACHE_MISSING;
    }
    uint32_t tool = cache_names_find(self, CACHE_NAME_TOOL, keys.spelled.tool_hash);
    cache_count(self, tool, CACHE_COUNT_DELETED);
    return TOOL_CACHE_FOUND;
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
