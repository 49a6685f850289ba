/* SPDX-License-Identifier: MIT */
/* cache-process-private.h - what exists once in a process, however many interpreters.
 *
 * Purpose    numbers its handles, and lets a forked process forget what belonged to
 *            threads of its parent.
 * Threads    any.
 */
#pragma once

#include <stdint.h>

/* A number no other handle of this process has; never 0. */
uint64_t cache_process_serial(void);
