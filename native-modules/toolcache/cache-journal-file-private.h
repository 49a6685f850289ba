/* SPDX-License-Identifier: MIT */
/* cache-journal-file-private.h - what the files of the journal share. */
#pragma once

#include "cache-journal-private.h"

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t run; /* a random number of the run that writes it */
} CacheJournalHead;

struct CacheJournal {
    char *path;
    int descriptor;
    uint32_t epoch;     /* of the header, when the file was opened */
    GByteArray *buffer; /* guarded by journal_lock */
};

bool cache_journal_write(int descriptor, const void *bytes, size_t size);

/* Writes the head. */
bool cache_journal_begin(int descriptor, uint32_t run);

/* Takes the journal's lock. Returns false if the journal cannot be used any more. */
bool cache_journal_acquire(ToolCache *cache);

/* Caller holds the journal's lock. Whole records: what could not be written whole is
 * cut off again, and nothing is written any more. */
bool cache_journal_append_locked(ToolCache *cache, const GByteArray *bytes);
