/* SPDX-License-Identifier: MIT */
/* base-futex.h - sleeping on a word of shared memory.
 *
 * Purpose    wait until another thread or process changed a 32-bit word.
 * Ownership  the word is borrowed; nothing is registered when the call returns.
 * Threads    any thread of any process that maps the word.
 * Errors     none: a wait may return early for any reason; look at the word again.
 * Example    while (atomic_load(word) == seen && base_futex_wait(word, seen, ns)) {}
 */
#pragma once

#include <errno.h>
#include <linux/futex.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word == seen, at most timeout_ns. Returns false when the time is over
 * or a signal came (errno EINTR). */
static inline bool
base_futex_wait(uint32_t *word, uint32_t seen, int64_t timeout_ns)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000),
                               .tv_nsec = (long)(timeout_ns % 1000000000)};
    long result = syscall(SYS_futex, word, FUTEX_WAIT, seen, &timeout, NULL, 0);
    return result == 0 || errno == EAGAIN;
}

static inline void
base_futex_wake_all(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
