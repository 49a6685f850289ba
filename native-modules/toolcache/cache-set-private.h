/* SPDX-License-Identifier: MIT */
/* cache-set-private.h - what setting and loading entries have in common. */
#pragma once

#include "cache-look-private.h"
#include "cache-shard-private.h"

/* What few entries have, built on the stack of a set; whole units of it are copied. */
typedef struct {
    alignas(CACHE_UNIT) CacheExtra head;
    CacheTagMark marks[TOOL_CACHE_TAGS_MAX];
} CacheSetExtras;

/* Returns false if the options ask for none, or for too many tags. */
bool cache_set_fill_extras(ToolCache *cache, const ToolCacheSetOptions *options,
                           CacheSetExtras *ret_extras);

uint64_t cache_set_stale_ns(const ToolCacheSetOptions *options);

/* When an entry that is set at `now_ns` is to go, in ticks: `stale_ns` after its life.
 */
uint64_t cache_set_deadline(int64_t now_ns, uint64_t ttl_ns, uint64_t stale_ns);

bool cache_set_fits(const ToolCache *cache, const CacheKeys *keys,
                    const ToolCacheValue *value);

/* Chooses the spelling that is stored. */
void cache_set_spell(CacheKeys *keys, CacheInsert *insert);

/* What a writer does first: noted hits, a few expired entries. Caller holds the lock.
 */
void cache_set_settle(CacheView *view);
