/* SPDX-License-Identifier: MIT */
#include "cache-policy-private.h"
#include "cache-racy-private.h"

#include "cache-bucket-private.h"
#include "cache-ghosts-private.h"
#include "cache-index-private.h"
#include "cache-shadow-private.h"

enum {
    POLICY_EPOCHS = 64,     /* a shard's worth of insertions has this many epochs */
    POLICY_DEMOTE_MAX = 8,  /* entries that change lists in one step */
    POLICY_NOTES_STEP = 32, /* noted hits after which a reader applies them */
    POLICY_NOTES_MAX = 64,  /* applied in one hold of the lock: a bound for pauses */
};

/* ---- lists ---------------------------------------------------------------- */

static void
policy_link(CacheView *view, CacheList *list, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry == NULL) {
        return;
    }
    cache_racy_store_u32(&entry->newer, 0);
    cache_racy_store_u32(&entry->older, list->newest);
    if (list->newest != 0) {
        CacheEntry *next = cache_view_entry(view, list->newest);
        if (next != NULL) {
            cache_racy_store_u32(&next->newer, ref);
        }
    }
    else {
        list->oldest = ref;
    }
    list->newest = ref;
    list->count++;
}

static void
policy_link_oldest(CacheView *view, CacheList *list, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    CacheEntry *next = list->oldest != 0 ? cache_view_entry(view, list->oldest) : NULL;
    if (entry == NULL) {
        return;
    }
    cache_racy_store_u32(&entry->newer, list->oldest);
    cache_racy_store_u32(&entry->older, 0);
    if (next != NULL) {
        cache_racy_store_u32(&next->older, ref);
    }
    else {
        list->newest = ref;
    }
    list->oldest = ref;
    list->count++;
}

static void
policy_unlink(CacheView *view, CacheList *list, CacheEntry *entry)
{
    CacheEntry *newer = entry->newer ? cache_view_entry(view, entry->newer) : NULL;
    CacheEntry *older = entry->older ? cache_view_entry(view, entry->older) : NULL;
    if (newer != NULL) {
        cache_racy_store_u32(&newer->older, entry->older);
    }
    else {
        list->newest = entry->older;
    }
    if (older != NULL) {
        cache_racy_store_u32(&older->newer, entry->newer);
    }
    else {
        list->oldest = entry->newer;
    }
    list->count--;
}

static CacheList *
policy_list(CacheView *view, const CacheEntry *entry)
{
    bool is_lir = cache_entry_shape(entry) & CACHE_SHAPE_LIR;
    return is_lir ? &view->shard->lir : &view->shard->hir;
}

void
cache_policy_init(CacheView *view)
{
    CacheShard *shard = view->shard;
    shard->lir = (CacheList){0};
    shard->hir = (CacheList){0};
    shard->capacity = 0;
    shard->hir_target = MAX(view->shard_entries / 100, 1); /* until it adapts */
    shard->is_patient = false;
    /* Entries that are loaded were used before the first that are set. */
    shard->now = view->shard_entries + 1;
    shard->epoch_left = 1;
    shard->touch_begin = atomic_load_explicit(&shard->touch_end, memory_order_relaxed);
}

/* ---- the time and the credit of an entry ---------------------------------- */

#define POLICY_CREDIT_BITS 2

static uint32_t
policy_credit(const CacheEntry *entry)
{
    return entry->access & CACHE_CREDIT_MAX;
}

static uint32_t
policy_age(const CacheView *view, const CacheEntry *entry)
{
    uint32_t age = view->shard->now - (entry->access >> POLICY_CREDIT_BITS);
    return age & UINT32_MAX >> POLICY_CREDIT_BITS;
}

static void
policy_set_used(CacheEntry *entry, uint32_t time, uint32_t credit)
{
    cache_racy_store_u32(&entry->access, time << POLICY_CREDIT_BITS | credit);
}

void
cache_policy_mourn(CacheView *view, const CacheEntry *entry, bool is_expired)
{
    uint32_t used = view->shard->now - policy_age(view, entry);
    cache_ghosts_add(view, entry->hash, used, is_expired);
}

/* ---- the two lists -------------------------------------------------------- */

static CacheEntry *
policy_oldest_lir(CacheView *view)
{
    uint32_t ref = view->shard->lir.oldest;
    return ref != 0 ? cache_view_entry(view, ref) : NULL;
}

static uint32_t
policy_lir_target(const CacheView *view)
{
    uint32_t hir = view->shard->hir_target;
    uint32_t capacity = cache_view_capacity(view);
    return capacity > hir ? capacity - hir : 1;
}

