/* SPDX-License-Identifier: MIT */
/* cache-shadow-private.h - which share of the queue would have hit more often?
 *
 * Purpose    the policy has one number that no single value suits: how much of a shard
 *            the queue of newcomers gets. Loops want 1 %, traffic that favours what
 *            was used last wants most. For each candidate a shard keeps a miniature of
 *            itself - hashes only, of a sample of the keys - and follows the best.
 * Ownership  lives in the mapping, in the shard's shadows.
 * Threads    caller holds the shard's lock.
 * Errors     an impossible link marks the view as damaged.
 * Cost       some 50 ns for a key of the sample, one of shard_entries / 1024.
 */
#pragma once

#include "cache-view-private.h"

/* All zero is the state of the beginning. */
void cache_shadow_reset(CacheView *view);

/* The key of that hash was asked for. Returns the share, in thousandths, that the queue
 * should have now. */
uint32_t cache_shadow_note(CacheView *view, uint32_t low);
