/* SPDX-License-Identifier: MIT */
/* A store that is written to a file, and read from it when it is made. */
#include "cache-journal-private.h"
#include "cache-keeper-private.h"
#include "cache-load-private.h"

/* Files that are read within this are there when the constructor returns. */
#define JOURNAL_PATIENCE_NS (20 * BASE_CLOCK_MILLISECOND_NS)

bool
tool_cache_journal(ToolCache *self, const char *path, GError **error)
{
    size_t size, start;
    CacheJournal *journal = cache_journal_open(self, path, &size, &start, error);
    if (journal == NULL) {
        return false;
    }
    self->journal = journal;
    cache_load_start(self, size, start);
    cache_keeper_watch(self);
    if (cache_load_wait(self->load, JOURNAL_PATIENCE_NS)) {
        cache_journal_tidy(self, false);
    }
    return true;
}

bool
tool_cache_is_loading(const ToolCache *self)
{
    return self->load != NULL && !cache_load_wait(self->load, 0);
}

bool
tool_cache_wait_loaded(ToolCache *self, int64_t timeout_ns)
{
    return cache_load_wait(self->load, timeout_ns);
}

bool
tool_cache_fetch(ToolCache *self, const ToolCacheKey *key, int64_t timeout_ns)
{
    return cache_load_fetch(self->load, key, timeout_ns);
}
