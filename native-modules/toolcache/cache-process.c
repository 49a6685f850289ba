/* SPDX-License-Identifier: MIT */
#include "cache-process-private.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cache-count-private.h"

static _Atomic uint64_t process_serials; /* nocheck:static: one of a process */
static pthread_once_t process_once = PTHREAD_ONCE_INIT; /* nocheck:static: likewise */

static void
process_watch(void)
{
    pthread_atfork(NULL, NULL, cache_count_forked);
}

uint64_t
cache_process_serial(void)
{
    pthread_once(&process_once, process_watch);
    return atomic_fetch_add_explicit(&process_serials, 1, memory_order_relaxed) + 1;
}
