/* SPDX-License-Identifier: MIT */
#include "cache-arena-private.h"
#include "cache-racy-private.h"

#include <string.h>
#include <sys/mman.h>

/* Free ranges below this are kept: the next insertion takes them. */
#define ARENA_PUNCH_MIN  ((size_t)128 << 10)
#define ARENA_PUNCH_LOOK 64 /* free blocks looked at in one call */

typedef struct {
    uint32_t major, minor;
} ArenaBin;

static CacheFree *
arena_free_at(CacheView *view, uint32_t ref)
{
    return (CacheFree *)cache_view_entry(view, ref);
}

static ArenaBin
arena_bin(uint32_t units)
{
    if (units < CACHE_BINS_MINOR) {
        return (ArenaBin){0, units};
    }
    uint32_t top = 31 - (uint32_t)__builtin_clz(units);
    return (ArenaBin){top - 3, units >> (top - 4) & (CACHE_BINS_MINOR - 1)};
}

/* The first bin all of whose blocks have `units`. */
static ArenaBin
arena_bin_above(uint32_t units)
{
    if (units >= CACHE_BINS_MINOR) {
        units += (1u << (31 - (uint32_t)__builtin_clz(units) - 4)) - 1;
    }
    return arena_bin(units);
}

void
cache_arena_init(CacheView *view)
{
    CacheShard *shard = view->shard;
    shard->top = 1;
    shard->high = 1;
    shard->bins_major = 0;
    memset(shard->bins_minor, 0, sizeof(shard->bins_minor));
    memset(shard->bins, 0, sizeof(shard->bins));
}

static uint32_t *
arena_footer(CacheView *view, uint32_t end)
{
    return (uint32_t *)(view->arena + (size_t)end * CACHE_UNIT) - 1;
}

static void
arena_mark_next(CacheView *view, uint32_t ref, bool is_prev_free)
{
    CacheEntry *next;
    if (ref >= view->shard->top || (next = cache_view_entry(view, ref)) == NULL) {
        return;
    }
    cache_entry_set_shape(next, CACHE_SHAPE_PREV_FREE,
                          is_prev_free ? CACHE_SHAPE_PREV_FREE : 0);
}

static void
arena_bin_add(CacheView *view, uint32_t ref, uint32_t units, uint32_t punched)
{
    CacheShard *shard = view->shard;
    ArenaBin bin = arena_bin(units);
    uint32_t *head = &shard->bins[bin.major][bin.minor];
    CacheFree *block = arena_free_at(view, ref);
    if (block == NULL) {
        return;
    }
    cache_racy_store_u32(&block->units, units);
    cache_racy_store_u32(&block->punched, punched);
    atomic_store_explicit(&block->shape, CACHE_KIND_FREE << CACHE_SHAPE_KIND_SHIFT,
                          memory_order_relaxed);
    cache_racy_store_u32(&block->next, *head);
    cache_racy_store_u32(&block->prev, 0);
    cache_racy_store_u32(arena_footer(view, ref + units), units);
    if (*head != 0) {
        CacheFree *old = arena_free_at(view, *head);
        if (old != NULL) {
            cache_racy_store_u32(&old->prev, ref);
        }
    }
    *head = ref;
    shard->bins_major |= 1u << bin.major;
    shard->bins_minor[bin.major] |= 1u << bin.minor;
}

/* Returns the block, or NULL if what is there is no free block of that size. */
static CacheFree *
arena_bin_remove(CacheView *view, uint32_t ref)
{
    CacheShard *shard = view->shard;
    CacheFree *block = arena_free_at(view, ref);
    if (block == NULL ||
        cache_shape_kind(cache_entry_shape((CacheEntry *)block)) != CACHE_KIND_FREE ||
        block->units < CACHE_UNITS_MIN || block->units > shard->top - ref) {
        view->is_damaged = true;
        return NULL;
    }
    ArenaBin bin = arena_bin(block->units);
    CacheFree *next = block->next != 0 ? arena_free_at(view, block->next) : NULL;
    CacheFree *prev = block->prev != 0 ? arena_free_at(view, block->prev) : NULL;
    if (next != NULL) {
        cache_racy_store_u32(&next->prev, block->prev);
    }
    if (prev != NULL) {
        cache_racy_store_u32(&prev->next, block->next);
        return block;
    }
    shard->bins[bin.major][bin.minor] = block->next;
    if (block->next == 0) {
        shard->bins_minor[bin.major] &= ~(1u << bin.minor);
        if (shard->bins_minor[bin.major] == 0) {
            shard->bins_major &= ~(1u << bin.major);
        }
    }
    return block;
}

static uint32_t
arena_bin_find(const CacheShard *shard, uint32_t units)
{
    ArenaBin bin = arena_bin_above(units);
    if (bin.major >= CACHE_BINS_MAJOR) {
        return 0;
    }
    uint32_t minor = shard->bins_minor[bin.major] & (~0u << bin.minor);
    uint32_t major = bin.major;
    if (minor == 0) {
        uint32_t majors =
            bin.major + 1 < 32 ? shard->bins_major & (~0u << (bin.major + 1)) : 0;
        if (majors == 0) {
            return 0;
        }
        major = (uint32_t)__builtin_ctz(majors);
        minor = shard->bins_minor[major];
    }
    return minor == 0 ? 0 : shard->bins[major][__builtin_ctz(minor)];
}

/* Blocks at the end of everything come from here. */
static uint32_t
arena_extend(CacheView *view, uint32_t units)
{
    CacheShard *shard = view->shard;
    if (shard->top == 0 || shard->top > view->arena_units) {
        view->is_damaged = true;
        return 0;
    }
    if (units > view->arena_units - shard->top) {
        return 0;
    }
    uint32_t ref = shard->top;
    shard->top += units;
    shard->high = MAX(shard->high, shard->top);
    return ref;
}

