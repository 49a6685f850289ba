/* SPDX-License-Identifier: MIT */
#include "cache-index-private.h"

#include <sched.h>

#include "cache-arena-private.h"
#include "cache-bucket-private.h"
#include "cache-canonical-private.h"

enum {
    INDEX_SPIN_MAX = 200,  /* rounds before the processor is given away */
    INDEX_STUCK_MAX = 2000 /* rounds before the lock is asked */
};

/* ---- reading -------------------------------------------------------------- */

/* Takes over the facts of the entry at `ref` as far as they lie inside the arena. They
 * are true only if the version is unchanged afterwards. */
static const char *
index_load_entry(const CacheView *view, uint32_t ref, CacheSpot *spot)
{
    uint64_t arena_size = (uint64_t)view->arena_units * CACHE_UNIT;
    uint64_t at = (uint64_t)ref * CACHE_UNIT;
    if (ref == 0 || at + sizeof(CacheEntry) + sizeof(CacheExtra) > arena_size) {
        return NULL;
    }
    const CacheEntry *entry = (const CacheEntry *)(view->arena + at);
    spot->ref = ref;
    spot->shape = cache_entry_shape(entry);
    spot->life = cache_entry_life(entry);
    spot->value_size = cache_racy_u32(&entry->value_size);
    at += sizeof(CacheEntry);
    if (spot->shape & CACHE_SHAPE_EXTRA) {
        at += cache_racy_u32(&((const CacheExtra *)(entry + 1))->size);
    }
    spot->value_at = at + cache_shape_key_size(spot->shape);
    if (spot->value_at + spot->value_size > arena_size ||
        !cache_shape_is_whole(spot->shape, spot->value_size)) {
        return NULL;
    }
    return (const char *)view->arena + at;
}

/* Whether the entry's arguments, which are not in canonical form, mean the same. */
static bool
index_means_same(const CacheView *view, const CacheKey *key, const char *stored,
                 const CacheSpot *spot)
{
    size_t size = cache_shape_key_size(spot->shape);
    g_autofree char *copy = g_malloc(size + 1);
    cache_racy_copy(copy, stored, size);
    CacheKeyParts parts;
    if (!cache_index_is_same(view, spot->bucket, spot->version) ||
        !cache_key_split(copy, size, &parts) || parts.tool_size != key->tool_size ||
        memcmp(parts.tool, key->tool, key->tool_size) != 0) {
        return false;
    }
    GString *args = cache_canonical(parts.args, parts.args_size, NULL);
    if (args == NULL) {
        return false;
    }
    bool is_same = args->len == key->args_size &&
                   memcmp(args->str, key->args, key->args_size) == 0;
    g_string_free(args, TRUE);
    return is_same;
}

static inline bool __attribute__((always_inline))
index_matches(const CacheView *view, const CacheKey *key, CacheMatch match,
              CacheSpot *spot)
{
    const CacheBucket *bucket = &view->buckets[spot->bucket];
    bool is_alias = cache_bucket_slot_tag(bucket, spot->slot) & CACHE_TAG_ALIAS;
    if (match == CACHE_MATCH_CANONICAL && is_alias) {
        return false;
    }
    const char *stored =
        index_load_entry(view, cache_bucket_ref(bucket, spot->slot), spot);
    if (stored == NULL) {
        return false;
    }
    if (cache_key_equals(key, stored, cache_shape_key_size(spot->shape))) {
        return true;
    }
    return match == CACHE_MATCH_CANONICAL && spot->shape & CACHE_SHAPE_SPELLED &&
           index_means_same(view, key, stored, spot);
}

/* Looks through one bucket whose version spot->version was taken before. */
static inline bool __attribute__((always_inline))
index_scan(const CacheView *view, const CacheKey *key, CacheMatch match,
           CacheSpot *spot)
{
    const CacheBucket *bucket = &view->buckets[spot->bucket];
    uint32_t tag = cache_bucket_tag(cache_key_low(key->hash));
    for (uint32_t half = 0; half < 2; half++) {
        uint64_t found = cache_bucket_match(cache_bucket_tags(bucket, half), tag);
        for (; found != 0; found &= found - 1) {
            spot->slot = half * 4 + (uint32_t)__builtin_ctzll(found) / 16;
            if (index_matches(view, key, match, spot)) {
                return true;
            }
        }
    }
    return false;
}

