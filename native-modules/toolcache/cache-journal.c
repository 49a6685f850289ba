/* SPDX-License-Identifier: MIT */
#include "cache-journal-private.h"
#include "cache-keeper-private.h"
#include "cache-load-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAGIC   UINT64_C(0x314C4E524A525246) /* "FRRJRNL1" */
#define JOURNAL_MARK    UINT32_C(0x8E5DC1A7)         /* begins every record */
#define JOURNAL_VERSION 2u
#define JOURNAL_CHUNK   ((size_t)256 << 10)
#define JOURNAL_SMALL   ((uint64_t)16 << 10) /* bytes not worth rewriting */

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t run; /* a random number of the run that writes it */
} JournalHead;

enum {
    JOURNAL_TRIES = 100 /* 5 ms apart */
};

struct CacheJournal {
    char *path;
    int descriptor;
    uint32_t epoch;     /* of the header, when the file was opened */
    GByteArray *buffer; /* guarded by journal_lock */
};

static bool
journal_fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_JOURNAL, "journal %s: %s",
                path, what);
    return false;
}

static bool
journal_write(int descriptor, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(descriptor, at, size);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        at += MAX(done, 0);
        size -= (size_t)MAX(done, 0);
    }
    return true;
}

static bool
journal_begin(int descriptor, uint32_t run)
{
    JournalHead head = {.magic = JOURNAL_MAGIC, .version = JOURNAL_VERSION, .run = run};
    return journal_write(descriptor, &head, sizeof(head));
}

static bool
journal_read_head(int descriptor, JournalHead *ret_head)
{
    return pread(descriptor, ret_head, sizeof(*ret_head), 0) ==
           (ssize_t)sizeof(*ret_head);
}

/* The file is this run's from now on. Not through the descriptor, which appends. */
static bool
journal_sign(const char *path, uint32_t run)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    bool is_ok = descriptor >= 0 &&
                 pwrite(descriptor, &run, sizeof(run), offsetof(JournalHead, run)) ==
                     (ssize_t)sizeof(run);
    if (descriptor >= 0) {
        close(descriptor);
    }
    return is_ok;
}

static bool
journal_check(int descriptor, const char *path, uint32_t run, GError **error)
{
    struct stat status;
    JournalHead head;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return journal_fail(error, path, "not a regular file");
    }
    if (status.st_size == 0 && !journal_begin(descriptor, run)) {
        return journal_fail(error, path, g_strerror(errno));
    }
    if (!journal_read_head(descriptor, &head) || head.magic != JOURNAL_MAGIC) {
        return journal_fail(error, path, "not a journal of this program");
    }
    if (head.version != JOURNAL_VERSION) {
        return journal_fail(error, path,
                            head.version > JOURNAL_VERSION
                                ? "written by a newer version"
                                : "written by an older version");
    }
    return journal_sign(path, run) ? true
                                   : journal_fail(error, path, g_strerror(errno));
}

/* Alone at first, which nobody is whose file another run has open; then shared with the
 * other processes of this one, each of which may come to open it by itself. */
static bool
journal_lock_file(int descriptor, const char *path, GError **error)
{
    /* A handle that just went may take a moment to let go of it. */
    for (unsigned i = 0; i < JOURNAL_TRIES && flock(descriptor, LOCK_EX | LOCK_NB) != 0;
         i++) {
        g_usleep(5000);
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 ||
        flock(descriptor, LOCK_SH | LOCK_NB) != 0) {
        return journal_fail(error, path, "another run writes it");
    }
    return true;
}

unsigned char *
cache_journal_read(const CacheJournal *self, size_t size, size_t *ret_size)
{
    /* Not a mapping of the file: whoever cuts it would kill who reads it. */
    unsigned char *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return NULL;
    }
    *ret_size = 0;
    ssize_t done = 1;
    while (done > 0 && *ret_size < size) {
        done = pread(self->descriptor, base + *ret_size, size - *ret_size,
                     (off_t)*ret_size);
        *ret_size += (size_t)MAX(done, 0);
    }
    return base;
}

