/* SPDX-License-Identifier: MIT */
/* Locking a shard, and what is done when its last holder died. */
#include "cache-arena-private.h"
#include "cache-policy-private.h"
#include "cache-shadow-private.h"
#include "cache-shard-private.h"
#include "cache-wheel-private.h"

static void
shard_subtract(_Atomic uint64_t *total, uint64_t part)
{
    atomic_fetch_sub_explicit(total, part, memory_order_relaxed);
}

static void
shard_empty(CacheView *view, uint64_t now_ticks)
{
    cache_index_reset(view);
    cache_arena_init(view);
    cache_arena_release(view->arena, (size_t)view->arena_units * CACHE_UNIT);
    cache_arena_release(view->ghosts, (size_t)view->ghost_sets * CACHE_GHOST_WAYS *
                                          sizeof(CacheGhost));
    cache_shadow_reset(view);
    cache_policy_init(view);
    cache_wheel_init(view, now_ticks);
    view->shard->count = 0;
    view->shard->is_dirty = false;
    view->shard->bytes = 0;
}

static uint64_t
shard_now(const CacheView *view)
{
    return (uint64_t)base_clock_now_coarse(&view->cache->clock) >> CACHE_TICK_SHIFT;
}

static bool
shard_is_open(const CacheView *view)
{
    return atomic_load_explicit(&view->shard->is_open, memory_order_relaxed);
}

/* What is written under the lock is written between these two; who dies outside leaves
 * the shard whole, and nothing is lost. */
static void
shard_open(CacheView *view)
{
    atomic_store_explicit(&view->shard->is_open, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

static void
shard_close(CacheView *view)
{
    atomic_store_explicit(&view->shard->is_open, false, memory_order_release);
}

/* The totals are changed under some shard's lock; who died between its shard and the
 * totals left them wrong. With all locks held they can be added up anew. */
static void
shard_recount(ToolCache *cache)
{
    uint32_t shards = cache->geometry.shards;
    uint32_t held = 0;
    uint64_t entries = 0;
    uint64_t bytes = 0;
    bool is_lost = false;
    while (held < shards) {
        CacheView *view = &cache->views[held];
        BaseLockState state = base_lock_acquire(&view->shard->lock);
        if (state == BASE_LOCK_BROKEN) {
            break;
        }
        if (state == BASE_LOCK_ORPHANED && shard_is_open(view)) {
            is_lost = true;
            shard_empty(view, shard_now(view));
            shard_close(view);
        }
        entries += view->shard->count;
        bytes += view->shard->bytes;
        held++;
    }
    if (held == shards) {
        atomic_store_explicit(&cache->header->entries, entries, memory_order_relaxed);
        atomic_store_explicit(&cache->header->bytes, bytes, memory_order_relaxed);
    }
    if (is_lost) {
        atomic_fetch_add_explicit(&cache->header->shards_lost, 1, memory_order_relaxed);
    }
    while (held > 0) {
        base_lock_release(&cache->views[--held].shard->lock);
    }
}

/* Caller holds the lock, and has let go of it when this returns. It may hold another
 * shard's lock, so adding up the totals is left to the next who takes one. */
static void
shard_repair(CacheView *view)
{
    CacheHeader *header = view->cache->header;
    if (view->is_damaged || shard_is_open(view)) {
        shard_empty(view, shard_now(view));
        shard_close(view);
        view->is_damaged = false;
        atomic_fetch_add_explicit(&header->shards_lost, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&header->must_recount, true, memory_order_relaxed);
    base_lock_release(&view->shard->lock);
}

bool
cache_shard_lock(CacheView *view)
{
    CacheHeader *header = view->cache->header;
    BaseLockState state;
    do {
        if (G_UNLIKELY(
                atomic_load_explicit(&header->must_recount, memory_order_relaxed)) &&
            atomic_exchange_explicit(&header->must_recount, false,
                                     memory_order_relaxed)) {
            shard_recount(view->cache);
        }
        state = base_lock_acquire(&view->shard->lock);
        if (state == BASE_LOCK_ORPHANED) {
            shard_repair(view);
        }
    } while (state == BASE_LOCK_ORPHANED);
    if (state == BASE_LOCK_HELD) {
        shard_open(view);
    }
    return state == BASE_LOCK_HELD;
}

bool
cache_shard_try_lock(CacheView *view)
{
    BaseLockState state = base_lock_try(&view->shard->lock);
    if (state == BASE_LOCK_ORPHANED) {
        shard_repair(view);
        return false;
    }
    if (state == BASE_LOCK_HELD) {
        shard_open(view);
    }
    return state == BASE_LOCK_HELD;
}

void
cache_shard_unlock(CacheView *view)
{
    if (G_UNLIKELY(view->is_damaged)) {
        shard_repair(view);
        return;
    }
    shard_close(view);
    base_lock_release(&view->shard->lock);
}

void
cache_shard_pause(CacheView *view)
{
    shard_close(view);
}

void
cache_shard_resume(CacheView *view)
{
    shard_open(view);
}

bool
cache_shard_init(CacheView *view, uint64_t now_ticks)
{
    cache_arena_init(view);
    cache_policy_init(view);
    cache_wheel_init(view, now_ticks);
    return base_lock_init(&view->shard->lock);
}

void
cache_shard_clear(CacheView *view)
{
    shard_subtract(&view->cache->header->entries, view->shard->count);
    shard_subtract(&view->cache->header->bytes, view->shard->bytes);
    shard_empty(view, shard_now(view));
}