/* One try; CACHE_SEARCH_STUCK: somebody was writing. */
static inline CacheSearch __attribute__((always_inline))
index_try(const CacheView *view, const CacheKey *key, CacheMatch match, CacheSpot *spot)
{
    uint32_t low = cache_key_low(key->hash);
    uint32_t home = cache_bucket_home(view, low);
    uint64_t version = cache_bucket_version(&view->buckets[home]);
    spot->bucket = home;
    spot->version = version;
    if (version & CACHE_VERSION_BUSY) {
        return CACHE_SEARCH_STUCK;
    }
    if (version == 0) {
        return CACHE_SEARCH_MISSING;
    }
    bool is_found = index_scan(view, key, match, spot);
    if (!is_found && cache_bucket_spilled(version) > 0) {
        spot->bucket = cache_bucket_other(view, low);
        spot->version = cache_bucket_version(&view->buckets[spot->bucket]);
        if (spot->version & CACHE_VERSION_BUSY) {
            return CACHE_SEARCH_STUCK;
        }
        is_found = index_scan(view, key, match, spot);
        if (!is_found && !cache_index_is_same(view, spot->bucket, spot->version)) {
            return CACHE_SEARCH_STUCK;
        }
    }
    if (is_found) {
        return cache_index_is_same(view, spot->bucket, spot->version)
                   ? CACHE_SEARCH_FOUND
                   : CACHE_SEARCH_STUCK;
    }
    return cache_index_is_same(view, home, version) ? CACHE_SEARCH_MISSING
                                                    : CACHE_SEARCH_STUCK;
}

/* Tries again until nobody wrote meanwhile. */
static CacheSearch
index_insist(CacheView *view, const CacheKey *key, CacheMatch match, CacheSpot *spot)
{
    for (unsigned round = 0; round < INDEX_STUCK_MAX; round++) {
        CacheSearch search = index_try(view, key, match, spot);
        if (search != CACHE_SEARCH_STUCK) {
            return search;
        }
        if (round > INDEX_SPIN_MAX) {
            sched_yield();
        }
    }
    return CACHE_SEARCH_STUCK;
}

CacheSearch
cache_index_search(CacheView *view, const CacheKey *key, CacheMatch match,
                   CacheSpot *ret_spot)
{
    if (match == CACHE_MATCH_SPELLED) { /* written out: the compiler makes it short */
        CacheSearch search = index_try(view, key, CACHE_MATCH_SPELLED, ret_spot);
        if (G_LIKELY(search != CACHE_SEARCH_STUCK)) {
            return search;
        }
    }
    return index_insist(view, key, match, ret_spot);
}

/* ---- writing -------------------------------------------------------------- */

bool
cache_index_locate(CacheView *view, const CacheKey *key, CacheSpot *ret_spot)
{
    uint32_t low = cache_key_low(key->hash);
    uint32_t buckets[2] = {cache_bucket_home(view, low), cache_bucket_other(view, low)};
    for (unsigned i = 0; i < 2; i++) {
        ret_spot->bucket = buckets[i];
        ret_spot->version = cache_bucket_version(&view->buckets[buckets[i]]);
        if (index_scan(view, key, CACHE_MATCH_CANONICAL, ret_spot)) {
            return true;
        }
        if (cache_bucket_spilled(ret_spot->version) == 0) {
            break;
        }
    }
    return false;
}

/* A touch mark that differs from the present epoch, so that the next hit counts. */
static uint8_t
index_untouched(const CacheView *view)
{
    uint32_t epoch = atomic_load_explicit(&view->shard->epoch, memory_order_relaxed);
    return (uint8_t)(epoch - 1);
}

static void
index_put(CacheView *view, uint32_t index, uint32_t slot, uint32_t tag, uint32_t ref)
{
    CacheBucket *bucket = &view->buckets[index];
    cache_bucket_begin(view, bucket);
    cache_bucket_put(bucket, slot, tag, ref, index_untouched(view));
    cache_bucket_end(view, bucket, 0);
}

static void
index_count_spilled(CacheView *view, uint32_t index, int by)
{
    CacheBucket *bucket = &view->buckets[index];
    cache_bucket_begin(view, bucket);
    cache_bucket_end(view, bucket, by);
}

