/* SPDX-License-Identifier: MIT */
/* cache-load-state-private.h - what the files of the load share. */
#pragma once

#include <pthread.h>

#include "cache-back-private.h"
#include "cache-batch-private.h"
#include "cache-claims-private.h"
#include "cache-load-private.h"
#include "cache-pages-private.h"

/* A record that makes older ones void. */
typedef struct {
    uint64_t at;
    CacheJournalOp op;
    GBytes *name; /* of what */
} LoadBarrier;

/* `mutex` guards `touched`, `is_over`, `fetching`, `pages`. */
struct CacheLoad {
    ToolCache *cache; /* borrowed */
    size_t size, start;
    pthread_t thread;
    bool has_thread;
    pid_t process; /* whose thread it is */
    _Atomic bool must_stop;
    _Atomic bool is_partial; /* it was stopped before the end */
    _Atomic bool is_ended;   /* as is_over, without the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t over; /* or `pages` are there */
    CacheClaims touched; /* hashes of canonical keys */
    bool is_over;
    int fetching;      /* threads that look into `pages` */
    CachePages *pages; /* NULL: not yet, or none; all behind them was read */
    GArray *barriers;  /* of LoadBarrier; immutable once there are pages */
    /* The thread's own. */
    CacheBack back;
    CacheBatch *batch;
    int64_t now_ns;        /* wall clock */
    GHashTable *forgotten; /* op and name */
    bool has_index;        /* one was met ... */
    bool is_opened;        /* ... and all behind it read */
    uint64_t indexed_to, index_at;
};

/* Looks for the newest indexes of the file, all behind which was read. */
void cache_load_open_pages(CacheLoad *self);

/* Waits for those who look into them. */
void cache_load_close_pages(CacheLoad *self);

/* Notes a record that makes older ones void. */
void cache_load_note_barrier(CacheLoad *self, const CacheJournalRecord *record,
                             uint64_t at);

/* For `timeout_ns` from now, of the clock that `over` waits with. */
struct timespec cache_load_until(int64_t timeout_ns);
