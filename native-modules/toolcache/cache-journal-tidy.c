/* SPDX-License-Identifier: MIT */
/* Keeping a journal in order: it is written anew when much of it is old, and gets an
 * index where it has none yet. One process at a time does, under tidy_lock. */
#include "cache-journal-file-private.h"
#include "cache-keeper-private.h"
#include "cache-load-private.h"
#include "cache-pages-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIDY_CHUNK   ((size_t)256 << 10)
#define TIDY_QUICK   ((uint64_t)16 << 20)  /* bytes that closing may rewrite */
#define TIDY_SMALL   ((uint64_t)16 << 10)  /* bytes not worth rewriting */
#define TIDY_INDEX   ((uint64_t)4 << 20)   /* bytes without an index that get one */
#define TIDY_CLOSING ((uint64_t)256 << 10) /* the same when nobody will add to them */

/* What of a file has indexes: up to `to`, the last is at `last`. */
typedef struct {
    uint64_t to, last;
} TidyIndexed;

/* ---- indexes ---------------------------------------------------------------- */

void
cache_journal_set_indexed(ToolCache *cache, uint64_t to, uint64_t last)
{
    if (cache->journal != NULL && cache_journal_acquire(cache)) {
        cache->header->journal_indexed = to;
        cache->header->journal_index_at = last;
        base_lock_release(&cache->header->journal_lock);
    }
}

/* Of a file that nobody else writes to. */
static bool
tidy_index_all(int descriptor, TidyIndexed *indexed)
{
    for (;;) {
        uint64_t to;
        off_t end = lseek(descriptor, 0, SEEK_END);
        GByteArray *value =
            end < 0 || (uint64_t)end < indexed->to + TIDY_CLOSING
                ? NULL
                : cache_pages_build(descriptor, indexed->to, (uint64_t)end, &to);
        if (value == NULL) {
            return end >= 0;
        }
        GByteArray *record = cache_pages_seal(value, (uint64_t)end, indexed->last);
        bool is_ok = cache_journal_write(descriptor, record->data, record->len);
        g_byte_array_unref(record);
        if (!is_ok) {
            return false;
        }
        *indexed = (TidyIndexed){to, (uint64_t)end};
    }
}