uint32_t
cache_arena_alloc(CacheView *view, uint32_t units, uint32_t *ret_pad)
{
    *ret_pad = 0;
    if (units < CACHE_UNITS_MIN || units > view->arena_units) {
        return 0;
    }
    uint32_t ref = arena_bin_find(view->shard, units);
    if (ref == 0) {
        return arena_extend(view, units);
    }
    CacheFree *block = arena_bin_remove(view, ref);
    if (block == NULL || block->units < units) {
        view->is_damaged = true;
        return 0;
    }
    uint32_t rest = block->units - units;
    uint32_t punched = block->punched;
    if (rest >= CACHE_UNITS_MIN) {
        arena_bin_add(view, ref + units, rest, punched > units ? punched - units : 0);
        return ref;
    }
    *ret_pad = rest;
    arena_mark_next(view, ref + units + rest, false);
    return ref;
}

void
cache_arena_free(CacheView *view, uint32_t ref, uint32_t units)
{
    CacheShard *shard = view->shard;
    CacheEntry *block = cache_view_entry(view, ref);
    if (block == NULL || units < CACHE_UNITS_MIN || ref >= shard->top ||
        units > shard->top - ref) {
        view->is_damaged = true;
        return;
    }
    if (cache_entry_shape(block) & CACHE_SHAPE_PREV_FREE) {
        uint32_t before = *arena_footer(view, ref);
        CacheFree *prev = before < ref ? arena_bin_remove(view, ref - before) : NULL;
        if (prev == NULL || prev->units != before) {
            view->is_damaged = true;
            return;
        }
        ref -= before;
        units += before;
    }
    uint32_t end = ref + units;
    if (end < shard->top) {
        CacheEntry *next = cache_view_entry(view, end);
        if (next != NULL &&
            cache_shape_kind(cache_entry_shape(next)) == CACHE_KIND_FREE) {
            CacheFree *after = arena_bin_remove(view, end);
            units += after != NULL ? after->units : 0;
        }
    }
    if (ref + units >= shard->top) {
        shard->top = ref;
        return;
    }
    arena_bin_add(view, ref, units, 0);
    arena_mark_next(view, ref + units, true);
}

void
cache_arena_release(void *address, size_t size)
{
    if (size > 0 && madvise(address, size, MADV_REMOVE) != 0) {
        memset(address, 0, size);
    }
}

#define ARENA_PAGE_UNITS (CACHE_PAGE / CACHE_UNIT)

static uint64_t
arena_page_up(uint64_t units)
{
    return (units + ARENA_PAGE_UNITS - 1) & ~(uint64_t)(ARENA_PAGE_UNITS - 1);
}

static uint64_t
arena_page_down(uint64_t units)
{
    return units & ~(uint64_t)(ARENA_PAGE_UNITS - 1);
}

/* Gives back the whole pages of [from, to). Returns the bytes. */
static size_t
arena_punch_range(CacheView *view, uint64_t from, uint64_t to)
{
    from = arena_page_up(from);
    to = arena_page_down(to);
    if (to <= from) {
        return 0;
    }
    size_t size = (size_t)(to - from) * CACHE_UNIT;
    cache_arena_release(view->arena + from * CACHE_UNIT, size);
    return size;
}

/* Behind `top` nothing is in use. */
static size_t
arena_punch_top(CacheView *view, size_t budget)
{
    CacheShard *shard = view->shard;
    if (shard->high > view->arena_units || shard->high < shard->top) {
        shard->high = view->arena_units;
    }
    uint64_t low = arena_page_up(shard->top);
    uint64_t high = arena_page_up(shard->high);
    if (high < low + ARENA_PUNCH_MIN / CACHE_UNIT) {
        return 0;
    }
    uint64_t from = high - MIN(high - low, arena_page_up(budget / CACHE_UNIT));
    shard->high = (uint32_t)from;
    return arena_punch_range(view, from, high);
}

static size_t
arena_punch_block(CacheView *view, uint32_t ref, size_t budget)
{
    CacheFree *block = arena_free_at(view, ref);
    if (block == NULL || block->punched >= block->units) {
        return 0;
    }
    uint64_t from = ref + MAX(block->punched, (uint32_t)cache_units(sizeof(CacheFree)));
    uint64_t to = arena_page_down(from + arena_page_up(budget / CACHE_UNIT));
    uint64_t end = (uint64_t)ref + block->units - 1; /* the size is repeated there */
    if (to >= end) {
        cache_racy_store_u32(&block->punched, block->units);
        return arena_punch_range(view, from, end);
    }
    cache_racy_store_u32(&block->punched, (uint32_t)(to - ref));
    return arena_punch_range(view, from, to);
}

bool
cache_arena_punch(CacheView *view, size_t budget)
{
    CacheShard *shard = view->shard;
    size_t done = arena_punch_top(view, budget);
    uint32_t least = arena_bin_above(ARENA_PUNCH_MIN / CACHE_UNIT).major;
    uint32_t looked = 0;
    for (uint32_t major = least; major < CACHE_BINS_MAJOR; major++) {
        for (uint32_t minor = 0; minor < CACHE_BINS_MINOR; minor++) {
            uint32_t ref = shard->bins[major][minor];
            while (ref != 0 && done < budget && looked++ < ARENA_PUNCH_LOOK) {
                done += arena_punch_block(view, ref, budget - done);
                CacheFree *block = arena_free_at(view, ref);
                ref = block != NULL ? block->next : 0;
            }
        }
    }
    return done >= budget;
}
