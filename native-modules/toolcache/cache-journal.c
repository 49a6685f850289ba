/* SPDX-License-Identifier: MIT */
#include "cache-journal-file-private.h"

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
#define JOURNAL_VERSION 3u

enum {
    JOURNAL_TRIES = 100 /* 5 ms apart */
};

static bool
journal_fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_JOURNAL, "journal %s: %s",
                path, what);
    return false;
}

bool
cache_journal_write(int descriptor, const void *bytes, size_t size)
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

bool
cache_journal_begin(int descriptor, uint32_t run)
{
    CacheJournalHead head = {
        .magic = JOURNAL_MAGIC, .version = JOURNAL_VERSION, .run = run};
    return cache_journal_write(descriptor, &head, sizeof(head));
}

static bool
journal_read_head(int descriptor, CacheJournalHead *ret_head)
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
                 pwrite(descriptor, &run, sizeof(run),
                        offsetof(CacheJournalHead, run)) == (ssize_t)sizeof(run);
    if (descriptor >= 0) {
        close(descriptor);
    }
    return is_ok;
}

static bool
journal_check(int descriptor, const char *path, uint32_t run, GError **error)
{
    struct stat status;
    CacheJournalHead head;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return journal_fail(error, path, "not a regular file");
    }
    if (status.st_size == 0 && !cache_journal_begin(descriptor, run)) {
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

int
cache_journal_descriptor(const CacheJournal *self)
{
    return self->descriptor;
}

size_t
cache_journal_read_at(int descriptor, void *to, uint64_t from, size_t size)
{
    size_t done = 0;
    ssize_t now = 1;
    while (done < size && now > 0) {
        now = pread(descriptor, (char *)to + done, size - done, (off_t)(from + done));
        done += (size_t)MAX(now, 0);
    }
    return done;
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
    cache->header->journal_indexed = UINT64_MAX; /* not known yet */
    atomic_store(&cache->header->journal_bytes, *ret_size);
    *ret_start = sizeof(CacheJournalHead);
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
    CacheJournalHead head;
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

bool
cache_journal_acquire(ToolCache *cache)
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

bool
cache_journal_append_locked(ToolCache *cache, const GByteArray *bytes)
{
    CacheJournal *self = cache->journal;
    CacheHeader *header = cache->header;
    struct stat status;
    if (fstat(self->descriptor, &status) != 0) {
        return false;
    }
    if (!cache_journal_write(self->descriptor, bytes->data, bytes->len)) {
        int ignored = ftruncate(self->descriptor, status.st_size);
        (void)ignored;
        atomic_store(&header->journal_ended, true);
        return false;
    }
    uint64_t size = (uint64_t)status.st_size + bytes->len;
    atomic_store_explicit(&header->journal_bytes, size, memory_order_relaxed);
    atomic_store_explicit(&header->journal_dirty, true, memory_order_relaxed);
    return true;
}

void
cache_journal_append(ToolCache *cache, const CacheJournalRecord *record)
{
    CacheJournal *self = cache->journal;
    if (self == NULL || !cache_journal_acquire(cache)) {
        return;
    }
    g_byte_array_set_size(self->buffer, 0);
    cache_journal_encode(self->buffer, record);
    cache_journal_append_locked(cache, self->buffer);
    base_lock_release(&cache->header->journal_lock);
}

void
cache_journal_sync(ToolCache *cache)
{
    if (cache->journal != NULL &&
        atomic_exchange_explicit(&cache->header->journal_dirty, false,
                                 memory_order_relaxed) &&
        cache_journal_acquire(cache)) {
        int descriptor = dup(cache->journal->descriptor);
        base_lock_release(&cache->header->journal_lock);
        fdatasync(descriptor);
        close(descriptor);
    }
}