static void
index_clear_slot(CacheView *view, uint32_t home, uint32_t index, uint32_t slot)
{
    CacheBucket *bucket = &view->buckets[index];
    cache_bucket_begin(view, bucket);
    cache_bucket_put(bucket, slot, 0, 0, 0);
    cache_bucket_end(view, bucket, 0);
    if (index != home) {
        index_count_spilled(view, home, -1);
    }
}

/* Returns the slot of an alias in the bucket, CACHE_BUCKET_SLOTS if it has none. */
static uint32_t
index_alias_slot(const CacheBucket *bucket)
{
    uint32_t slot = 0;
    while (slot < CACHE_BUCKET_SLOTS &&
           !(cache_bucket_slot_tag(bucket, slot) & CACHE_TAG_ALIAS)) {
        slot++;
    }
    return slot;
}

/* An alias gives its slot up. Which bucket counts it as spilled is not known without
 * its key; a count that stays too high only costs a look. */
static uint32_t
index_drop_alias(CacheView *view, uint32_t index)
{
    CacheBucket *bucket = &view->buckets[index];
    uint32_t slot = index_alias_slot(bucket);
    if (slot < CACHE_BUCKET_SLOTS) {
        index_clear_slot(view, index, index, slot);
    }
    return slot;
}

/* Moves the entry of a slot to its other bucket, if that has a free slot. */
static bool
index_move_slot(CacheView *view, uint32_t index, uint32_t slot)
{
    CacheBucket *bucket = &view->buckets[index];
    uint32_t ref = cache_bucket_ref(bucket, slot);
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry == NULL) {
        return false;
    }
    uint32_t home = cache_bucket_home(view, entry->hash);
    uint32_t other = home == index ? cache_bucket_other(view, entry->hash) : home;
    CacheBucket *target = &view->buckets[other];
    uint32_t free_slot = cache_bucket_free_slot(target);
    if (free_slot == CACHE_BUCKET_SLOTS || other == index) {
        return false;
    }
    uint32_t tag = cache_bucket_slot_tag(bucket, slot);
    /* Both are busy until the move is complete: a reader sees it once, never twice or
     * not at all. */
    cache_bucket_begin(view, bucket);
    cache_bucket_begin(view, target);
    cache_bucket_put(target, free_slot, tag, ref, index_untouched(view));
    cache_bucket_put(bucket, slot, 0, 0, 0);
    cache_bucket_end(view, target, home == other ? -1 : 0);
    cache_bucket_end(view, bucket, home == index ? 1 : 0);
    return true;
}

static uint32_t
index_make_room(CacheView *view, uint32_t index)
{
    uint32_t slot = cache_bucket_free_slot(&view->buckets[index]);
    return slot < CACHE_BUCKET_SLOTS ? slot : index_drop_alias(view, index);
}

/* Returns the slot that became free, CACHE_BUCKET_SLOTS if none did. */
static uint32_t
index_move_any(CacheView *view, uint32_t index)
{
    uint32_t slot = 0;
    while (slot < CACHE_BUCKET_SLOTS && !index_move_slot(view, index, slot)) {
        slot++;
    }
    return slot;
}

/* A free slot of the two buckets, or one that an alias gives up or whose entry moves to
 * its other bucket; CACHE_BUCKET_SLOTS if there is none. */
static uint32_t
index_find_room(CacheView *view, uint32_t home, uint32_t other, uint32_t *ret_index)
{
    uint32_t (*const ways[])(CacheView *, uint32_t) = {index_make_room, index_move_any};
    const uint32_t buckets[] = {home, other};
    uint32_t slot = CACHE_BUCKET_SLOTS;
    for (unsigned i = 0; i < 4 && slot == CACHE_BUCKET_SLOTS; i++) {
        *ret_index = buckets[i % 2];
        slot = ways[i / 2](view, *ret_index);
    }
    return slot;
}

static bool
index_insert_alias(CacheView *view, uint32_t low, uint32_t ref)
{
    uint32_t home = cache_bucket_home(view, low);
    uint32_t slot = cache_bucket_free_slot(&view->buckets[home]);
    if (slot == CACHE_BUCKET_SLOTS) {
        return false;
    }
    index_put(view, home, slot, cache_bucket_tag(low) | CACHE_TAG_ALIAS, ref);
    return true;
}