/* The least recent of the kept ones joins the queue's end; who has credit stays for
 * it, as if used now. */
static void
policy_demote(CacheView *view)
{
    CacheShard *shard = view->shard;
    for (unsigned i = 1; i <= POLICY_DEMOTE_MAX; i++) {
        if (shard->lir.count <= policy_lir_target(view)) {
            return;
        }
        uint32_t ref = shard->lir.oldest;
        CacheEntry *entry = cache_view_entry(view, ref);
        if (entry == NULL) {
            return;
        }
        uint32_t credit = policy_credit(entry);
        policy_unlink(view, &shard->lir, entry);
        if (shard->is_patient && credit > 0 && i < POLICY_DEMOTE_MAX) {
            policy_set_used(entry, shard->now, credit - 1);
            policy_link(view, &shard->lir, ref);
            continue;
        }
        cache_entry_set_shape(entry, CACHE_SHAPE_LIR, 0);
        policy_link(view, &shard->hir, ref);
    }
}

static void
policy_promote(CacheView *view, uint32_t ref, CacheEntry *entry)
{
    cache_entry_set_shape(entry, 0, CACHE_SHAPE_LIR);
    policy_link(view, &view->shard->lir, ref);
    policy_demote(view);
}

/* Whether a use now, the last one `age` ago, earns a place among the kept ones: the
 * least recent of those was not used for longer. LIRS compares the two as they are;
 * that the newcomer has to be better by a factor keeps rare keys, which meet twice by
 * chance, from driving out common ones. */
static bool
policy_is_recent(CacheView *view, uint32_t age)
{
    const CacheEntry *oldest = policy_oldest_lir(view);
    return oldest == NULL ||
           (uint64_t)age * CACHE_RECENT_FACTOR < policy_age(view, oldest);
}

/* Lets the miniatures see the use, and follows the best of them. */
static void
policy_adapt(CacheView *view, uint32_t low)
{
    const CacheShadowWay *way = cache_shadow_note(view, low);
    uint64_t target = (uint64_t)cache_view_capacity(view) * way->share / 1000;
    view->shard->hir_target = MAX((uint32_t)target, 1);
    view->shard->is_patient = way->is_patient;
}

static void
policy_use(CacheView *view, uint32_t ref, CacheEntry *entry)
{
    CacheShard *shard = view->shard;
    bool is_lir = cache_entry_shape(entry) & CACHE_SHAPE_LIR;
    bool is_recent = is_lir || policy_is_recent(view, policy_age(view, entry));
    uint32_t credit = MIN(policy_credit(entry) + 1, CACHE_CREDIT_MAX);
    policy_adapt(view, entry->hash);
    policy_unlink(view, policy_list(view, entry), entry);
    policy_set_used(entry, shard->now++, credit);
    if (is_recent) {
        policy_promote(view, ref, entry);
    }
    else {
        policy_link(view, &shard->hir, ref);
    }
}

void
cache_policy_add(CacheView *view, uint32_t ref)
{
    CacheShard *shard = view->shard;
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry == NULL) {
        return;
    }
    if (--shard->epoch_left == 0) {
        atomic_fetch_add_explicit(&shard->epoch, 1, memory_order_relaxed);
        cache_bucket_set_changes(view, cache_bucket_changes(view) + 2);
        shard->epoch_left = cache_view_capacity(view) / POLICY_EPOCHS + 1;
    }
    uint32_t age;
    bool is_back =
        cache_ghosts_take(view, entry->hash, &age) && policy_is_recent(view, age);
    policy_adapt(view, entry->hash);
    policy_set_used(entry, shard->now++, 0);
    if (is_back || shard->lir.count < policy_lir_target(view)) {
        policy_promote(view, ref, entry);
    }
    else {
        policy_link(view, &shard->hir, ref);
    }
}

void
cache_policy_add_old(CacheView *view, uint32_t ref)
{
    CacheShard *shard = view->shard;
    CacheEntry *entry = cache_view_entry(view, ref);
    bool is_lir = shard->hir.count == 0 && shard->lir.count < policy_lir_target(view);
    CacheList *list = is_lir ? &shard->lir : &shard->hir;
    uint32_t before = list->oldest != 0 ? list->oldest : shard->lir.oldest;
    const CacheEntry *next = before != 0 ? cache_view_entry(view, before) : NULL;
    if (entry == NULL) {
        return;
    }
    uint32_t age = next != NULL ? policy_age(view, next) + 1 : 1;
    policy_set_used(entry, shard->now - age, 0);
    cache_entry_set_shape(entry, 0, is_lir ? CACHE_SHAPE_LIR : 0);
    policy_link_oldest(view, list, ref);
}

