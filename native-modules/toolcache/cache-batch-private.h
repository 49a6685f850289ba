/* SPDX-License-Identifier: MIT */
/* cache-batch-private.h - many entries of a journal put into the store at once.
 *
 * Purpose    one lock for the entries of a shard, and their cache lines on the way
 *            before they are needed.
 * Ownership  borrows the load and the records' bytes, until cache_batch_flush().
 * Threads    one; several batches of one load may exist.
 * Cost       about 0.4 us an entry.
 */
#pragma once

#include "cache-journal-private.h"
#include "cache-load-private.h"

typedef struct CacheBatch CacheBatch;

CacheBatch *cache_batch_new(ToolCache *cache, CacheLoad *load);

/* Flushes. */
void cache_batch_free(CacheBatch *self);

/* A SET, or a DELETE, or, if it `is_gone`, a SET that was made void later. Each has to
 * be older than those before it. Returns false when the batch is full: flush it. */
bool cache_batch_add(CacheBatch *self, const CacheJournalRecord *record, bool is_gone);

/* Returns false if the store is full. */
bool cache_batch_flush(CacheBatch *self);

/* One entry alone, as if it were set now. */
void cache_batch_put(ToolCache *cache, CacheLoad *load,
                     const CacheJournalRecord *record);
