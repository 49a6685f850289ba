/* SPDX-License-Identifier: MIT */
/* cache-journal-private.h - what was set, in a file.
 *
 * Purpose    a store's entries outlive the run: every change is appended to a file, one
 *            checksummed record each, and read back when the store is made again.
 * Ownership  a handle owns its journal. The file belongs to one run at a time (flock,
 *            shared by forked processes).
 * Threads    any; appends of all processes are made one after the other under the
 *            header's journal_lock.
 * Errors     opening: TOOL_CACHE_ERROR_JOURNAL. Later ones (a full disk) end the
 * journal with a whole last record, and the store goes on in memory. Limits rewritten
 * when it is CACHE_JOURNAL_SLACK times as large as its entries. Cost       a write() a
 * change; a sync to disk at most every keeper's tick. A death    leaves at most one
 * torn record, which the next reader steps over.
 */
#pragma once

#include "cache-view-private.h"

enum {
    CACHE_JOURNAL_SLACK = 3
};

typedef enum {
    CACHE_JOURNAL_SET = 1,
    CACHE_JOURNAL_DELETE,
    CACHE_JOURNAL_CLEAR,
    CACHE_JOURNAL_FORGET_TOOL,
    CACHE_JOURNAL_FORGET_TAG,
    CACHE_JOURNAL_FORGET_PARTITION,
} CacheJournalOp;

typedef struct {
    CacheJournalOp op;
    ToolCacheKey key;     /* of FORGET_...: the name is `tool` */
    ToolCacheValue value; /* of SET only */
    int64_t ttl_ns;       /* 0: for ever */
    int64_t stale_ns;
    const ToolCacheTag *tags;
    size_t tag_count;
} CacheJournalRecord;

typedef struct CacheJournal CacheJournal;

/* Opens or makes the file, and locks it. */
CacheJournal *cache_journal_open(const char *path, GError **error);

/* NULL is allowed. */
void cache_journal_free(CacheJournal *self);

/* Calls `each` for every whole record in the order they were written. Returns false
 * with an error if the file is none of ours. */
bool cache_journal_load(CacheJournal *self,
                        void (*each)(const CacheJournalRecord *record, void *user),
                        void *user, GError **error);

/* Does nothing once the journal has ended. */
void cache_journal_append(ToolCache *cache, const CacheJournalRecord *record);

/* Writes the live entries anew if much of the file is not about them any more. */
void cache_journal_tidy(ToolCache *cache);

/* Waits until what was appended is on disk. */
void cache_journal_sync(ToolCache *cache);
