/* SPDX-License-Identifier: MIT */
#include "base-clock.h"

#include <dlfcn.h>
#include <string.h>

static int64_t
clock_read(const BaseClock *self, clockid_t id)
{
    struct timespec now;
    self->read(id, &now);
    return (int64_t)now.tv_sec * BASE_CLOCK_SECOND_NS + now.tv_nsec;
}

/* The function that the kernel maps into each process, see vdso(7). It stays there when
 * the handle is closed. */
static void *
clock_find_kernels(void)
{
    void *library = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        return NULL;
    }
    void *function = dlsym(library, "__vdso_clock_gettime");
    dlclose(library);
    return function;
}

void
base_clock_init(BaseClock *self)
{
    void *kernels = clock_find_kernels();
    *self = (BaseClock){.read = clock_gettime};
    if (kernels != NULL) {
        memcpy(&self->read, &kernels, sizeof(kernels));
    }
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
    return self->now != NULL ? self->now(self->context)
                             : clock_read(self, CLOCK_BOOTTIME);
}

void
base_clock_resync(BaseClock *self)
{
    if (self->now != NULL) {
        return;
    }
    /* Read in this order the offset can only come out too small, which keeps the
     * coarse reading from running ahead. */
    int64_t boot = clock_read(self, CLOCK_BOOTTIME);
    int64_t offset = boot - clock_read(self, CLOCK_MONOTONIC);
    __atomic_store_n(&self->coarse_offset, offset, __ATOMIC_RELAXED);
}