CacheJournal *
cache_journal_open(ToolCache *cache, const char *path, size_t *ret_size,
                   size_t *ret_start, GError **error)
{
    struct stat status;
    uint32_t run = g_random_int();
    int descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        journal_fail(error, path, g_strerror(errno));
        return NULL;
    }
    if (!journal_lock_file(descriptor, path, error) ||
        !journal_check(descriptor, path, run, error)) {
        close(descriptor);
        return NULL;
    }
    *ret_size = fstat(descriptor, &status) == 0 ? (size_t)status.st_size : 0;
    CacheJournal *self = g_new0(CacheJournal, 1);
    self->path = realpath(path, NULL); /* the working folder may change */
    self->descriptor = descriptor;
    self->buffer = g_byte_array_new();
    cache->header->journal_run = run;
    atomic_store(&cache->header->journal_bytes, *ret_size);
    *ret_start = sizeof(JournalHead);
    return self;
}

void
cache_journal_free(CacheJournal *self)
{
    if (self != NULL) {
        close(self->descriptor);
        g_byte_array_unref(self->buffer);
        free(self->path);
        g_free(self);
    }
}

/* ---- appending -------------------------------------------------------------- */

/* Another process made the file anew: this one has to write to that, too. */
static bool
journal_follow(ToolCache *cache)
{
    CacheJournal *self = cache->journal;
    CacheHeader *header = cache->header;
    JournalHead head;
    if (G_LIKELY(self->epoch == header->journal_epoch)) {
        return true;
    }
    int descriptor = open(self->path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    if (flock(descriptor, LOCK_SH | LOCK_NB) != 0 ||
        !journal_read_head(descriptor, &head) || head.magic != JOURNAL_MAGIC ||
        head.run != header->journal_run) {
        close(descriptor);
        return false;
    }
    close(self->descriptor);
    self->descriptor = descriptor;
    self->epoch = header->journal_epoch;
    return true;
}

/* Returns false if the journal cannot be used any more. */
static bool
journal_acquire(ToolCache *cache)
{
    CacheHeader *header = cache->header;
    BaseLockState state = base_lock_acquire(&header->journal_lock);
    if (state == BASE_LOCK_BROKEN) {
        return false;
    }
    if (state == BASE_LOCK_ORPHANED) {
        header->journal_epoch++; /* it may have died between the files */
    }
    if (atomic_load(&header->journal_ended) || !journal_follow(cache)) {
        atomic_store(&header->journal_ended, true);
        base_lock_release(&header->journal_lock);
        return false;
    }
    return true;
}

/* Caller holds the journal's lock. A record that could not be written whole is cut off
 * again, and nothing is written any more. */
static void
journal_append_locked(ToolCache *cache)
{
    CacheJournal *self = cache->journal;
    CacheHeader *header = cache->header;
    struct stat status;
    if (fstat(self->descriptor, &status) != 0) {
        return;
    }
    if (!journal_write(self->descriptor, self->buffer->data, self->buffer->len)) {
        int ignored = ftruncate(self->descriptor, status.st_size);
        (void)ignored;
        atomic_store(&header->journal_ended, true);
        return;
    }
    uint64_t size = (uint64_t)status.st_size + self->buffer->len;
    atomic_store_explicit(&header->journal_bytes, size, memory_order_relaxed);
    atomic_store_explicit(&header->journal_dirty, true, memory_order_relaxed);
}

void
cache_journal_append(ToolCache *cache, const CacheJournalRecord *record)
{
    CacheJournal *self = cache->journal;
    if (self == NULL || !journal_acquire(cache)) {
        return;
    }
    g_byte_array_set_size(self->buffer, 0);
    cache_journal_encode(self->buffer, record);
    journal_append_locked(cache);
    base_lock_release(&cache->header->journal_lock);
}

void
cache_journal_sync(ToolCache *cache)
{
    if (cache->journal != NULL &&
        atomic_exchange_explicit(&cache->header->journal_dirty, false,
                                 memory_order_relaxed) &&
        journal_acquire(cache)) {
        int descriptor = dup(cache->journal->descriptor);
        base_lock_release(&cache->header->journal_lock);
        fdatasync(descriptor);
        close(descriptor);
    }
}

/* ---- writing it anew --------------------------------------------------------- */

/* Somebody still has the handle: not the iterator alone, nor with the keeper. */
static bool
journal_is_wanted(ToolCache *cache)
{
    return atomic_load_explicit(&cache->references, memory_order_relaxed) > 2;
}

static bool
journal_write_entries(ToolCache *cache, int descriptor)
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
        if (buffer->len > JOURNAL_CHUNK) {
            is_ok = journal_write(descriptor, buffer->data, buffer->len) &&
                    !cache_keeper_must_stop() && journal_is_wanted(cache);
            g_byte_array_set_size(buffer, 0);
        }
    }
    tool_cache_iter_free(iter);
    return is_ok && journal_write(descriptor, buffer->data, buffer->len);
}

