/* SPDX-License-Identifier: MIT */
#include "cache-shadow-private.h"

#include "cache-arena-private.h"

/* For loops, for skew, for skew that moves, for recency. */
static const CacheShadowWay shadow_ways[CACHE_SHADOWS] = {
    {10, false}, {10, true}, {200, true}, {900, false}};

enum {
    SHADOW_FULL_CAPACITIES = 4, /* accesses before old scores count half */
    SHADOW_LOOK_DIVISOR = 8,    /* a decision every 1/8 of a capacity */
    SHADOW_MARGIN = 64,         /* the best must be better by 1/64 of its score ... */
    SHADOW_MARGIN_MIN = 4,      /* ... and by so many hits */
    SHADOW_DEMOTE_MAX = 8,      /* as the policy does in one step */
};

/* How many keys share one that is in the sample, and the miniature's capacity. */
static uint32_t
shadow_rate(const CacheView *view)
{
    return (view->shard_entries + CACHE_SHADOW_ENTRIES - 1) / CACHE_SHADOW_ENTRIES;
}

static uint32_t
shadow_capacity(const CacheView *view)
{
    uint32_t capacity = cache_view_capacity(view) / shadow_rate(view);
    return CLAMP(capacity, 1, CACHE_SHADOW_ENTRIES);
}

void
cache_shadow_reset(CacheView *view)
{
    cache_arena_release(view->shadows, sizeof(CacheShadows));
}

static CacheShadowNode *
shadow_node(CacheView *view, CacheShadow *shadow, uint32_t index)
{
    if (index == 0 || index > CACHE_SHADOW_NODES) {
        view->is_damaged = true;
        index = 1;
    }
    return &shadow->nodes[index - 1];
}

static void
shadow_link(CacheView *view, CacheShadow *shadow, CacheShadowPlace place,
            uint32_t index)
{
    CacheShadowList *list = &shadow->lists[place];
    CacheShadowNode *node = shadow_node(view, shadow, index);
    node->place = (uint8_t)place;
    node->newer = 0;
    node->older = list->newest;
    if (list->newest != 0) {
        shadow_node(view, shadow, list->newest)->newer = (uint16_t)index;
    }
    else {
        list->oldest = (uint16_t)index;
    }
    list->newest = (uint16_t)index;
    list->count++;
}

static void
shadow_unlink(CacheView *view, CacheShadow *shadow, uint32_t index)
{
    CacheShadowNode *node = shadow_node(view, shadow, index);
    CacheShadowList *list = &shadow->lists[node->place % CACHE_SHADOW_PLACES];
    if (node->newer != 0) {
        shadow_node(view, shadow, node->newer)->older = node->older;
    }
    else {
        list->newest = node->older;
    }
    if (node->older != 0) {
        shadow_node(view, shadow, node->older)->newer = node->newer;
    }
    else {
        list->oldest = node->newer;
    }
    list->count--;
}

static uint16_t *
shadow_head(CacheShadow *shadow, uint32_t key)
{
    return &shadow->heads[key * 0x9E3779B1u >> 20 & (CACHE_SHADOW_HEADS - 1)];
}

/* Returns the node of the key, 0 if there is none. */
static uint32_t
shadow_find(CacheView *view, CacheShadow *shadow, uint32_t key)
{
    uint32_t index = *shadow_head(shadow, key);
    for (uint32_t left = CACHE_SHADOW_NODES; index != 0 && left > 0; left--) {
        const CacheShadowNode *node = shadow_node(view, shadow, index);
        if (node->key == key) {
            return index;
        }
        index = node->chain;
    }
    return 0;
}

static void
shadow_unchain(CacheView *view, CacheShadow *shadow, uint32_t index)
{
    CacheShadowNode *node = shadow_node(view, shadow, index);
    uint16_t *at = shadow_head(shadow, node->key);
    for (uint32_t left = CACHE_SHADOW_NODES; *at != 0 && left > 0; left--) {
        if (*at == index) {
            *at = node->chain;
            return;
        }
        at = &shadow_node(view, shadow, *at)->chain;
    }
}

/* A node for a key that has none: a fresh one, or that of the oldest ghost. */
static uint32_t
shadow_take(CacheView *view, CacheShadow *shadow, uint32_t key)
{
    uint32_t index = shadow->lists[CACHE_SHADOW_GHOST].oldest;
    uint32_t ghosts = shadow->lists[CACHE_SHADOW_GHOST].count;
    if (index != 0 &&
        (shadow->used >= CACHE_SHADOW_NODES || ghosts >= 2 * shadow_capacity(view))) {
        shadow_unlink(view, shadow, index);
        shadow_unchain(view, shadow, index);
    }
    else {
        index = MIN(shadow->used + 1, CACHE_SHADOW_NODES);
        shadow->used = index;
    }
    CacheShadowNode *node = shadow_node(view, shadow, index);
    uint16_t *head = shadow_head(shadow, key);
    node->key = key;
    node->credit = 0;
    node->chain = *head;
    *head = (uint16_t)index;
    return index;
}

