/* SPDX-License-Identifier: MIT */
/* Locks: load_mutex guards the number of running loads and is what fork() waits with;
 * a load's own mutex see cache-load-state-private.h. */
#include "cache-load-state-private.h"

#include <unistd.h>

#include "cache-keeper-private.h"
#include "cache-thread-private.h"

enum {
    LOAD_RECORD_GUESS = 128 /* bytes of a record, for the size of tables */
};

/* nocheck:static: fork() is one of a process */
static pthread_mutex_t load_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t load_none = PTHREAD_COND_INITIALIZER; /* nocheck:static */
static unsigned load_running;                               /* nocheck:static */
static pthread_once_t load_once = PTHREAD_ONCE_INIT;        /* nocheck:static */

static void
load_before_fork(void)
{
    pthread_mutex_lock(&load_mutex);
    while (load_running > 0) {
        pthread_cond_wait(&load_none, &load_mutex);
    }
}

static void
load_after_fork(void)
{
    pthread_mutex_unlock(&load_mutex);
}

/* The keeper's handlers first: those of later ones run earlier before a fork, and the
 * load has to end before the keeper is stopped, which it may be waiting for. */
static void
load_watch_forks(void)
{
    cache_keeper_prepare();
    pthread_atfork(load_before_fork, load_after_fork, load_after_fork);
}

/* ---- what others say -------------------------------------------------------- */

bool
cache_load_claim(CacheLoad *self, uint64_t hash)
{
    if (atomic_load_explicit(&self->must_stop, memory_order_acquire)) {
        return false;
    }
    pthread_mutex_lock(&self->mutex);
    bool is_new = !self->is_over && cache_claims_add(&self->touched, hash);
    pthread_mutex_unlock(&self->mutex);
    return is_new;
}

bool
cache_load_touch(CacheLoad *self, uint64_t hash)
{
    if (G_LIKELY(self == NULL) ||
        atomic_load_explicit(&self->is_ended, memory_order_acquire)) {
        return false;
    }
    cache_load_claim(self, hash);
    return true;
}

void
cache_load_prefetch(CacheLoad *self, uint64_t hash)
{
    /* Another thread may grow the table meanwhile; nothing is read. */
    cache_claims_prefetch(&self->touched, hash);
}

bool
cache_load_is_whole(CacheLoad *self)
{
    return cache_load_wait(self, 0) &&
           (self == NULL ||
            !atomic_load_explicit(&self->is_partial, memory_order_relaxed));
}

void
cache_load_cancel(CacheLoad *self, bool is_void)
{
    if (self != NULL && !cache_load_wait(self, 0)) {
        if (!is_void) {
            atomic_store_explicit(&self->is_partial, true, memory_order_relaxed);
        }
        atomic_store_explicit(&self->must_stop, true, memory_order_seq_cst);
    }
}

struct timespec
cache_load_until(int64_t timeout_ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t seconds = MIN(timeout_ns / BASE_CLOCK_SECOND_NS, 1000000);
    int64_t rest = until.tv_nsec + timeout_ns % BASE_CLOCK_SECOND_NS;
    until.tv_sec += seconds + rest / BASE_CLOCK_SECOND_NS;
    until.tv_nsec = rest % BASE_CLOCK_SECOND_NS;
    return until;
}

bool
cache_load_wait(CacheLoad *self, int64_t timeout_ns)
{
    if (self == NULL || atomic_load_explicit(&self->is_ended, memory_order_acquire)) {
        return true;
    }
    if (timeout_ns <= 0) {
        return false;
    }
    struct timespec until = cache_load_until(timeout_ns);
    pthread_mutex_lock(&self->mutex);
    int result = 0;
    while (!self->is_over && result == 0) {
        result = pthread_cond_timedwait(&self->over, &self->mutex, &until);
    }
    bool is_over = self->is_over;
    pthread_mutex_unlock(&self->mutex);
    return is_over;
}

/* ---- the thread -------------------------------------------------------------- */

static GBytes *
load_name(CacheJournalOp op, const char *text, size_t size)
{
    GByteArray *name = g_byte_array_sized_new((guint)size + 1);
    guint8 kind = (guint8)op;
    g_byte_array_append(name, &kind, 1);
    g_byte_array_append(name, (const guint8 *)text, (guint)size);
    return g_byte_array_free_to_bytes(name);
}

static bool
load_is_name_forgotten(const CacheLoad *self, CacheJournalOp op, const char *text,
                       size_t size)
{
    g_autoptr(GBytes) name = load_name(op, text, size);
    return g_hash_table_contains(self->forgotten, name);
}

static bool
load_is_forgotten(const CacheLoad *self, const CacheJournalRecord *record)
{
    if (G_LIKELY(g_hash_table_size(self->forgotten) == 0)) {
        return false;
    }
    ToolCacheScope scope;
    tool_cache_unscope(record->key.tool, record->key.tool_size, &scope);
    bool is_forgotten = load_is_name_forgotten(self, CACHE_JOURNAL_FORGET_TOOL,
                                               record->key.tool, record->key.tool_size);
    if (scope.partition != NULL) {
        is_forgotten |= load_is_name_forgotten(self, CACHE_JOURNAL_FORGET_PARTITION,
                                               scope.partition, scope.partition_size);
    }
    for (size_t i = 0; i < record->tag_count; i++) {
        is_forgotten |= load_is_name_forgotten(
            self, CACHE_JOURNAL_FORGET_TAG, record->tags[i].text, record->tags[i].size);
    }
    return is_forgotten;
}

