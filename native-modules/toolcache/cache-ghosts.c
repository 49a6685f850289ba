/* SPDX-License-Identifier: MIT */
#include "cache-ghosts-private.h"

/* Steps of the 16-bit time: all of them take 64 shards' worth of insertions and noted
 * hits, at least. */
static uint32_t
ghosts_step(const CacheView *view)
{
    return view->shard_entries / 1024 + 1;
}

static CacheGhost *
ghosts_set(const CacheView *view, uint32_t low)
{
    uint32_t set = (uint32_t)((uint64_t)(low * 0x9E3779B1u) * view->ghost_sets >> 32);
    return view->ghosts + (size_t)set * CACHE_GHOST_WAYS;
}

/* A ghost's word: coarse time 0-15, of the last use; expired 16; print 17-31. */
#define GHOST_EXPIRED     (UINT32_C(1) << 16)
#define GHOST_PRINT_SHIFT 17

static uint32_t
ghosts_word(const CacheGhost *ghost)
{
    return atomic_load_explicit(&ghost->word, memory_order_relaxed);
}

static uint32_t
ghosts_print(uint32_t low)
{
    return ((low ^ low >> 16) * 0x85EBCA6Bu >> GHOST_PRINT_SHIFT) | 1;
}

static CacheGhost *
ghosts_find(const CacheView *view, uint32_t low)
{
    CacheGhost *ghosts = ghosts_set(view, low);
    uint32_t print = ghosts_print(low);
    for (unsigned i = 0; i < CACHE_GHOST_WAYS; i++) {
        if (ghosts_word(&ghosts[i]) >> GHOST_PRINT_SHIFT == print) {
            return &ghosts[i];
        }
    }
    return NULL;
}

/* How long ago, in coarse steps, as far as 16 bits tell. */
static uint32_t
ghosts_age(const CacheView *view, uint32_t word)
{
    return (view->shard->now / ghosts_step(view) - word) & 0xFFFF;
}

static CacheGhost *
ghosts_worst(const CacheView *view, CacheGhost *ghosts)
{
    CacheGhost *worst = NULL;
    uint32_t worst_age = 0;
    for (unsigned i = 0; i < CACHE_GHOST_WAYS; i++) {
        uint32_t word = ghosts_word(&ghosts[i]);
        if (word == 0) {
            return &ghosts[i];
        }
        uint32_t age = ghosts_age(view, word);
        if (worst == NULL || age > worst_age) {
            worst = &ghosts[i];
            worst_age = age;
        }
    }
    return worst;
}

void
cache_ghosts_add(CacheView *view, uint32_t low, uint32_t used, bool is_expired)
{
    CacheGhost *ghost = ghosts_worst(view, ghosts_set(view, low));
    uint32_t word = ghosts_print(low) << GHOST_PRINT_SHIFT |
                    (is_expired ? GHOST_EXPIRED : 0) |
                    (used / ghosts_step(view) & 0xFFFF);
    atomic_store_explicit(&ghost->word, word, memory_order_relaxed);
}

bool
cache_ghosts_take(CacheView *view, uint32_t low, uint32_t *ret_age)
{
    CacheGhost *ghost = ghosts_find(view, low);
    if (ghost == NULL) {
        return false;
    }
    *ret_age = ghosts_age(view, ghosts_word(ghost)) * ghosts_step(view);
    atomic_store_explicit(&ghost->word, 0, memory_order_relaxed);
    return true;
}

CachePast
cache_ghosts_past(const CacheView *view, uint32_t low)
{
    const CacheGhost *ghost = ghosts_find(view, low);
    if (ghost == NULL) {
        return CACHE_PAST_NONE;
    }
    return ghosts_word(ghost) & GHOST_EXPIRED ? CACHE_PAST_EXPIRED : CACHE_PAST_EVICTED;
}

void
cache_ghosts_prefetch(const CacheView *view, uint32_t low)
{
    __builtin_prefetch(ghosts_set(view, low), 1);
}