/* The policy's own rule; see policy_is_recent(). */
static bool
shadow_is_recent(CacheView *view, CacheShadow *shadow, uint32_t access)
{
    uint32_t oldest = shadow->lists[CACHE_SHADOW_LIR].oldest;
    if (oldest == 0) {
        return true;
    }
    uint32_t age = shadow->now - shadow_node(view, shadow, oldest)->access;
    return (uint64_t)(shadow->now - access) * CACHE_RECENT_FACTOR < age;
}

static void
shadow_evict(CacheView *view, CacheShadow *shadow)
{
    uint32_t index = shadow->lists[CACHE_SHADOW_HIR].oldest;
    index = index != 0 ? index : shadow->lists[CACHE_SHADOW_LIR].oldest;
    shadow_unlink(view, shadow, index);
    shadow_link(view, shadow, CACHE_SHADOW_GHOST, index);
}

/* As policy_demote(). */
static void
shadow_demote(CacheView *view, CacheShadow *shadow, uint32_t lir_max, bool is_patient)
{
    CacheShadowList *lir = &shadow->lists[CACHE_SHADOW_LIR];
    for (unsigned i = 1; i <= SHADOW_DEMOTE_MAX && lir->count > lir_max; i++) {
        uint32_t oldest = lir->oldest;
        CacheShadowNode *node = shadow_node(view, shadow, oldest);
        bool is_kept = is_patient && node->credit > 0 && i < SHADOW_DEMOTE_MAX;
        shadow_unlink(view, shadow, oldest);
        shadow_link(view, shadow, is_kept ? CACHE_SHADOW_LIR : CACHE_SHADOW_HIR,
                    oldest);
        if (is_kept) {
            node->credit--;
            node->access = shadow->now;
        }
    }
}

/* Returns whether the miniature had the key. */
static bool
shadow_access(CacheView *view, CacheShadow *shadow, uint32_t key,
              const CacheShadowWay *way)
{
    uint32_t capacity = shadow_capacity(view);
    uint32_t hir_min = MAX(capacity * way->share / 1000, 1);
    uint32_t lir_max = capacity > hir_min ? capacity - hir_min : 1;
    CacheShadowList *lists = shadow->lists;
    uint32_t index = shadow_find(view, shadow, key);
    bool is_recent = false;
    bool is_hit = false;
    if (index != 0) {
        CacheShadowNode *node = shadow_node(view, shadow, index);
        is_hit = node->place != CACHE_SHADOW_GHOST;
        node->credit = is_hit ? MIN(node->credit + 1, CACHE_CREDIT_MAX) : 0;
        is_recent = node->place == CACHE_SHADOW_LIR ||
                    shadow_is_recent(view, shadow, node->access);
        shadow_unlink(view, shadow, index);
    }
    uint32_t resident = lists[CACHE_SHADOW_LIR].count + lists[CACHE_SHADOW_HIR].count;
    /* A second one when the capacity shrank. */
    for (unsigned i = 0; i < 2 && !is_hit && resident >= capacity; i++, resident--) {
        shadow_evict(view, shadow);
    }
    if (index == 0) {
        index = shadow_take(view, shadow, key);
    }
    shadow_node(view, shadow, index)->access = shadow->now++;
    if (is_recent || (!is_hit && lists[CACHE_SHADOW_LIR].count < lir_max)) {
        shadow_link(view, shadow, CACHE_SHADOW_LIR, index);
        shadow_demote(view, shadow, lir_max, way->is_patient);
    }
    else {
        shadow_link(view, shadow, CACHE_SHADOW_HIR, index);
    }
    return is_hit;
}

static void
shadow_decide(CacheShadows *shadows)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < CACHE_SHADOWS; i++) {
        best = shadows->scores[i] > shadows->scores[best] ? i : best;
    }
    uint32_t current = shadows->current % CACHE_SHADOWS;
    uint32_t margin = shadows->scores[best] / SHADOW_MARGIN + SHADOW_MARGIN_MIN;
    if (shadows->scores[best] > shadows->scores[current] + margin) {
        shadows->current = best;
    }
}

const CacheShadowWay *
cache_shadow_note(CacheView *view, uint32_t low)
{
    CacheShadows *shadows = view->shadows;
    uint32_t capacity = shadow_capacity(view);
    if (low * 0x85EBCA6Bu % shadow_rate(view) == 0) {
        for (uint32_t i = 0; i < CACHE_SHADOWS; i++) {
            shadows->scores[i] +=
                shadow_access(view, &shadows->each[i], low, &shadow_ways[i]);
        }
        shadows->accesses++;
        if (shadows->accesses % (capacity / SHADOW_LOOK_DIVISOR + 1) == 0) {
            shadow_decide(shadows);
        }
        if (shadows->accesses % (capacity * SHADOW_FULL_CAPACITIES) == 0) {
            for (uint32_t i = 0; i < CACHE_SHADOWS; i++) {
                shadows->scores[i] /= 2;
            }
        }
    }
    return &shadow_ways[shadows->current % CACHE_SHADOWS];
}
