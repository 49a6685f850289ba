/* SPDX-License-Identifier: MIT */
/* base-lock.h - mutexes in shared memory that survive the death of their holder.
 *
 * Purpose    the one kind of lock the engines use between processes: robust,
 *            process-shared, never held while anything can block or call out.
 * Ownership  the lock lives where its user put it, at any address in each process.
 * Threads    any thread of any process that maps it.
 * Errors     BASE_LOCK_BROKEN: the lock cannot be used (its memory was overwritten, or
 *            its holder is stopped for BASE_LOCK_PATIENCE_S); the caller must not go
 * on. Cost       about 20 ns when nobody holds it. Example    BaseLockState state =
 * base_lock_acquire(&lock); if (state == BASE_LOCK_ORPHANED) repair();               //
 * the last holder died inside base_lock_release(&lock);
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

enum {
    BASE_LOCK_PATIENCE_S = 3, /* holders need microseconds */
    BASE_LOCK_SLICE_MS = 2    /* of a wait */
};

typedef pthread_mutex_t BaseLock;

typedef enum {
    BASE_LOCK_HELD,     /* ours now */
    BASE_LOCK_ORPHANED, /* ours now; the last holder died, what it guards is suspect */
    BASE_LOCK_BUSY,     /* not ours: somebody holds it (base_lock_try) */
    BASE_LOCK_BROKEN,   /* not ours */
} BaseLockState;

static inline bool
base_lock_init(BaseLock *self)
{
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) {
        return false;
    }
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    bool is_ok = pthread_mutex_init(self, &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return is_ok;
}

static inline BaseLockState
base_lock_state(BaseLock *self, int result)
{
    if (__builtin_expect(result == 0, 1)) {
        return BASE_LOCK_HELD;
    }
    if (result == EOWNERDEAD) {
        return pthread_mutex_consistent(self) == 0 ? BASE_LOCK_ORPHANED
                                                   : BASE_LOCK_BROKEN;
    }
    return result == EBUSY ? BASE_LOCK_BUSY : BASE_LOCK_BROKEN;
}

static inline void
base_lock_slice(clockid_t clock, struct timespec *ret_until)
{
    clock_gettime(clock, ret_until);
    ret_until->tv_nsec += BASE_LOCK_SLICE_MS * 1000000L;
    ret_until->tv_sec += ret_until->tv_nsec / 1000000000L;
    ret_until->tv_nsec %= 1000000000L;
}

/* In slices: who is woken and killed before it has the lock takes the wake-up with it,
 * and who got in before it does not know that others sleep. They look for themselves.
 */
static inline int
base_lock_wait(BaseLock *self)
{
    struct timespec until;
    int result = ETIMEDOUT;
    int slices = BASE_LOCK_PATIENCE_S * 1000 / BASE_LOCK_SLICE_MS;
    while (result == ETIMEDOUT && slices-- > 0) {
#if defined(__SANITIZE_THREAD__)
        /* gcc 12's ThreadSanitizer does not know pthread_mutex_clocklock(). */
        base_lock_slice(CLOCK_REALTIME, &until);
        result = pthread_mutex_timedlock(self, &until);
#else
        base_lock_slice(CLOCK_MONOTONIC, &until);
        result = pthread_mutex_clocklock(self, CLOCK_MONOTONIC, &until);
#endif
    }
    return result;
}

static inline BaseLockState
base_lock_acquire(BaseLock *self)
{
    int result = pthread_mutex_trylock(self);
    if (__builtin_expect(result == EBUSY, 0)) {
        result = base_lock_wait(self);
    }
    return base_lock_state(self, result);
}

static inline BaseLockState
base_lock_try(BaseLock *self)
{
    return base_lock_state(self, pthread_mutex_trylock(self));
}

static inline void
base_lock_release(BaseLock *self)
{
    pthread_mutex_unlock(self);
}
