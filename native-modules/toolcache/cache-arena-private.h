/* SPDX-License-Identifier: MIT */
/* cache-arena-private.h - memory for the entries of one shard.
 *
 * Purpose    blocks of any size at offsets, allocated and freed in constant time (two
 *            levels of size classes and boundary tags, after TLSF), neighbours joined
 *            at once, whole pages given back to the system on request.
 * Ownership  a block belongs to who allocated it until cache_arena_free().
 * Threads    caller holds the shard's lock.
 * Errors     0 from alloc: no free range is large enough. A block that contradicts its
 *            neighbours marks the view as damaged.
 * Cost       O(1); cache_arena_punch() one system call for at most its budget.
 * Example    uint32_t ref = cache_arena_alloc(view, 12);
 *            cache_arena_free(view, ref, 12);
 */
#pragma once

#include "cache-view-private.h"

/* The state of a shard that never held anything; touches no pages of the arena. */
void cache_arena_init(CacheView *view);

/* Returns the block's reference. *ret_pad: units that belong to it beyond `units`. */
uint32_t cache_arena_alloc(CacheView *view, uint32_t units, uint32_t *ret_pad);

void cache_arena_free(CacheView *view, uint32_t ref, uint32_t units);

/* Gives free whole pages back, at most `budget` bytes. Returns whether there is more.
 */
bool cache_arena_punch(CacheView *view, size_t budget);

/* Gives all pages of a range back; zeroes it where that fails. */
void cache_arena_release(void *address, size_t size);