void
cache_policy_replace(CacheView *view, uint32_t old, uint32_t ref)
{
    CacheEntry *from = cache_view_entry(view, old);
    CacheEntry *to = cache_view_entry(view, ref);
    if (from == NULL || to == NULL) {
        return;
    }
    CacheList *list = policy_list(view, from);
    policy_unlink(view, list, from);
    cache_entry_set_shape(to, CACHE_SHAPE_LIR,
                          cache_entry_shape(from) & CACHE_SHAPE_LIR);
    cache_racy_store_u32(&to->access, from->access);
    policy_link(view, list, ref);
    policy_use(view, ref, to);
}

void
cache_policy_remove(CacheView *view, uint32_t ref)
{
    CacheEntry *entry = cache_view_entry(view, ref);
    if (entry != NULL) {
        policy_unlink(view, policy_list(view, entry), entry);
    }
}

uint32_t
cache_policy_victim(CacheView *view, uint32_t spared)
{
    CacheShard *shard = view->shard;
    shard->capacity = MAX(shard->count, 1);
    uint32_t lists[2] = {shard->hir.oldest, shard->lir.oldest};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t ref = lists[i];
        if (ref != 0 && ref == spared) {
            CacheEntry *entry = cache_view_entry(view, ref);
            ref = entry != NULL ? entry->newer : 0;
        }
        if (ref != 0) {
            return ref;
        }
    }
    return 0;
}

static const CacheEntry *
policy_next_victim(const CacheView *view)
{
    uint32_t ref = view->shard->hir.oldest;
    bool is_inside =
        ref != 0 && ref <= view->arena_units - sizeof(CacheEntry) / CACHE_UNIT;
    return is_inside && view->shard->capacity != 0
               ? (const CacheEntry *)(view->arena + (size_t)ref * CACHE_UNIT)
               : NULL;
}

void
cache_policy_prefetch(const CacheView *view, uint32_t low)
{
    __builtin_prefetch(&view->buckets[cache_bucket_home(view, low)], 1);
    cache_ghosts_prefetch(view, low);
}

void
cache_policy_prefetch_around_victim(const CacheView *view)
{
    const CacheEntry *victim = policy_next_victim(view);
    if (victim != NULL) {
        cache_policy_prefetch(view, victim->hash);
        __builtin_prefetch((const char *)victim + 256, 1); /* the block behind it */
    }
}

void
cache_policy_prefetch_victim(const CacheView *view)
{
    const CacheEntry *victim = policy_next_victim(view);
    if (victim != NULL) {
        __builtin_prefetch(victim, 1);
    }
}

/* ---- hits ----------------------------------------------------------------- */

bool
cache_policy_note_first(CacheView *view, uint32_t bucket, uint32_t slot)
{
    CacheShard *shard = view->shard;
    CacheBucket *at = &view->buckets[bucket];
    uint8_t epoch = (uint8_t)atomic_load_explicit(&shard->epoch, memory_order_relaxed);
    atomic_store_explicit(&at->touches[slot], epoch, memory_order_relaxed);
    uint64_t touch = ((uint64_t)bucket + 1) << 16 | cache_bucket_slot_tag(at, slot);
    uint32_t end =
        atomic_fetch_add_explicit(&shard->touch_end, 1, memory_order_relaxed);
    atomic_store_explicit(&shard->touch_ring[end % CACHE_TOUCH_RING], touch,
                          memory_order_relaxed);
    return end % POLICY_NOTES_STEP == 0;
}

void
cache_policy_catch_up(CacheView *view)
{
    CacheShard *shard = view->shard;
    uint32_t end = atomic_load_explicit(&shard->touch_end, memory_order_relaxed);
    if (end - shard->touch_begin > CACHE_TOUCH_RING) {
        shard->touch_begin = end - CACHE_TOUCH_RING; /* the oldest were overwritten */
    }
    if (end - shard->touch_begin > POLICY_NOTES_MAX) {
        end = shard->touch_begin + POLICY_NOTES_MAX;
    }
    for (; shard->touch_begin != end; shard->touch_begin++) {
        uint64_t touch = atomic_exchange_explicit(
            &shard->touch_ring[shard->touch_begin % CACHE_TOUCH_RING], 0,
            memory_order_relaxed);
        uint32_t ref = cache_index_touched(view, touch);
        CacheEntry *entry = ref != 0 ? cache_view_entry(view, ref) : NULL;
        if (entry != NULL) {
            policy_use(view, ref, entry);
        }
    }
}
