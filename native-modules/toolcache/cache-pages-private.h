/* SPDX-License-Identifier: MIT */
/* cache-pages-private.h - the indexes of a journal: where the record of a key is.
 *
 * Purpose    a key can be had from a large file before the file was read. Every few
 *            megabytes the writers append a record that lists the hashes and places of
 *            those before it, and where the last such list is. What they say is only a
 *            hint: the record itself is checked.
 * Ownership  owns a copy of all lists, 8 bytes a record.
 * Threads    building and reading: one; finding: any.
 * Errors     NULL: there is no unbroken chain of lists from the file's begin.
 */
#pragma once

#include "cache-journal-private.h"

/* A hash of the key that does not depend on the store; `args` are canonical. */
uint32_t cache_pages_print(const char *tool, size_t tool_size, const char *args,
                           size_t args_size);

/* The value of an index record about what is behind `from`: a few megabytes of it, or
 * to `end`; *ret_to is where it ends. NULL if there is nothing. */
GByteArray *cache_pages_build(int descriptor, uint64_t from, uint64_t end,
                              uint64_t *ret_to);

/* As a whole record that is to be written at `at`; `last`: where the one before is, or
 * 0. Frees the value. */
GByteArray *cache_pages_seal(GByteArray *value, uint64_t at, uint64_t last);

typedef struct CachePages CachePages;

/* Whether a record's value is an index, and at its place; *ret_to is where what it
 * covers ends. */
bool cache_pages_is_index(const CacheJournalRecord *record, uint64_t at,
                          uint64_t *ret_to);

/* The chain that ends with the index at `last`; `start`: where records begin. */
CachePages *cache_pages_read(int descriptor, uint64_t last, uint64_t start);

/* NULL is allowed. */
void cache_pages_free(CachePages *self);

/* Where the records are that make others void. */
const uint64_t *cache_pages_barriers(const CachePages *self, size_t *ret_count);

/* The next place, newest first, of a record that may be that key's; *position is 0 at
 * first. Returns 0 if there is no more. */
uint64_t cache_pages_find(const CachePages *self, uint32_t print, uint64_t *position);
