/* SPDX-License-Identifier: MIT */
/* base-clock.h - the time that deadlines are made of.
 *
 * Purpose    nanoseconds since boot, time in suspend included, that never step back;
 *            a precise reading and a cheap one; replaceable in tests.
 * Ownership  a BaseClock is a plain value; `context` is borrowed.
 * Threads    the system clock may be read by any thread; a fake clock is as safe as
 *            its function.
 * Errors     none.
 * Cost       precise about 25 ns, coarse about 7 ns.
 * Limits     the coarse reading is behind by at most BASE_CLOCK_COARSE_LAG_NS, and
 *            behind by the length of a suspend until base_clock_resync() was called
 *            once after it.
 * Example    int64_t deadline = base_clock_now(&clock) + 5 * BASE_CLOCK_SECOND_NS;
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BASE_CLOCK_SECOND_NS      INT64_C(1000000000)
#define BASE_CLOCK_MILLISECOND_NS INT64_C(1000000)
/* One tick of a kernel with HZ=100, the slowest that is built. */
#define BASE_CLOCK_COARSE_LAG_NS INT64_C(10000000)

typedef struct {
    int64_t (*now)(void *context); /* NULL: the system's clock */
    void *context;
    /* Of the system's clock: clock_gettime(), or what it calls where that is known, for
     * libc's way there takes a third of the time. */
    int (*read)(clockid_t id, struct timespec *ret_now);
    int64_t coarse_offset; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC; system clock only */
} BaseClock;

/* The system's clock. */
void base_clock_init(BaseClock *self);

/* A clock that calls `now`; used for both readings. */
void base_clock_init_fake(BaseClock *self, int64_t (*now)(void *context),
                          void *context);

/* Precise nanoseconds since boot. */
int64_t base_clock_now(const BaseClock *self);

/* May lag by BASE_CLOCK_COARSE_LAG_NS; never ahead of base_clock_now(). */
static inline int64_t
base_clock_now_coarse(const BaseClock *self)
{
    struct timespec now;
    if (__builtin_expect(self->now != NULL, 0)) {
        return self->now(self->context);
    }
    self->read(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * BASE_CLOCK_SECOND_NS + now.tv_nsec +
           __atomic_load_n(&self->coarse_offset, __ATOMIC_RELAXED);
}

/* Takes a suspend since the last call into account. */
void base_clock_resync(BaseClock *self);

#ifdef __cplusplus
}
#endif
