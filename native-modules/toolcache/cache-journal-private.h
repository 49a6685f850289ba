/* SPDX-License-Identifier: MIT */
/* cache-journal-private.h - what was set, in a file.
 *
 * Purpose    a store's entries outlive the run: every change is appended to a file, one
 *            checksummed record each, and read back when the store is made again.
 * Ownership  a handle owns its journal. The file belongs to one run at a time (flock,
 *            shared by forked processes).
 * Threads    any; appends of all processes are made one after the other under the
 *            header's journal_lock. Who writes the file anew holds tidy_lock; order:
 *            tidy_lock, journal_lock.
 * Errors     opening: TOOL_CACHE_ERROR_JOURNAL. Later ones (a full disk) end the
 *            journal with a whole last record, and the store goes on in memory.
 * Limits     rewritten when it is CACHE_JOURNAL_SLACK times as large as its entries.
 * Cost       a write() a change; a sync to disk at most every keeper's tick.
 * A death    leaves at most one torn record, which the next reader steps over, or a
 *            file *.new, which the next writer replaces.
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

/* Opens or makes the file, and locks it for this run. *ret_size: how much of it is of
 * before; records begin at *ret_start. */
CacheJournal *cache_journal_open(ToolCache *cache, const char *path, size_t *ret_size,
                                 size_t *ret_start, GError **error);

/* A copy of the first `size` bytes, *ret_size if there are fewer; munmap() all of it.
 */
unsigned char *cache_journal_read(const CacheJournal *self, size_t size,
                                  size_t *ret_size);

/* NULL is allowed. */
void cache_journal_free(CacheJournal *self);

/* Appends the size_t offsets of records between `from` and `to`. Unverified ones only
 * look whole; verified ones are. */
void cache_journal_scan(const unsigned char *base, size_t from, size_t to,
                        bool is_verified, GArray *offsets);

/* Returns false if there is no whole and sound record at `at`. What expired meanwhile
 * reads as a DELETE. *ret_record borrows from the file and from `tags`. */
bool cache_journal_parse(const unsigned char *at, const unsigned char *end,
                         CacheJournalRecord *ret_record, ToolCacheTag *tags);

/* Appends a record to the bytes. */
void cache_journal_encode(GByteArray *out, const CacheJournalRecord *record);

/* Does nothing once the journal has ended. */
void cache_journal_append(ToolCache *cache, const CacheJournalRecord *record);

/* Whether much of the file is not about live entries any more. */
bool cache_journal_is_bloated(const ToolCache *cache);

/* Writes the live entries anew if so, while
 * others go on. One process at a time does; the rest follow. */
void cache_journal_tidy(ToolCache *cache);

/* Waits until what was appended is on disk. */
void cache_journal_sync(ToolCache *cache);
