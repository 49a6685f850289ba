/* SPDX-License-Identifier: MIT */
/* A walk over the entries that holds no lock between two of them. */
#include <string.h>

#include "cache-index-private.h"
#include "cache-load-private.h"
#include "cache-names-private.h"
#include "cache-shard-private.h"

struct ToolCacheIter {
    ToolCache *cache; /* borrowed */
    uint32_t shard;   /* the next one */
    CacheView *view;  /* the present one; NULL before the first */
    GArray *refs;     /* of what was in it when it was its turn */
    guint next;
    GByteArray *copy; /* key and value of the present entry */
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
};

ToolCacheIter *
tool_cache_iter_new(ToolCache *self)
{
    cache_load_wait(self->load, INT64_MAX);
    ToolCacheIter *iter = g_new0(ToolCacheIter, 1);
    iter->cache = self;
    iter->refs = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    iter->copy = g_byte_array_new();
    return iter;
}

void
tool_cache_iter_free(ToolCacheIter *self)
{
    if (self != NULL) {
        g_array_unref(self->refs);
        g_byte_array_unref(self->copy);
        g_free(self);
    }
}

/* When the entry's life ends, in ticks; *ret_stale: for how many more it is kept. */
static uint64_t
iter_fresh_until(const CacheEntry *entry, uint32_t *ret_stale)
{
    uint64_t deadline = cache_life_deadline(cache_entry_life(entry));
    bool has_extra = cache_entry_shape(entry) & CACHE_SHAPE_EXTRA;
    *ret_stale = has_extra ? ((const CacheExtra *)(entry + 1))->stale_ticks : 0;
    return deadline == CACHE_DEADLINE_NONE ? deadline
                                           : deadline - MIN(*ret_stale, deadline);
}

/* Tags of an entry; the texts are rows of the store, which are never changed. Names too
 * long to be kept are left out. */
static size_t
iter_tags(ToolCacheIter *self, const CacheEntry *entry)
{
    if (!(cache_entry_shape(entry) & CACHE_SHAPE_EXTRA)) {
        return 0;
    }
    const CacheExtra *extra = (const CacheExtra *)(entry + 1);
    const CacheTagMark *marks = (const CacheTagMark *)(extra + 1);
    size_t count = 0;
    for (unsigned i = 0; i < extra->tag_count && i < TOOL_CACHE_TAGS_MAX; i++) {
        const CacheName *name = &self->cache->names[marks[i].name % CACHE_NAMES];
        if (marks[i].name != 0 && name->size <= CACHE_NAME_TEXT) {
            self->tags[count++] = (ToolCacheTag){name->text, name->size};
        }
    }
    return count;
}

/* Copies an entry. Returns false if it is not there any more. Caller holds the lock. */
static bool
iter_copy(ToolCacheIter *self, CacheView *view, uint32_t ref, ToolCacheItem *item,
          size_t *ret_key)
{
    /* What is there now may be the middle of another block: only what the index says is
     * an entry is one. */
    CacheEntry *entry = cache_view_entry(view, ref);
    int64_t now = base_clock_now(&self->cache->clock);
    if (entry == NULL || !cache_index_has(view, entry->hash, ref) ||
        !cache_names_is_valid(self->cache, entry)) {
        return false;
    }
    uint32_t stale;
    uint64_t fresh_until = iter_fresh_until(entry, &stale);
    if (fresh_until <= (uint64_t)now >> CACHE_TICK_SHIFT) {
        return false;
    }
    uint32_t shape = cache_entry_shape(entry);
    uint64_t end = (uint64_t)ref * CACHE_UNIT + cache_entry_size(entry);
    if (end > (uint64_t)view->arena_units * CACHE_UNIT) {
        view->is_damaged = true;
        return false;
    }
    *ret_key = cache_shape_key_size(shape);
    item->value.kind = (ToolCacheKind)cache_shape_kind(shape);
    item->value.size = entry->value_size;
    item->expires_in_ns = fresh_until == CACHE_DEADLINE_NONE
                              ? -1
                              : (int64_t)(fresh_until << CACHE_TICK_SHIFT) - now;
    item->stale_ns = (uint64_t)stale << CACHE_TICK_SHIFT;
    item->tags = self->tags;
    item->tag_count = iter_tags(self, entry);
    g_byte_array_set_size(self->copy, (guint)(*ret_key + item->value.size));
    memcpy(self->copy->data, cache_entry_key(entry), self->copy->len);
    return true;
}

/* Goes to the next shard. Returns false if there is none. */
static bool
iter_next_shard(ToolCacheIter *self)
{
    if (self->shard == self->cache->geometry.shards) {
        return false;
    }
    self->view = &self->cache->views[self->shard++];
    self->next = 0;
    g_array_set_size(self->refs, 0);
    if (cache_shard_lock(self->view)) {
        cache_index_collect(self->view, self->refs);
        cache_shard_unlock(self->view);
    }
    return true;
}

static bool
iter_next_in_shard(ToolCacheIter *self, ToolCacheItem *item, size_t *ret_key)
{
    bool is_found = false;
    if (self->next == self->refs->len || !cache_shard_lock(self->view)) {
        return false;
    }
    while (!is_found && self->next < self->refs->len) {
        uint32_t ref = g_array_index(self->refs, uint32_t, self->next++);
        is_found = iter_copy(self, self->view, ref, item, ret_key);
    }
    cache_shard_unlock(self->view);
    return is_found;
}

bool
tool_cache_iter_next(ToolCacheIter *self, ToolCacheItem *ret_item)
{
    size_t key = 0;
    CacheKeyParts parts;
    for (;;) {
        if (!iter_next_in_shard(self, ret_item, &key)) {
            if (!iter_next_shard(self)) {
                return false;
            }
            continue;
        }
        const char *text = (const char *)self->copy->data;
        if (cache_key_split(text, key, &parts)) {
            ret_item->tool = parts.tool;
            ret_item->tool_size = parts.tool_size;
            ret_item->args = parts.args;
            ret_item->args_size = parts.args_size;
            ret_item->value.bytes = text + key;
            return true;
        }
    }
}
