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
    CACHE_JOURNAL_SLACK = 3,
    CACHE_JOURNAL_RECORD_MIN = 20 /* bytes of a record, whatever is in it */
};

typedef enum {
    CACHE_JOURNAL_SET = 1,
    CACHE_JOURNAL_DELETE,
    CACHE_JOURNAL_CLEAR,
    CACHE_JOURNAL_FORGET_TOOL,
    CACHE_JOURNAL_FORGET_TAG,
    CACHE_JOURNAL_FORGET_PARTITION,
    CACHE_JOURNAL_INDEX, /* the value says where records before it are */
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

/* NULL is allowed. */
void cache_journal_free(CacheJournal *self);

/* A descriptor of the file, to be read from. */
int cache_journal_descriptor(const CacheJournal *self);

/* Reads `size` bytes at `from`; returns how many there were before the file's end, or
 * an error. */
size_t cache_journal_read_at(int descriptor, void *to, uint64_t from, size_t size);

/* What the head at `at` says that its record has in all, 0 if it is no head; what the
 * last bytes before `end` say. Unchecked. */
size_t cache_journal_claimed(const unsigned char *at);
size_t cache_journal_claimed_before(const unsigned char *end);

/* Returns the size of the whole and sound record at `at`, 0 if there is none. */
size_t cache_journal_sound(const unsigned char *at, const unsigned char *end);

/* Of a sound record; returns false if it says nothing. What expired by `now_ns` reads
 * as a DELETE. *ret_record borrows from the record and from `tags`. */
bool cache_journal_parse(const unsigned char *at, size_t size, int64_t now_ns,
                         CacheJournalRecord *ret_record, ToolCacheTag *tags);

int64_t cache_journal_wall_clock(void);

/* Appends a record to the bytes. */
void cache_journal_encode(GByteArray *out, const CacheJournalRecord *record);

/* Does nothing once the journal has ended. */
void cache_journal_append(ToolCache *cache, const CacheJournalRecord *record);

/* Whether much of the file is not about live entries any more, or has no index. */
bool cache_journal_is_untidy(const ToolCache *cache);

/* Writes the live entries anew, or the index, while others go on. One process at a
 * time does; the rest follow. `is_closing`: nothing will be added. */
void cache_journal_tidy(ToolCache *cache, bool is_closing);

/* What the last index of the file covers ends at `to`; it is at `last`, or 0: none. */
void cache_journal_set_indexed(ToolCache *cache, uint64_t to, uint64_t last);

/* Waits until what was appended is on disk. */
void cache_journal_sync(ToolCache *cache);
