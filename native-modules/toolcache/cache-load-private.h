/* SPDX-License-Identifier: MIT */
/* cache-load-private.h - reading a journal while the store is already used.
 *
 * Purpose    a thread puts the entries of a file into the store, newest first, and
 * never over anything that was set, deleted, cleared or invalidated since. Ownership  a
 * handle owns its load, which borrows the handle; freeing waits for the thread. It
 * reads a private mapping of the file as it was. Threads    any. Only the process that
 * opened the journal ever loads: fork() waits for the end. Order: a shard's lock, then
 * the load's mutex. Limits     ends early when the store is full: the rest is older.
 * Cost       about 1 us an entry; 24 bytes an entry until the end.
 */
#pragma once

#include "cache-view-private.h"

typedef struct CacheLoad CacheLoad;

/* Reads the first `size` bytes of the store's journal; records begin at `start`. */
CacheLoad *cache_load_start(ToolCache *cache, size_t size, size_t start);

/* Ends the thread. NULL is allowed, here and below. */
void cache_load_stop(CacheLoad *self);

void cache_load_free(CacheLoad *self);

/* Somebody is about to set or delete that key. Returns whether a load is under way. */
bool cache_load_touch(CacheLoad *self, uint64_t hash);

/* For the loading thread, under the shard's lock: false if the key was touched or met
 * before. */
bool cache_load_claim(CacheLoad *self, uint64_t hash);

/* Nothing more is put into the store. `is_void`: what is left of the file does not
 * count any more; otherwise it is only not read, and the file must not be written anew.
 */
void cache_load_cancel(CacheLoad *self, bool is_void);

/* It is over, and the store has all that the file is worth. */
bool cache_load_is_whole(CacheLoad *self);

/* Returns whether it is over; waits for that at most so long. */
bool cache_load_wait(CacheLoad *self, int64_t timeout_ns);

/* Sets an entry of the file; `is_gone`: it was deleted, expired or forgotten later, so
 * that no older one of its key may be set. */
void tool_cache_set_loaded(ToolCache *self, const ToolCacheKey *key,
                           const ToolCacheValue *value,
                           const ToolCacheSetOptions *options, bool is_gone);
