/* SPDX-License-Identifier: MIT */
#include "base-clock.h"

static int64_t
clock_read(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * BASE_CLOCK_SECOND_NS + now.tv_nsec;
}

void
base_clock_init(BaseClock *self)
{
    *self = (BaseClock){0};
    base_clock_resync(self);
}

void
base_clock_init_fake(BaseClock *self, int64_t (*now)(void *context), void *context)
{
    *self = (BaseClock){.now = now, .context = context};
}

int64_t
base_clock_now(const BaseClock *self)
{
    return self->now != NULL ? self->now(self->context) : clock_read(CLOCK_BOOTTIME);
}

void
base_clock_resync(BaseClock *self)
{
    if (self->now != NULL) {
        return;
    }
    /* Read in this order the offset can only come out too small, which keeps the
     * coarse reading from running ahead. */
    int64_t boot = clock_read(CLOCK_BOOTTIME);
    int64_t offset = boot - clock_read(CLOCK_MONOTONIC);
    __atomic_store_n(&self->coarse_offset, offset, __ATOMIC_RELAXED);
}
