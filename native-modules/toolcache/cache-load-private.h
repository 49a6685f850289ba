/* SPDX-License-Identifier: MIT */
/* cache-load-private.h - reading a journal while the store is already used.
 *
 * Purpose    a thread puts the entries of a file into the store, newest first, and
 *            never over anything that was set, deleted, cleared or invalidated since.
 *            Whoever asks for a key that is not there yet gets it from the file at
 *            once, where the file has an index.
 * Ownership  a handle owns its load, which borrows the handle; freeing waits for the
 *            thread.
 * Threads    any. Only the process that opened the journal ever loads: fork() waits for
 *            the end. Order: a shard's lock, then the load's mutex.
 * Limits     ends early when the store is full: the rest is older.
 * Cost       0.5 us an entry; until the end 16 bytes an entry and 8 of the index.
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

/* For who puts something of the file into the store: false if the key was touched or
 * met before. Under the shard's lock. */
bool cache_load_claim(CacheLoad *self, uint64_t hash);

/* That hash will be claimed soon. By the loading thread. */
void cache_load_prefetch(CacheLoad *self, uint64_t hash);

/* Nothing more is put into the store. `is_void`: what is left of the file does not
 * count any more; otherwise it is only not read, and the file must not be written anew.
 */
void cache_load_cancel(CacheLoad *self, bool is_void);

/* It is over, and the store has all that the file is worth. */
bool cache_load_is_whole(CacheLoad *self);

/* Returns whether it is over; waits for that at most so long. */
bool cache_load_wait(CacheLoad *self, int64_t timeout_ns);

/* Puts the entry of that key into the store, if the file has one. Returns false if it
 * is not known yet: after so long, or when the file has no index. */
bool cache_load_fetch(CacheLoad *self, const ToolCacheKey *key, int64_t timeout_ns);
