/* SPDX-License-Identifier: MIT */
/* cache-process-private.h - what exists once in a process, however many interpreters.
 *
 * Purpose    counts forks, so that what belongs to threads of the parent is not taken
 *            for one's own; keeps the list of handles for the keeper.
 * Threads    any.
 * Cost       cache_process_fork(): one load.
 */
#pragma once

#include <stdint.h>

/* Differs between a process and the ones forked from it. */
uint64_t cache_process_fork(void);

/* A number no other handle of this process has; never 0. */
uint64_t cache_process_serial(void);
