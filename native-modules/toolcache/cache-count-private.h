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

static inline void
cache_count(ToolCache *cache, uint32_t tool, CacheCount what)
{
    cache_count_by(cache, tool, what, 1);
}

/* In the child of a fork, which runs in the one thread that is left: its stripes were
 * its parent's. */
void cache_count_forked(void);

/* The sum over all threads for one tool. */
uint64_t cache_count_tool(const ToolCache *cache, uint32_t tool, CacheCount what);
