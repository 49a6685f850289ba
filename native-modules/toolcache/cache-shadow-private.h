/* SPDX-License-Identifier: MIT */
/* cache-shadow-private.h - which way would have hit more often?
 *
 * Purpose    the policy has two settings that no single value suits: how much of a
 *            shard the queue of newcomers gets, and whether uses of before count when a
 *            kept entry was not used for long. Loops want 1 % and no, skewed traffic
 *            yes, traffic that favours what was used last wants most for the queue. For
 *            each candidate a shard keeps a miniature of itself - hashes only, of a
 *            sample of the keys - and follows the best.
 * Ownership  lives in the mapping, in the shard's shadows.
 * Threads    caller holds the shard's lock.
 * Errors     an impossible link marks the view as damaged.
 * Cost       some 70 ns for a key of the sample, one of shard_entries / 1024.
 */
#pragma once

#include "cache-view-private.h"

typedef struct {
    uint32_t share;  /* of the queue, in thousandths */
    bool is_patient; /* credit counts */
} CacheShadowWay;

/* All zero is the state of the beginning. */
void cache_shadow_reset(CacheView *view);

/* The key of that hash was asked for. Returns the best way as of now. */
const CacheShadowWay *cache_shadow_note(CacheView *view, uint32_t low);
