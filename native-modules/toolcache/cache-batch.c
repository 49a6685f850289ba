/* SPDX-License-Identifier: MIT */
#include "cache-batch-private.h"

#include <string.h>

#include "cache-bucket-private.h"
#include "cache-keeper-private.h"
#include "cache-names-private.h"
#include "cache-set-private.h"

enum {
    BATCH_ITEMS = 64,
    BATCH_END = BATCH_ITEMS, /* no further item */
};

typedef struct {
    CacheKeys keys;
    CacheInsert insert;
    CacheSetExtras extras;
    bool is_gone;
    uint32_t next; /* of the same shard */
} BatchItem;

struct CacheBatch {
    ToolCache *cache; /* borrowed, as is ... */
    CacheLoad *load;
    int64_t now_ns;
    bool is_old;
    /* The tool of the last item: one hash and one row for many. */
    const char *tool;
    size_t tool_size;
    uint64_t tool_hash, tool_row;
    uint32_t count;
    uint32_t first[CACHE_SHARDS_MAX], last[CACHE_SHARDS_MAX];
    BatchItem items[BATCH_ITEMS];
};

static void
batch_reset(CacheBatch *self)
{
    for (uint32_t i = 0; i < self->count; i++) {
        cache_look_keys_clear(&self->items[i].keys);
    }
    for (uint32_t i = 0; i < CACHE_SHARDS_MAX; i++) {
        self->first[i] = self->last[i] = BATCH_END;
    }
    self->count = 0;
    self->tool = NULL;
    self->now_ns = base_clock_now(&self->cache->clock);
}

CacheBatch *
cache_batch_new(ToolCache *cache, CacheLoad *load)
{
    CacheBatch *self = g_new0(CacheBatch, 1);
    self->cache = cache;
    self->load = load;
    self->is_old = true;
    batch_reset(self);
    return self;
}

void
cache_batch_free(CacheBatch *self)
{
    cache_batch_flush(self);
    g_free(self);
}

/* ---- an item -------------------------------------------------------------- */

static void
batch_know_tool(CacheBatch *self, const ToolCacheKey *key)
{
    if (self->tool != NULL && self->tool_size == key->tool_size &&
        memcmp(self->tool, key->tool, key->tool_size) == 0) {
        return;
    }
    self->tool = key->tool;
    self->tool_size = key->tool_size;
    self->tool_hash = tool_cache_hash_tool(self->cache, key->tool, key->tool_size);
    self->tool_row = cache_names_add(self->cache, CACHE_NAME_TOOL, self->tool_hash,
                                     key->tool, key->tool_size);
}

/* Generations are 0, as when the store was made: what was invalidated since stays so.
 */
static void
batch_fill(CacheBatch *self, BatchItem *item, const CacheJournalRecord *record)
{
    ToolCacheSetOptions options = {
        .ttl_ns = record->ttl_ns > 0 ? (uint64_t)record->ttl_ns : 0,
        .tags = record->tags,
        .tag_count = record->tag_count,
        .stale_ns = (uint64_t)record->stale_ns,
    };
    bool has_extras = cache_set_fill_extras(self->cache, &options, &item->extras);
    for (size_t i = 0; has_extras && i < item->extras.head.tag_count; i++) {
        item->extras.marks[i].generation = 0;
    }
    uint64_t deadline =
        cache_set_deadline(self->now_ns, options.ttl_ns, cache_set_stale_ns(&options));
    item->insert = (CacheInsert){
        .value = record->value,
        .extra = has_extras ? &item->extras.head : NULL,
        .life = deadline | self->tool_row << CACHE_LIFE_TOOL_SHIFT,
        .is_old = self->is_old,
    };
    cache_set_spell(&item->keys, &item->insert);
}

bool
cache_batch_add(CacheBatch *self, const CacheJournalRecord *record, bool is_gone)
{
    BatchItem *item = &self->items[self->count];
    ToolCacheKey key = record->key;
    batch_know_tool(self, &key);
    key.tool_hash = self->tool_hash;
    if (!cache_look_spell(&item->keys, self->cache, &key, NULL) ||
        !cache_look_canonize(&item->keys, self->cache, NULL)) {
        return true;
    }
    item->is_gone = is_gone || record->op != CACHE_JOURNAL_SET ||
                    !cache_set_fits(self->cache, &item->keys, &record->value);
    if (!item->is_gone) {
        batch_fill(self, item, record);
    }
    CacheView *view = item->keys.canonical.view;
    uint64_t hash = item->keys.canonical.hash;
    __builtin_prefetch(&view->buckets[cache_bucket_home(view, cache_key_low(hash))], 1);
    cache_load_prefetch(self->load, hash);
    uint32_t shard = (uint32_t)(view - self->cache->views);
    uint32_t *link = self->first[shard] == BATCH_END
                         ? &self->first[shard]
                         : &self->items[self->last[shard]].next;
    item->next = BATCH_END;
    *link = self->last[shard] = self->count;
    return ++self->count < BATCH_ITEMS;
}

/* ---- all of them ---------------------------------------------------------- */

static bool
batch_is_full(const ToolCache *cache)
{
    const CacheHeader *header = cache->header;
    const CacheGeometry *bounds = &cache->geometry;
    return atomic_load_explicit(&header->entries, memory_order_relaxed) >=
               bounds->max_entries ||
           atomic_load_explicit(&header->bytes, memory_order_relaxed) >=
               bounds->max_bytes - bounds->max_bytes / 64;
}

/* Caller holds the lock. Who claims a key puts it in before the lock is free again, so
 * whoever is told that it is taken finds it. */
static void
batch_store(CacheBatch *self, CacheView *view, BatchItem *item)
{
    CacheSpot spot;
    if (cache_load_claim(self->load, item->keys.canonical.hash) && !item->is_gone &&
        !cache_index_locate(view, &item->keys.canonical, &spot)) {
        cache_shard_insert(view, &item->insert, 0);
    }
}

bool
cache_batch_flush(CacheBatch *self)
{
    bool is_full = false;
    for (uint32_t shard = 0; shard < self->cache->geometry.shards; shard++) {
        CacheView *view = &self->cache->views[shard];
        uint32_t index = self->first[shard];
        if (index == BATCH_END || !cache_shard_lock(view)) {
            continue;
        }
        for (; index != BATCH_END && !is_full; index = self->items[index].next) {
            is_full = self->is_old && batch_is_full(self->cache);
            if (!is_full) {
                batch_store(self, view, &self->items[index]);
            }
        }
        cache_shard_unlock(view);
    }
    cache_keeper_watch(self->cache);
    batch_reset(self);
    return !is_full;
}

void
cache_batch_put(ToolCache *cache, CacheLoad *load, const CacheJournalRecord *record)
{
    CacheBatch *self = cache_batch_new(cache, load);
    self->is_old = false;
    cache_batch_add(self, record, false);
    cache_batch_free(self);
}