/* Returns false if nothing before this record counts. */
static bool
load_apply(CacheLoad *self, const CacheJournalRecord *record, uint64_t at)
{
    uint64_t to;
    switch (record->op) {
    case CACHE_JOURNAL_SET:
    case CACHE_JOURNAL_DELETE:
        return cache_batch_add(self->batch, record, load_is_forgotten(self, record)) ||
               cache_batch_flush(self->batch);
    case CACHE_JOURNAL_CLEAR:
        return false;
    case CACHE_JOURNAL_FORGET_TOOL:
    case CACHE_JOURNAL_FORGET_TAG:
    case CACHE_JOURNAL_FORGET_PARTITION:
        g_hash_table_add(self->forgotten, load_name(record->op, record->key.tool,
                                                    record->key.tool_size));
        if (!self->is_opened) {
            cache_load_note_barrier(self, record, at);
        }
        return true;
    case CACHE_JOURNAL_INDEX:
        if (!self->has_index && cache_pages_is_index(record, at, &to)) {
            self->has_index = true;
            self->indexed_to = to;
            self->index_at = at;
        }
        return true;
    }
    return true;
}

/* Once all behind the newest index was read, every key can be had. */
static void
load_open_pages(CacheLoad *self)
{
    if (self->has_index && !self->is_opened && self->back.at <= self->indexed_to) {
        self->is_opened = true;
        cache_batch_flush(self->batch);
        cache_load_open_pages(self);
    }
}

/* Returns false at the end of it all. */
static bool
load_next(CacheLoad *self)
{
    const unsigned char *bytes;
    size_t size;
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
    CacheJournalRecord record;
    if (atomic_load_explicit(&self->must_stop, memory_order_relaxed)) {
        return false;
    }
    switch (cache_back_next(&self->back, &bytes, &size)) {
    case CACHE_BACK_RECORD:
        return !cache_journal_parse(bytes, size, self->now_ns, &record, tags) ||
               load_apply(self, &record, self->back.at);
    case CACHE_BACK_REFILL:
        if (!cache_batch_flush(self->batch)) {
            return false;
        }
        cache_back_refill(&self->back);
        self->now_ns = cache_journal_wall_clock();
        return true;
    case CACHE_BACK_END:
        break;
    }
    return false;
}
static void
load_read(CacheLoad *self)
{
    int descriptor = cache_journal_descriptor(self->cache->journal);
    self->batch = cache_batch_new(self->cache, self);
    self->forgotten = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                            (GDestroyNotify)g_bytes_unref, NULL);
    cache_back_init(&self->back, descriptor, self->start, self->size);
    self->now_ns = cache_journal_wall_clock();
    while (load_next(self)) {
        load_open_pages(self);
    }
    cache_batch_free(self->batch);
    cache_load_close_pages(self);
    if (self->back.is_unread) { /* the file may have more than the store */
        atomic_store_explicit(&self->is_partial, true, memory_order_relaxed);
    }
    cache_back_clear(&self->back);
    g_hash_table_unref(self->forgotten);
    cache_journal_set_indexed(self->cache,
                              self->has_index ? self->indexed_to : self->start,
                              self->has_index ? self->index_at : 0);
}

static void *
load_run(void *user)
{
    CacheLoad *self = user;
    load_read(self);
    pthread_mutex_lock(&self->mutex);
    self->is_over = true;
    cache_claims_clear(&self->touched);
    atomic_store_explicit(&self->is_ended, true, memory_order_release);
    pthread_cond_broadcast(&self->over);
    pthread_mutex_unlock(&self->mutex);
    pthread_mutex_lock(&load_mutex);
    load_running--;
    pthread_cond_broadcast(&load_none);
    pthread_mutex_unlock(&load_mutex);
    return NULL;
}

static CacheLoad *
load_new(ToolCache *cache, size_t size, size_t start)
{
    CacheLoad *self = g_new0(CacheLoad, 1);
    pthread_condattr_t attributes;
    self->cache = cache;
    self->process = getpid();
    self->size = size;
    self->start = start;
    cache_claims_init(&self->touched, size / LOAD_RECORD_GUESS);
    self->barriers = g_array_new(FALSE, FALSE, sizeof(LoadBarrier));
    pthread_mutex_init(&self->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&self->over, &attributes);
    pthread_condattr_destroy(&attributes);
    return self;
}

CacheLoad *
cache_load_start(ToolCache *cache, size_t size, size_t start)
{
    CacheLoad *self = load_new(cache, size, start);
    cache->load = self;
    pthread_once(&load_once, load_watch_forks);
    pthread_mutex_lock(&load_mutex);
    load_running++;
    pthread_mutex_unlock(&load_mutex);
    self->has_thread =
        cache_thread_start(&self->thread, "ferrule-load", 0, load_run, self);
    if (!self->has_thread) {
        load_run(self); /* the caller waits for it, then */
    }
    return self;
}

void
cache_load_stop(CacheLoad *self)
{
    cache_load_cancel(self, false);
    /* A forked process has no such thread: it was over before. */
    if (self != NULL && self->has_thread && self->process == getpid()) {
        pthread_join(self->thread, NULL);
        self->has_thread = false;
    }
}

void
cache_load_free(CacheLoad *self)
{
    if (self == NULL) {
        return;
    }
    cache_load_stop(self);
    for (guint i = 0; i < self->barriers->len; i++) {
        g_bytes_unref(g_array_index(self->barriers, LoadBarrier, i).name);
    }
    g_array_unref(self->barriers);
    pthread_cond_destroy(&self->over);
    pthread_mutex_destroy(&self->mutex);
    g_free(self);
}
