/* SPDX-License-Identifier: MIT */
/* cache-wheel-private.h - entries by deadline, so that expired ones are found at once.
 *
 * Purpose    a hierarchical timer wheel: 6 levels of 64 slots, the finest 17 ms wide.
 *            It only frees memory: readers look at the deadline themselves.
 * Ownership  entries are linked by reference; the wheel owns none.
 * Threads    caller holds the shard's lock.
 * Errors     an impossible link marks the view as damaged.
 * Cost       link and unlink O(1); an entry is moved at most five times in its life.
 */
#pragma once

#include "cache-view-private.h"

void cache_wheel_init(CacheView *view, uint64_t now_ticks);

/* Entries without a deadline are not linked, and need not be unlinked. */
void cache_wheel_link(CacheView *view, uint32_t ref);
void cache_wheel_unlink(CacheView *view, uint32_t ref);

/* Returns an expired entry, still linked, or 0. Does at most *budget steps and counts
 * them down; 0 with *budget > 0: there is none, in slots that are over. */
uint32_t cache_wheel_next(CacheView *view, uint64_t now_ticks, unsigned *budget);

/* The same for the slot that is not over yet; looks through all of it. */
uint32_t cache_wheel_next_exact(CacheView *view, uint64_t now_ticks);