/* What was appended to the old file behind `from`. */
static bool
journal_copy_rest(int old, int fresh, uint64_t *from)
{
    g_autofree char *chunk = g_malloc(JOURNAL_CHUNK);
    for (;;) {
        ssize_t size = pread(old, chunk, JOURNAL_CHUNK, (off_t)*from);
        if (size <= 0) {
            return size == 0;
        }
        if (!journal_write(fresh, chunk, (size_t)size)) {
            return false;
        }
        *from += (uint64_t)size;
    }
}

/* Everything that was appended by then, in the same order; the last of it and the
 * change of files while nobody appends. */
static bool
journal_replace(ToolCache *cache, int fresh, const char *fresh_path, uint64_t from)
{
    CacheJournal *self = cache->journal;
    if (!journal_copy_rest(self->descriptor, fresh, &from) || fdatasync(fresh) != 0 ||
        !journal_acquire(cache)) {
        return false;
    }
    bool is_ok = journal_copy_rest(self->descriptor, fresh, &from) &&
                 fdatasync(fresh) == 0 && rename(fresh_path, self->path) == 0;
    if (is_ok) {
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
journal_tidy_locked(ToolCache *cache)
{
    CacheJournal *self = cache->journal;
    g_autofree char *path = g_strconcat(self->path, ".new", NULL);
    if (!journal_acquire(cache)) {
        return;
    }
    off_t from = lseek(self->descriptor, 0, SEEK_END);
    base_lock_release(&cache->header->journal_lock);
    int fresh = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fresh < 0) {
        return; /* it only stays large */
    }
    if (from < 0 || flock(fresh, LOCK_SH | LOCK_NB) != 0 ||
        !journal_begin(fresh, cache->header->journal_run) ||
        !journal_write_entries(cache, fresh) ||
        !journal_replace(cache, fresh, path, (uint64_t)from)) {
        unlink(path);
        close(fresh);
    }
}

bool
cache_journal_is_bloated(const ToolCache *cache)
{
    CacheHeader *header = cache->header;
    uint64_t size = atomic_load_explicit(&header->journal_bytes, memory_order_relaxed);
    uint64_t live = atomic_load_explicit(&header->bytes, memory_order_relaxed);
    return cache->journal != NULL && size >= JOURNAL_SMALL &&
           size >= live * CACHE_JOURNAL_SLACK && !atomic_load(&header->journal_ended) &&
           cache_load_is_whole(cache->load);
}

void
cache_journal_tidy(ToolCache *cache)
{
    CacheHeader *header = cache->header;
    if (!cache_journal_is_bloated(cache)) {
        return;
    }
    BaseLockState state = base_lock_try(&header->tidy_lock);
    if (state == BASE_LOCK_HELD || state == BASE_LOCK_ORPHANED) {
        journal_tidy_locked(cache);
        base_lock_release(&header->tidy_lock);
    }
}
