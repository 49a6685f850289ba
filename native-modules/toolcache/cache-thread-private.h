/* SPDX-License-Identifier: MIT */
/* cache-thread-private.h - how a store's own threads start.
 *
 * They block all signals, which are the program's business and Python's main thread's,
 * and have their names from their first moment: the launcher knows them by these.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* `name`: at most 15 bytes. `stack` in bytes; 0: the usual. False: there is none, and
 * run() was not called. */
bool cache_thread_start(pthread_t *ret_thread, const char *name, size_t stack,
                        void *(*run)(void *), void *data);