bool
cache_index_insert(CacheView *view, uint64_t hash, uint32_t ref, bool is_alias)
{
    uint32_t low = cache_key_low(hash);
    if (is_alias) {
        return index_insert_alias(view, low, ref);
    }
    uint32_t home = cache_bucket_home(view, low), index;
    uint32_t slot = index_find_room(view, home, cache_bucket_other(view, low), &index);
    uint32_t tag = cache_bucket_tag(low);
    if (slot == CACHE_BUCKET_SLOTS) {
        return false;
    }
    if (index != home) {
        /* First, so that no reader stops there too early. */
        index_count_spilled(view, home, 1);
    }
    index_put(view, index, slot, tag, ref);
    return true;
}

uint32_t
cache_index_rival(CacheView *view, uint64_t hash)
{
    uint32_t home = cache_bucket_home(view, cache_key_low(hash));
    /* Any will do, but always the same one would be hammered. */
    uint32_t slot = (uint32_t)(hash >> 40) % CACHE_BUCKET_SLOTS;
    return cache_bucket_ref(&view->buckets[home], slot);
}

/* Finds the slot that holds `ref` for that hash. */
static bool
index_find_ref(const CacheView *view, uint32_t low, uint32_t ref, bool is_alias,
               CacheSpot *ret_spot)
{
    uint32_t tag = cache_bucket_tag(low) | (is_alias ? CACHE_TAG_ALIAS : 0);
    uint32_t buckets[2] = {cache_bucket_home(view, low), cache_bucket_other(view, low)};
    for (unsigned i = 0; i < 2; i++) {
        const CacheBucket *bucket = &view->buckets[buckets[i]];
        for (uint32_t slot = 0; slot < CACHE_BUCKET_SLOTS; slot++) {
            if (cache_bucket_ref(bucket, slot) == ref &&
                cache_bucket_slot_tag(bucket, slot) == tag) {
                ret_spot->bucket = buckets[i];
                ret_spot->slot = slot;
                return true;
            }
        }
    }
    return false;
}

void
cache_index_collect(const CacheView *view, GArray *refs)
{
    for (uint32_t i = 0; i < view->bucket_count; i++) {
        const CacheBucket *bucket = &view->buckets[i];
        bool is_used = cache_bucket_version(bucket) != 0;
        for (uint32_t slot = 0; is_used && slot < CACHE_BUCKET_SLOTS; slot++) {
            uint32_t ref = cache_bucket_ref(bucket, slot);
            if (ref != 0 && !(cache_bucket_slot_tag(bucket, slot) & CACHE_TAG_ALIAS)) {
                g_array_append_val(refs, ref);
            }
        }
    }
}

bool
cache_index_has(const CacheView *view, uint32_t low, uint32_t ref)
{
    CacheSpot spot;
    return index_find_ref(view, low, ref, false, &spot);
}

void
cache_index_replace(CacheView *view, uint32_t low, uint32_t old, uint32_t ref)
{
    CacheSpot spot;
    if (!index_find_ref(view, low, old, false, &spot)) {
        view->is_damaged = true;
        return;
    }
    index_put(view, spot.bucket, spot.slot, cache_bucket_tag(low), ref);
}

void
cache_index_remove(CacheView *view, uint32_t low, uint32_t ref, bool is_alias)
{
    CacheSpot spot;
    if (index_find_ref(view, low, ref, is_alias, &spot)) {
        uint32_t home = is_alias ? spot.bucket : cache_bucket_home(view, low);
        index_clear_slot(view, home, spot.bucket, spot.slot);
    }
}

uint32_t
cache_index_touched(const CacheView *view, uint64_t touch)
{
    uint64_t index = (touch >> 16) - 1;
    if (touch == 0 || index >= view->bucket_count) {
        return 0;
    }
    const CacheBucket *bucket = &view->buckets[index];
    for (uint32_t slot = 0; slot < CACHE_BUCKET_SLOTS; slot++) {
        if (cache_bucket_slot_tag(bucket, slot) == (touch & 0xFFFF)) {
            return cache_bucket_ref(bucket, slot);
        }
    }
    return 0;
}

void
cache_index_reset(CacheView *view)
{
    /* Readers that hold a version of before must never meet it again. */
    cache_bucket_set_changes(view, cache_bucket_changes(view) | 1);
    atomic_fetch_add_explicit(&view->shard->generation, 1, memory_order_relaxed);
    cache_arena_release(view->buckets,
                        (size_t)view->bucket_count * sizeof(CacheBucket));
    atomic_thread_fence(memory_order_seq_cst);
    cache_bucket_set_changes(view, cache_bucket_changes(view) + 1);
}
