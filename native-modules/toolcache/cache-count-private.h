/* SPDX-License-Identifier: MIT */
/* cache-count-private.h - counters that threads do not share.
 *
 * Purpose    a hit must write no line that another thread writes. Each thread counts
 *            in a stripe of its own in the mapping; a report adds the stripes up.
 * Ownership  a stripe belongs to a thread until the thread ends; what it counted stays.
 * Threads    any.
 * Limits     CACHE_STRIPES threads at once; more share stripe 0, which stays exact.
 * Cost       1-2 ns.
 */
#pragma once

#include "cache-view-private.h"

/* Counts an event of a tool (0: no row of its own) `by` times. */
void cache_count_by(ToolCache *cache, uint32_t tool, CacheCount what, uint64_t by);

enum {
    CACHE_COUNT_KNOWN = 8 /* stores whose stripe a thread remembers */
};

typedef struct {
    uint64_t serial;  /* of the handle whose stripe is this thread's own; 0: none */
    uint64_t sharing; /* of the handle where it has none but the shared one */
    CacheStripe *stripe;
} CacheCountClaim;

/* Remembers only where to count; what is counted is in the store. */
extern _Thread_local CacheCountClaim
    cache_count_claims[CACHE_COUNT_KNOWN]; /* nocheck:static */

static inline void
cache_count(ToolCache *cache, uint32_t tool, CacheCount what)
{
    CacheCountClaim *claim = &cache_count_claims[cache->serial % CACHE_COUNT_KNOWN];
    if (G_UNLIKELY(claim->serial != cache->serial)) {
        cache_count_by(cache, tool, what, 1);
        return;
    }
    _Atomic uint64_t *count = &claim->stripe->rows[tool].counts[what];
    uint64_t value = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, value + 1, memory_order_relaxed);
}

/* In the child of a fork, which runs in the one thread that is left: its stripes were
 * its parent's. */
void cache_count_forked(void);

/* The sum over all threads for one tool. */
uint64_t cache_count_tool(const ToolCache *cache, uint32_t tool, CacheCount what);