/* A part of the journal itself. Returns whether there may be more. */
static bool
tidy_index_part(ToolCache *cache, uint64_t least)
{
    CacheHeader *header = cache->header;
    struct stat status;
    uint64_t to;
    if (!cache_journal_acquire(cache)) {
        return false;
    }
    int descriptor = dup(cache->journal->descriptor);
    TidyIndexed indexed = {header->journal_indexed, header->journal_index_at};
    base_lock_release(&header->journal_lock);
    bool is_wanted = descriptor >= 0 && fstat(descriptor, &status) == 0 &&
                     indexed.to < (uint64_t)status.st_size &&
                     (uint64_t)status.st_size - indexed.to >= least;
    GByteArray *value = is_wanted ? cache_pages_build(descriptor, indexed.to,
                                                      (uint64_t)status.st_size, &to)
                                  : NULL;
    bool is_done = false;
    if (value != NULL && cache_journal_acquire(cache)) {
        off_t at = lseek(descriptor, 0, SEEK_END);
        GByteArray *record = cache_pages_seal(value, (uint64_t)at, indexed.last);
        is_done = at >= 0 && cache_journal_append_locked(cache, record);
        if (is_done) {
            header->journal_indexed = to;
            header->journal_index_at = (uint64_t)at;
        }
        base_lock_release(&header->journal_lock);
        value = record;
    }
    if (value != NULL) {
        g_byte_array_unref(value);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return is_done;
}

static bool
tidy_wants_index(const ToolCache *cache)
{
    uint64_t indexed =
        atomic_load_explicit(&cache->header->journal_indexed, memory_order_relaxed);
    uint64_t size =
        atomic_load_explicit(&cache->header->journal_bytes, memory_order_relaxed);
    return indexed < size && size - indexed >= TIDY_INDEX;
}

/* ---- writing it anew --------------------------------------------------------- */

static bool
tidy_write_entries(ToolCache *cache, int descriptor, bool is_closing)
{
    g_autoptr(GByteArray) buffer = g_byte_array_new();
    ToolCacheIter *iter = tool_cache_iter_new(cache);
    ToolCacheItem item;
    bool is_ok = true;
    while (is_ok && tool_cache_iter_next(iter, &item)) {
        CacheJournalRecord record = {
            .op = CACHE_JOURNAL_SET,
            .key = {item.tool, item.tool_size, item.args, item.args_size, 0},
            .value = item.value,
            .ttl_ns = MAX(item.expires_in_ns, 0),
            .stale_ns = (int64_t)item.stale_ns,
            .tags = item.tags,
            .tag_count = item.tag_count,
        };
        cache_journal_encode(buffer, &record);
        if (buffer->len > TIDY_CHUNK) {
            is_ok = cache_journal_write(descriptor, buffer->data, buffer->len) &&
                    (is_closing || !cache_keeper_must_stop());
            g_byte_array_set_size(buffer, 0);
        }
    }
    tool_cache_iter_free(iter);
    return is_ok && cache_journal_write(descriptor, buffer->data, buffer->len);
}

/* What was appended to the old file behind `from`. */
static bool
tidy_copy_rest(int old, int fresh, uint64_t *from)
{
    g_autofree char *chunk = g_malloc(TIDY_CHUNK);
    for (;;) {
        ssize_t size = pread(old, chunk, TIDY_CHUNK, (off_t)*from);
        if (size <= 0) {
            return size == 0;
        }
        if (!cache_journal_write(fresh, chunk, (size_t)size)) {
            return false;
        }
        *from += (uint64_t)size;
    }
}

/* Everything that was appended by then, in the same order; the last of it and the
 * change of files while nobody appends. */
static bool
tidy_replace(ToolCache *cache, int fresh, const char *fresh_path, uint64_t from,
             TidyIndexed indexed)
{
    CacheJournal *self = cache->journal;
    if (!tidy_copy_rest(self->descriptor, fresh, &from) || fdatasync(fresh) != 0 ||
        !cache_journal_acquire(cache)) {
        return false;
    }
    bool is_ok = tidy_copy_rest(self->descriptor, fresh, &from) &&
                 fdatasync(fresh) == 0 && rename(fresh_path, self->path) == 0;
    if (is_ok) {
        cache->header->journal_indexed = indexed.to;
        cache->header->journal_index_at = indexed.last;
        self->epoch = ++cache->header->journal_epoch;
        close(self->descriptor);
        self->descriptor = fresh;
        atomic_store(&cache->header->journal_bytes,
                     (uint64_t)lseek(fresh, 0, SEEK_END));
    }
    base_lock_release(&cache->header->journal_lock);
    return is_ok;
}

static void
tidy_locked(ToolCache *cache, bool is_closing)
{
    CacheJournal *self = cache->journal;
    g_autofree char *path = g_strconcat(self->path, ".new", NULL);
    TidyIndexed indexed = {sizeof(CacheJournalHead), 0};
    if (!cache_journal_acquire(cache)) {
        return;
    }
    off_t from = lseek(self->descriptor, 0, SEEK_END);
    base_lock_release(&cache->header->journal_lock);
    int fresh = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fresh < 0) {
        return; /* it only stays large */
    }
    if (from < 0 || flock(fresh, LOCK_SH | LOCK_NB) != 0 ||
        !cache_journal_begin(fresh, cache->header->journal_run) ||
        !tidy_write_entries(cache, fresh, is_closing) ||
        !tidy_index_all(fresh, &indexed) ||
        !tidy_replace(cache, fresh, path, (uint64_t)from, indexed)) {
        unlink(path);
        close(fresh);
    }
}

static bool
tidy_is_bloated(const ToolCache *cache)
{
    CacheHeader *header = cache->header;
    uint64_t size = atomic_load_explicit(&header->journal_bytes, memory_order_relaxed);
    uint64_t live = atomic_load_explicit(&header->bytes, memory_order_relaxed);
    return size >= TIDY_SMALL && size >= live * CACHE_JOURNAL_SLACK &&
           cache_load_is_whole(cache->load);
}

bool
cache_journal_is_untidy(const ToolCache *cache)
{
    return cache->journal != NULL && !atomic_load(&cache->header->journal_ended) &&
           (tidy_is_bloated(cache) || tidy_wants_index(cache));
}

void
cache_journal_tidy(ToolCache *cache, bool is_closing)
{
    CacheHeader *header = cache->header;
    if (cache->journal == NULL || (!is_closing && !cache_journal_is_untidy(cache))) {
        return;
    }
    BaseLockState state = base_lock_try(&header->tidy_lock);
    if (state != BASE_LOCK_HELD && state != BASE_LOCK_ORPHANED) {
        return;
    }
    bool is_small = atomic_load(&header->bytes) < TIDY_QUICK || !is_closing;
    if (tidy_is_bloated(cache) && is_small) {
        tidy_locked(cache, is_closing);
    }
    while (tidy_index_part(cache, is_closing ? TIDY_CLOSING : TIDY_INDEX) &&
           (is_closing || !cache_keeper_must_stop())) {
    }
    base_lock_release(&header->tidy_lock);
}
