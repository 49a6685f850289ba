/* SPDX-License-Identifier: MIT */
#include "cache-claims-private.h"

#include <glib.h>
#include <sys/mman.h>

/* Zeros that cost nothing until they are touched, and then come in large pages. */
static uint64_t *
claims_slots(size_t count)
{
    size_t size = count * sizeof(uint64_t);
    void *slots = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slots == MAP_FAILED) {
        return NULL;
    }
    madvise(slots, size, MADV_HUGEPAGE); /* only faster */
    return slots;
}

void
cache_claims_init(CacheClaims *self, size_t expected)
{
    size_t count = 1024;
    while (count / 2 < expected) {
        count *= 2;
    }
    self->slots = claims_slots(count);
    self->mask = self->slots != NULL ? count - 1 : 0;
    self->count = 0;
}

void
cache_claims_clear(CacheClaims *self)
{
    if (self->slots != NULL) {
        munmap(self->slots, (self->mask + 1) * sizeof(uint64_t));
    }
    self->slots = NULL;
}

/* The place of the hash, or where it belongs. */
static uint64_t *
claims_find(const CacheClaims *self, uint64_t hash)
{
    size_t index = hash & self->mask;
    while (self->slots[index] != 0 && self->slots[index] != hash) {
        index = (index + 1) & self->mask;
    }
    return &self->slots[index];
}

static bool
claims_grow(CacheClaims *self)
{
    CacheClaims larger = {.mask = self->mask * 2 + 1, .count = self->count};
    larger.slots = claims_slots(larger.mask + 1);
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i <= self->mask; i++) {
        if (self->slots[i] != 0) {
            *claims_find(&larger, self->slots[i]) = self->slots[i];
        }
    }
    cache_claims_clear(self);
    __atomic_store_n(&self->slots, larger.slots, __ATOMIC_RELAXED);
    __atomic_store_n(&self->mask, larger.mask, __ATOMIC_RELAXED);
    return true;
}

bool
cache_claims_add(CacheClaims *self, uint64_t hash)
{
    hash = hash != 0 ? hash : 1;
    if (self->slots == NULL ||
        (self->count > self->mask / 4 * 3 && !claims_grow(self))) {
        return false;
    }
    uint64_t *slot = claims_find(self, hash);
    if (*slot == hash) {
        return false;
    }
    *slot = hash;
    self->count++;
    return true;
}
