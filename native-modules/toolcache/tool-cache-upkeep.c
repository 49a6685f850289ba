/* SPDX-License-Identifier: MIT */
/* Whole-store operations: clearing, invalidating, counting, giving memory back. */
#include <string.h>

#include "cache-arena-private.h"
#include "cache-count-private.h"
#include "cache-journal-private.h"
#include "cache-load-private.h"
#include "cache-names-private.h"
#include "cache-shard-private.h"

#define UPKEEP_PUNCH_BYTES ((size_t)4 << 20) /* given back in one hold of the lock */
#define UPKEEP_BUCKETS_MIN 1024u             /* 64 KB */
#define UPKEEP_ALL_AT_ONCE 4096u             /* steps in one hold of the lock */

static uint64_t
upkeep_now(const ToolCache *self)
{
    return (uint64_t)base_clock_now(&self->clock) >> CACHE_TICK_SHIFT;
}

void
tool_cache_clear(ToolCache *self)
{
    cache_load_cancel(self->load, true);
    for (uint32_t i = 0; i < self->geometry.shards; i++) {
        if (cache_shard_lock(&self->views[i])) {
            cache_shard_clear(&self->views[i]);
            cache_shard_unlock(&self->views[i]);
        }
    }
    cache_journal_append(self, &(CacheJournalRecord){.op = CACHE_JOURNAL_CLEAR});
}

static void
upkeep_sweep(ToolCache *self)
{
    CacheHeader *header = self->header;
    uint64_t until = atomic_load(&header->invalidations);
    if (until == atomic_load(&header->swept)) {
        return;
    }
    for (uint32_t i = 0; i < self->geometry.shards; i++) {
        if (cache_shard_lock(&self->views[i])) {
            cache_shard_sweep(&self->views[i]);
            cache_shard_unlock(&self->views[i]);
        }
    }
    atomic_store(&header->swept, until);
}

static void
upkeep_invalidate(ToolCache *self, CacheNameUse use, const char *text, size_t size)
{
    uint64_t hash = base_hash_bytes(&self->hash, text, size);
    /* Added if it is new, so that a set which is under way is covered, too. */
    uint32_t row = cache_names_add(self, use, hash, text, size);
    bool is_used_up = cache_names_invalidate(self, row);
    atomic_fetch_add(&self->header->invalidations, 1);
    if (is_used_up) {
        cache_load_cancel(self->load,
                          false); /* it sets entries of the first generation */
        upkeep_sweep(self);
    }
    CacheJournalRecord record = {
        .op = use == CACHE_NAME_TOOL ? CACHE_JOURNAL_FORGET_TOOL
                                     : CACHE_JOURNAL_FORGET_TAG,
        .key = {.tool = text, .tool_size = size, .args = ""},
    };
    cache_journal_append(self, &record);
}

void
tool_cache_invalidate_partition(ToolCache *self, const char *partition, size_t size)
{
    uint64_t wanted = cache_names_partition(self, partition, size);
    bool is_used_up = cache_names_invalidate(self, 0); /* what shares a row */
    for (uint32_t row = 1; row < CACHE_NAMES; row++) {
        /* A row that is added meanwhile belongs to a set that comes after this. */
        if (atomic_load_explicit(&self->names[row].hash, memory_order_acquire) != 0 &&
            self->names[row].partition == wanted) {
            is_used_up |= cache_names_invalidate(self, row);
        }
    }
    atomic_fetch_add(&self->header->invalidations, 1);
    if (is_used_up) {
        cache_load_cancel(self->load,
                          false); /* it sets entries of the first generation */
        upkeep_sweep(self);
    }
    CacheJournalRecord record = {
        .op = CACHE_JOURNAL_FORGET_PARTITION,
        .key = {.tool = partition, .tool_size = size, .args = ""},
    };
    cache_journal_append(self, &record);
}

void
tool_cache_invalidate_tool(ToolCache *self, const char *tool, size_t tool_size)
{
    upkeep_invalidate(self, CACHE_NAME_TOOL, tool, tool_size);
}

void
tool_cache_invalidate_tag(ToolCache *self, const char *tag, size_t tag_size)
{
    upkeep_invalidate(self, CACHE_NAME_TAG, tag, tag_size);
}

uint64_t
tool_cache_count(ToolCache *self)
{
    cache_load_wait(self->load, INT64_MAX);
    upkeep_sweep(self);
    uint64_t now = upkeep_now(self);
    uint64_t count = 0;
    for (uint32_t i = 0; i < self->geometry.shards; i++) {
        CacheView *view = &self->views[i];
        bool has_more = true;
        while (has_more && cache_shard_lock(view)) {
            has_more = cache_shard_expire(view, now, UPKEEP_ALL_AT_ONCE, true);
            count += has_more ? 0 : view->shard->count;
            cache_shard_unlock(view);
        }
    }
    return count;
}

