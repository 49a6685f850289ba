/* SPDX-License-Identifier: MIT */
/* Locks: load_mutex guards the number of running loads and is what fork() waits with;
 * a load's own mutex guards `touched` and `is_over`. */
#include "cache-load-private.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cache-journal-private.h"
#include "cache-keeper-private.h"

struct CacheLoad {
    ToolCache *cache;    /* borrowed */
    unsigned char *base; /* a copy of the file, `size` bytes ... */
    size_t mapped;       /* ... in so many */
    size_t size, start;
    pthread_t thread;
    bool has_thread;
    pid_t process; /* whose thread it is */
    _Atomic bool must_stop;
    _Atomic bool is_partial; /* it was stopped before the end */
    _Atomic bool is_ended;   /* as is_over, without the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t over;
    GHashTable *touched; /* hashes of canonical keys */
    bool is_over;
    /* The thread's own. */
    GArray *offsets;       /* of records */
    GHashTable *forgotten; /* op and name */
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
    bool is_new =
        !self->is_over && g_hash_table_add(self->touched, GSIZE_TO_POINTER(hash));
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

bool
cache_load_wait(CacheLoad *self, int64_t timeout_ns)
{
    if (self == NULL || atomic_load_explicit(&self->is_ended, memory_order_acquire)) {
        return true;
    }
    if (timeout_ns <= 0) {
        return false;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t seconds = MIN(timeout_ns / BASE_CLOCK_SECOND_NS, 1000000);
    int64_t rest = until.tv_nsec + timeout_ns % BASE_CLOCK_SECOND_NS;
    until.tv_sec += seconds + rest / BASE_CLOCK_SECOND_NS;
    until.tv_nsec = rest % BASE_CLOCK_SECOND_NS;
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

static bool
load_is_full(const CacheLoad *self)
{
    const CacheHeader *header = self->cache->header;
    const CacheGeometry *bounds = &self->cache->geometry;
    return atomic_load_explicit(&header->entries, memory_order_relaxed) >=
               bounds->max_entries ||
           atomic_load_explicit(&header->bytes, memory_order_relaxed) >=
               bounds->max_bytes - bounds->max_bytes / 64;
}

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
load_apply(CacheLoad *self, const CacheJournalRecord *record)
{
    ToolCacheSetOptions options = {
        .ttl_ns = record->ttl_ns > 0 ? (uint64_t)record->ttl_ns : 0,
        .tags = record->tags,
        .tag_count = record->tag_count,
        .stale_ns = (uint64_t)record->stale_ns,
    };
    switch (record->op) {
    case CACHE_JOURNAL_SET:
    case CACHE_JOURNAL_DELETE:
        tool_cache_set_loaded(self->cache, &record->key, &record->value, &options,
                              record->op == CACHE_JOURNAL_DELETE ||
                                  load_is_forgotten(self, record));
        return true;
    case CACHE_JOURNAL_CLEAR:
        return false;
    case CACHE_JOURNAL_FORGET_TOOL:
    case CACHE_JOURNAL_FORGET_TAG:
    case CACHE_JOURNAL_FORGET_PARTITION:
        g_hash_table_add(self->forgotten, load_name(record->op, record->key.tool,
                                                    record->key.tool_size));
        return true;
    }
    return true;
}

/* From the last record found to the first. A record that proves damaged may hide whole
 * ones, which are looked for behind its mark. Returns false at the end of it all. */
static bool
load_backwards(CacheLoad *self, GArray *offsets)
{
    const unsigned char *end = self->base + self->size;
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
    CacheJournalRecord record;
    for (guint i = offsets->len; i-- > 0;) {
        size_t at = g_array_index(offsets, size_t, i);
        if (atomic_load_explicit(&self->must_stop, memory_order_relaxed) ||
            load_is_full(self)) {
            return false;
        }
        if (cache_journal_parse(self->base + at, end, &record, tags)) {
            if (!load_apply(self, &record)) {
                return false;
            }
            continue;
        }
        g_autoptr(GArray) hidden = g_array_new(FALSE, FALSE, sizeof(size_t));
        size_t stop =
            i + 1 < offsets->len ? g_array_index(offsets, size_t, i + 1) : self->size;
        cache_journal_scan(self->base, at + 1, stop, true, hidden);
        if (hidden->len > 0 &&
            !load_backwards(self, hidden)) { /* once: all are whole */
            return false;
        }
    }
    return true;
}

static void
load_finish(CacheLoad *self)
{
    if (self->base != NULL) {
        munmap(self->base, self->mapped);
    }
    g_clear_pointer(&self->forgotten, g_hash_table_unref);
    g_clear_pointer(&self->offsets, g_array_unref);
    pthread_mutex_lock(&self->mutex);
    self->is_over = true;
    g_clear_pointer(&self->touched, g_hash_table_unref);
    atomic_store_explicit(&self->is_ended, true, memory_order_release);
    pthread_cond_broadcast(&self->over);
    pthread_mutex_unlock(&self->mutex);
    pthread_mutex_lock(&load_mutex);
    load_running--;
    pthread_cond_broadcast(&load_none);
    pthread_mutex_unlock(&load_mutex);
}

static void *
load_run(void *user)
{
    CacheLoad *self = user;
    self->base = cache_journal_read(self->cache->journal, self->mapped, &self->size);
    if (self->base != NULL) {
        cache_journal_scan(self->base, self->start, self->size, false, self->offsets);
        load_backwards(self, self->offsets);
    }
    else {
        atomic_store(&self->is_partial, true);
    }
    load_finish(self);
    return NULL;
}

static CacheLoad *
load_new(ToolCache *cache, size_t size, size_t start)
{
    CacheLoad *self = g_new0(CacheLoad, 1);
    pthread_condattr_t attributes;
    self->cache = cache;
    self->process = getpid();
    self->mapped = size;
    self->start = start;
    self->touched = g_hash_table_new(NULL, NULL);
    self->forgotten = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                            (GDestroyNotify)g_bytes_unref, NULL);
    self->offsets = g_array_new(FALSE, FALSE, sizeof(size_t));
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
    sigset_t all, old;
    CacheLoad *self = load_new(cache, size, start);
    cache->load = self;
    pthread_once(&load_once, load_watch_forks);
    pthread_mutex_lock(&load_mutex);
    load_running++;
    pthread_mutex_unlock(&load_mutex);
    /* Signals are the program's business, and Python's main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    self->has_thread = pthread_create(&self->thread, NULL, load_run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
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
    pthread_cond_destroy(&self->over);
    pthread_mutex_destroy(&self->mutex);
    g_free(self);
}
