/* SPDX-License-Identifier: MIT */
/* cache-keeper-private.h - the thread that frees what expired.
 *
 * Purpose    memory of expired entries returns without anybody touching the store.
 * Ownership  the keeper borrows handles; cache_keeper_forget() before one goes
 *            waits until it is not at it any more.
 * Threads    any. One thread a process, while it has a store with something to expire;
 *            it blocks all signals and runs no Python. fork() stops it first, so a
 *            process is single-threaded when it forks; the next set starts it again.
 * Errors     none: without a thread, writers still expire entries as they pass.
 * Limits     it looks every CACHE_KEEPER_TICK_MS.
 */
#pragma once

#include "cache-view-private.h"

enum {
    CACHE_KEEPER_TICK_MS = 250
};

/* Registers with fork(); the first watch does, too. */
void cache_keeper_prepare(void);

/* The store has, or may come to have, something to expire. */
void cache_keeper_watch(ToolCache *cache);

/* Then nothing is done for it; waits for what cannot be cut short. */
void cache_keeper_forget(ToolCache *cache);

/* Whether the keeper should put down what takes long: somebody waits for it. */
bool cache_keeper_must_stop(void);