/* Caller holds the lock. */
static bool
upkeep_shard(CacheView *view, uint64_t now, unsigned budget)
{
    bool has_more = cache_shard_expire(view, now, budget, false);
    /* The index of a large shard is worth giving back; that of a small one is needed
     * again before long. */
    if (view->shard->count == 0 && view->shard->is_dirty &&
        view->bucket_count >= UPKEEP_BUCKETS_MIN) {
        cache_shard_clear(view);
    }
    return cache_arena_punch(view, UPKEEP_PUNCH_BYTES) || has_more;
}

bool
tool_cache_maintain(ToolCache *self, unsigned budget)
{
    base_clock_resync(&self->clock);
    cache_journal_sync(self);
    bool has_more = false;
    uint64_t now = upkeep_now(self);
    for (uint32_t i = 0; i < self->geometry.shards; i++) {
        CacheView *view = &self->views[i];
        if (cache_shard_try_lock(view)) {
            has_more |= upkeep_shard(view, now, budget);
            cache_shard_unlock(view);
        }
    }
    return has_more;
}

/* Adds what was counted for a tool. */
static void
upkeep_add(const ToolCache *self, uint32_t tool, ToolCacheStats *stats)
{
    uint64_t expired = cache_count_tool(self, tool, CACHE_COUNT_MISS_EXPIRED);
    uint64_t evicted = cache_count_tool(self, tool, CACHE_COUNT_MISS_EVICTED);
    uint64_t invalidated = cache_count_tool(self, tool, CACHE_COUNT_MISS_INVALIDATED);
    stats->hits += cache_count_tool(self, tool, CACHE_COUNT_HIT);
    stats->misses += cache_count_tool(self, tool, CACHE_COUNT_MISS) + expired +
                     evicted + invalidated;
    stats->misses_expired += expired;
    stats->misses_evicted += evicted;
    stats->misses_invalidated += invalidated;
    stats->sets += cache_count_tool(self, tool, CACHE_COUNT_SET);
    stats->refused += cache_count_tool(self, tool, CACHE_COUNT_REFUSED);
    stats->deleted += cache_count_tool(self, tool, CACHE_COUNT_DELETED);
    stats->stale_served += cache_count_tool(self, tool, CACHE_COUNT_STALE);
    stats->flights_joined += cache_count_tool(self, tool, CACHE_COUNT_JOINED);
    stats->loads_failed += cache_count_tool(self, tool, CACHE_COUNT_LOAD_FAILED);
    stats->load_ns += cache_count_tool(self, tool, CACHE_COUNT_LOAD_NS);
    for (unsigned i = 0; i < TOOL_CACHE_LOAD_BUCKETS; i++) {
        stats->loads[i] +=
            cache_count_tool(self, tool, (CacheCount)(CACHE_COUNT_LOAD + i));
    }
}

static bool
upkeep_has_row(const ToolCache *self, uint32_t row)
{
    return row == 0 ||
           atomic_load_explicit(&self->names[row].hash, memory_order_acquire) != 0;
}

void
tool_cache_stats(ToolCache *self, ToolCacheStats *ret_stats)
{
    CacheHeader *header = self->header;
    *ret_stats = (ToolCacheStats){
        .entries = atomic_load_explicit(&header->entries, memory_order_relaxed),
        .bytes = atomic_load_explicit(&header->bytes, memory_order_relaxed),
        .invalidations = atomic_load(&header->invalidations),
        .journal_ended = atomic_load(&header->journal_ended),
    };
    for (uint32_t row = 0; row < CACHE_NAMES; row++) {
        if (upkeep_has_row(self, row)) {
            upkeep_add(self, row, ret_stats);
        }
    }
    for (uint32_t i = 0; i < self->geometry.shards; i++) {
        if (cache_shard_lock(&self->views[i])) {
            ret_stats->evictions += self->views[i].shard->evicted;
            ret_stats->expirations += self->views[i].shard->expired;
            cache_shard_unlock(&self->views[i]);
        }
    }
    /* After every lock was taken, which is when a loss is noticed. */
    ret_stats->shards_lost =
        atomic_load_explicit(&header->shards_lost, memory_order_relaxed);
}

void
tool_cache_stats_by_tool(ToolCache *self,
                         void (*each)(const ToolCacheToolStats *tool, void *user),
                         void *user)
{
    for (uint32_t row = 0; row < CACHE_NAMES; row++) {
        CacheName *name = &self->names[row];
        ToolCacheToolStats tool = {.name = name->text};
        if (!upkeep_has_row(self, row)) {
            continue;
        }
        tool.name_size = MIN(name->size, CACHE_NAME_TEXT);
        upkeep_add(self, row, &tool.stats);
        const ToolCacheStats *s = &tool.stats;
        if (s->hits + s->misses + s->sets + s->refused + s->deleted + s->stale_served >
            0) {
            each(&tool, user);
        }
    }
}
