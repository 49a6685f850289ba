/* SPDX-License-Identifier: MIT */
#include "cache-wheel-private.h"
#include "cache-racy-private.h"

#include <string.h>

#define WHEEL_SHIFT_MIN  6u /* the finest slot is 2^6 ticks of 2^18 ns */
#define WHEEL_SHIFT_STEP 6u

static uint32_t
wheel_shift(uint32_t level)
{
    return WHEEL_SHIFT_MIN + WHEEL_SHIFT_STEP * level;
}

static uint32_t
wheel_slot(uint64_t ticks, uint32_t level)
{
    return (uint32_t)(ticks >> wheel_shift(level)) & (CACHE_WHEEL_SLOTS - 1);
}

void
cache_wheel_init(CacheView *view, uint64_t now_ticks)
{
    CacheShard *shard = view->shard;
    memset(shard->wheel, 0, sizeof(shard->wheel));
    memset(shard->wheel_used, 0, sizeof(shard->wheel_used));
    shard->wheel_now = now_ticks;
}

/* The finest level whose 64 slots reach that far. */
static uint32_t
wheel_level(uint64_t now, uint64_t deadline)
{
    uint32_t level = 0;
    while (level < CACHE_WHEEL_LEVELS - 1 &&
           (deadline >> wheel_shift(level)) - (now >> wheel_shift(level)) >=
               CACHE_WHEEL_SLOTS) {
        level++;
    }
    return level;
}

void
cache_wheel_link(CacheView *view, uint32_t ref)
{
    CacheShard *shard = view->shard;
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry == NULL) {
        return;
    }
    uint64_t deadline = cache_life_deadline(cache_entry_life(entry));
    cache_racy_store_u32(&entry->timer_next, 0);
    cache_racy_store_u32(&entry->timer_prev, 0);
    if (deadline == CACHE_DEADLINE_NONE) {
        return;
    }
    deadline = MAX(deadline, shard->wheel_now);
    uint32_t level = wheel_level(shard->wheel_now, deadline);
    uint32_t slot = wheel_slot(deadline, level);
    uint32_t *head = &shard->wheel[level][slot];
    cache_racy_store_u32(&entry->timer_next, *head);
    if (*head != 0) {
        CacheEntry *next = cache_view_entry(view, *head);
        if (next != NULL) {
            cache_racy_store_u32(&next->timer_prev, ref);
        }
    }
    *head = ref;
    shard->wheel_used[level] |= UINT64_C(1) << slot;
}

static void
wheel_pop_head(CacheShard *shard, uint32_t level, uint32_t slot, uint32_t next)
{
    shard->wheel[level][slot] = next;
    if (next == 0) {
        shard->wheel_used[level] &= ~(UINT64_C(1) << slot);
    }
}

/* Linked entries whose deadline lay in the past when they were linked are in the slot
 * of that time, so all slots of the finest level are looked at last. */
static void
wheel_unlink_head(CacheView *view, uint32_t ref, const CacheEntry *entry)
{
    CacheShard *shard = view->shard;
    uint64_t deadline = cache_life_deadline(cache_entry_life(entry));
    for (uint32_t level = 0; level < CACHE_WHEEL_LEVELS; level++) {
        uint32_t slot = wheel_slot(deadline, level);
        if (shard->wheel[level][slot] == ref) {
            wheel_pop_head(shard, level, slot, entry->timer_next);
            return;
        }
    }
    for (uint32_t slot = 0; slot < CACHE_WHEEL_SLOTS; slot++) {
        if (shard->wheel[0][slot] == ref) {
            wheel_pop_head(shard, 0, slot, entry->timer_next);
            return;
        }
    }
    view->is_damaged = true;
}

void
cache_wheel_unlink(CacheView *view, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry == NULL ||
        cache_life_deadline(cache_entry_life(entry)) == CACHE_DEADLINE_NONE) {
        return;
    }
    CacheEntry *next =
        entry->timer_next ? cache_view_entry(view, entry->timer_next) : NULL;
    CacheEntry *prev =
        entry->timer_prev ? cache_view_entry(view, entry->timer_prev) : NULL;
    if (next != NULL) {
        cache_racy_store_u32(&next->timer_prev, entry->timer_prev);
    }
    if (prev != NULL) {
        cache_racy_store_u32(&prev->timer_next, entry->timer_next);
    }
    else {
        wheel_unlink_head(view, ref, entry);
    }
    cache_racy_store_u32(&entry->timer_next, 0);
    cache_racy_store_u32(&entry->timer_prev, 0);
}

/* Moves entries of coarser slots that have begun to finer ones. Returns false when the
 * budget was used up. */
static bool
wheel_cascade(CacheView *view, unsigned *budget)
{
    CacheShard *shard = view->shard;
    for (uint32_t level = CACHE_WHEEL_LEVELS - 1; level > 0; level--) {
        uint32_t slot = wheel_slot(shard->wheel_now, level);
        while (shard->wheel[level][slot] != 0) {
            uint32_t ref = shard->wheel[level][slot];
            if (*budget == 0 || view->is_damaged) {
                return false;
            }
            (*budget)--;
            cache_wheel_unlink(view, ref);
            cache_wheel_link(view, ref);
        }
    }
    return true;
}

/* Goes to the next slot that may hold something; at most to `now`. */
static void
wheel_step(CacheShard *shard, uint64_t now)
{
    uint32_t level = 0;
    while (level < CACHE_WHEEL_LEVELS && shard->wheel_used[level] == 0) {
        level++;
    }
    if (level == CACHE_WHEEL_LEVELS) {
        shard->wheel_now = now;
        return;
    }
    uint32_t shift = wheel_shift(level);
    uint64_t next = ((shard->wheel_now >> shift) + 1) << shift;
    shard->wheel_now = MIN(next, now);
}

uint32_t
cache_wheel_next(CacheView *view, uint64_t now_ticks, unsigned *budget)
{
    CacheShard *shard = view->shard;
    while (*budget > 0 && !view->is_damaged && wheel_cascade(view, budget)) {
        if (shard->wheel_now >> WHEEL_SHIFT_MIN >= now_ticks >> WHEEL_SHIFT_MIN) {
            return 0;
        }
        uint32_t ref = shard->wheel[0][wheel_slot(shard->wheel_now, 0)];
        if (ref != 0) {
            if (*budget > 0) {
                (*budget)--;
            }
            return ref;
        }
        wheel_step(shard, now_ticks);
    }
    return 0;
}

uint32_t
cache_wheel_next_exact(CacheView *view, uint64_t now_ticks)
{
    CacheShard *shard = view->shard;
    uint32_t ref = shard->wheel[0][wheel_slot(shard->wheel_now, 0)];
    for (uint32_t left = shard->count; ref != 0 && left > 0; left--) {
        const CacheEntry *entry = cache_view_entry(view, ref);
        if (entry == NULL) {
            return 0;
        }
        if (cache_life_deadline(cache_entry_life(entry)) <= now_ticks) {
            return ref;
        }
        ref = entry->timer_next;
    }
    return 0;
}
