/* SPDX-License-Identifier: MIT */
/* Locks: keeper_lock guards everything here, also against a handle going while the
 * thread looks at it. Order: keeper_lock, then a shard's lock. */
#include "cache-keeper-private.h"

#include "cache-journal-private.h"
#include "cache-thread-private.h"

enum {
    KEEPER_BUDGET = 256,        /* entries freed in one hold of a shard's lock */
    KEEPER_STACK = 128 << 10,   /* bytes; it calls nothing deep */
    KEEPER_ROUNDS_MAX = 100000, /* in one tick: a bound, not a plan */
};

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t wake, put_down;
    GPtrArray *caches; /* borrowed handles */
    ToolCache *tidied; /* whose journal is seen to, without the lock; or NULL */
    pthread_t thread;
    bool has_thread;                       /* started and not joined */
    _Atomic bool must_stop, must_put_down; /* what takes long */
} Keeper;

/* nocheck:static: there is one a process */
static Keeper keeper = {.lock = PTHREAD_MUTEX_INITIALIZER};
static pthread_once_t keeper_once = PTHREAD_ONCE_INIT; /* nocheck:static */

/* Nothing is left that could expire. */
static bool
keeper_is_empty(const ToolCache *cache)
{
    return atomic_load_explicit(&cache->header->entries, memory_order_relaxed) == 0 &&
           !tool_cache_is_loading(cache) && !cache_journal_is_untidy(cache);
}

/* Long, so without the lock; who lets the handle go waits until it is put down. */
static void
keeper_tidy(ToolCache *cache)
{
    if (!cache_journal_is_untidy(cache)) {
        return;
    }
    keeper.tidied = cache;
    pthread_mutex_unlock(&keeper.lock);
    cache_journal_tidy(cache, false);
    pthread_mutex_lock(&keeper.lock);
    keeper.tidied = NULL;
    pthread_cond_broadcast(&keeper.put_down);
}

bool
cache_keeper_must_stop(void)
{
    return atomic_load_explicit(&keeper.must_stop, memory_order_relaxed) ||
           atomic_load_explicit(&keeper.must_put_down, memory_order_relaxed);
}

/* One step for one store, by index. Returns whether it has more to do at once. Caller
 * holds the lock. */
static bool
keeper_step(guint index)
{
    ToolCache *cache = keeper.caches->pdata[index];
    if (tool_cache_maintain(cache, KEEPER_BUDGET)) {
        return true;
    }
    if (keeper_is_empty(cache)) {
        /* A set that still sees the mark put its entry in before, or does not mind. */
        atomic_store_explicit(&cache->is_watched, false, memory_order_seq_cst);
        g_ptr_array_remove_index_fast(keeper.caches, index);
    }
    return false;
}

/* Caller holds the lock; it is free for moments, in which handles may come and go. */
static void
keeper_tick(void)
{
    unsigned rounds = 0;
    for (guint i = keeper.caches->len; i-- > 0 && !keeper.must_stop;) {
        while (i < keeper.caches->len && !keeper.must_stop && keeper_step(i) &&
               rounds++ < KEEPER_ROUNDS_MAX) {
            pthread_mutex_unlock(&keeper.lock);
            pthread_mutex_lock(&keeper.lock);
        }
        if (i < keeper.caches->len && !keeper.must_stop) {
            keeper_tidy(keeper.caches->pdata[i]);
        }
    }
}

static void
keeper_sleep(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CACHE_KEEPER_TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&keeper.wake, &keeper.lock, &until);
}

static void *
keeper_run(void *unused)
{
    pthread_mutex_lock(&keeper.lock);
    while (!keeper.must_stop) {
        keeper_sleep();
        if (!keeper.must_stop) {
            keeper_tick();
        }
    }
    pthread_mutex_unlock(&keeper.lock);
    return NULL;
}

/* Caller holds the lock. */
static void
keeper_start(void)
{
    if (keeper.has_thread) {
        return;
    }
    keeper.must_stop = false;
    keeper.has_thread = cache_thread_start(&keeper.thread, "ferrule-keeper",
                                           KEEPER_STACK, keeper_run, NULL);
}

/* Stops the thread and keeps the lock until after the fork. */
static void
keeper_before_fork(void)
{
    pthread_mutex_lock(&keeper.lock);
    while (keeper.has_thread) {
        pthread_t thread = keeper.thread;
        keeper.must_stop = true;
        keeper.has_thread = false;
        pthread_cond_broadcast(&keeper.wake);
        pthread_mutex_unlock(&keeper.lock);
        pthread_join(thread, NULL);
        pthread_mutex_lock(&keeper.lock);
    }
    for (guint i = 0; i < keeper.caches->len; i++) {
        ToolCache *cache = keeper.caches->pdata[i];
        atomic_store_explicit(&cache->is_watched, false, memory_order_relaxed);
    }
    g_ptr_array_set_size(keeper.caches, 0);
}

static void
keeper_after_fork(void)
{
    pthread_mutex_unlock(&keeper.lock);
}

static void
keeper_init(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_cond_init(&keeper.put_down, NULL);
    keeper.caches = g_ptr_array_new();
    pthread_atfork(keeper_before_fork, keeper_after_fork, keeper_after_fork);
}

void
cache_keeper_prepare(void)
{
    pthread_once(&keeper_once, keeper_init);
}

void
cache_keeper_watch(ToolCache *cache)
{
    if (G_LIKELY(atomic_load_explicit(&cache->is_watched, memory_order_relaxed))) {
        return;
    }
    cache_keeper_prepare();
    pthread_mutex_lock(&keeper.lock);
    if (!atomic_load_explicit(&cache->is_watched, memory_order_relaxed)) {
        atomic_store_explicit(&cache->is_watched, true, memory_order_relaxed);
        g_ptr_array_add(keeper.caches, cache);
    }
    keeper_start();
    pthread_mutex_unlock(&keeper.lock);
}

void
cache_keeper_forget(ToolCache *cache)
{
    if (!atomic_load_explicit(&cache->is_watched, memory_order_relaxed)) {
        return;
    }
    pthread_mutex_lock(&keeper.lock);
    g_ptr_array_remove_fast(keeper.caches, cache);
    while (keeper.tidied == cache) {
        atomic_store(&keeper.must_put_down, true);
        pthread_cond_wait(&keeper.put_down, &keeper.lock);
        atomic_store(&keeper.must_put_down, false);
    }
    pthread_mutex_unlock(&keeper.lock);
}
