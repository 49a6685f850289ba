/* SPDX-License-Identifier: MIT */
/* A store that is written to a file, and read from it when it is made. */
#include "cache-journal-private.h"
#include "cache-keeper-private.h"

/* A record of the file, done again. The journal is not attached yet, so nothing is
 * written. */
static void
journal_apply(const CacheJournalRecord *record, void *user)
{
    ToolCache *cache = user;
    ToolCacheSetOptions options = {
        .ttl_ns = record->ttl_ns > 0 ? (uint64_t)record->ttl_ns : UINT64_MAX,
        .tags = record->tags,
        .tag_count = record->tag_count,
        .stale_ns = (uint64_t)record->stale_ns,
    };
    switch (record->op) {
    case CACHE_JOURNAL_SET:
        tool_cache_set(cache, &record->key, &record->value, &options, NULL);
        break;
    case CACHE_JOURNAL_DELETE:
        tool_cache_delete(cache, &record->key, NULL);
        break;
    case CACHE_JOURNAL_CLEAR:
        tool_cache_clear(cache);
        break;
    case CACHE_JOURNAL_FORGET_TOOL:
        tool_cache_invalidate_tool(cache, record->key.tool, record->key.tool_size);
        break;
    case CACHE_JOURNAL_FORGET_TAG:
        tool_cache_invalidate_tag(cache, record->key.tool, record->key.tool_size);
        break;
    case CACHE_JOURNAL_FORGET_PARTITION:
        tool_cache_invalidate_partition(cache, record->key.tool, record->key.tool_size);
        break;
    }
}

bool
tool_cache_journal(ToolCache *self, const char *path, GError **error)
{
    CacheJournal *journal = cache_journal_open(path, error);
    if (journal == NULL) {
        return false;
    }
    if (!cache_journal_load(journal, journal_apply, self, error)) {
        cache_journal_free(journal);
        return false;
    }
    self->journal = journal;
    cache_journal_tidy(self);
    cache_keeper_watch(self);
    return true;
}
