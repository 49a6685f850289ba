/* SPDX-License-Identifier: MIT */
#include "cache-count-private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    COUNT_KNOWN = 8 /* stores whose stripe a thread remembers */
};

typedef struct {
    uint64_t serial; /* of the handle; 0: free */
    CacheStripe *stripe;
    bool is_shared;
} CountClaim;

/* Remembers only where to count; what is counted is in the store. */
static _Thread_local CountClaim count_claims[COUNT_KNOWN]; /* nocheck:static */

static CacheStripe *
count_stripe(const ToolCache *cache, uint32_t index)
{
    size_t size = (sizeof(CacheStripe) + CACHE_PAGE - 1) & ~(size_t)(CACHE_PAGE - 1);
    return (CacheStripe *)((unsigned char *)cache->stripes + size * index);
}

static bool
count_is_alive(uint64_t owner)
{
    long done = syscall(SYS_tgkill, (int)(owner >> 32), (int)(uint32_t)owner, 0);
    return done == 0 || errno != ESRCH;
}

/* Stripe 0 is for all that find no other. */
static CacheStripe *__attribute__((noinline, cold))
count_claim(ToolCache *cache, bool *ret_is_shared)
{
    uint64_t self = (uint64_t)getpid() << 32 | (uint32_t)syscall(SYS_gettid);
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 1; i < CACHE_STRIPES; i++) {
            CacheStripe *stripe = count_stripe(cache, i);
            uint64_t owner = atomic_load_explicit(&stripe->owner, memory_order_relaxed);
            bool is_mine = owner == self;
            bool is_free = owner == 0 || (round == 1 && !count_is_alive(owner));
            if (is_mine || (is_free && atomic_compare_exchange_strong(&stripe->owner,
                                                                      &owner, self))) {
                *ret_is_shared = false;
                return stripe;
            }
        }
    }
    *ret_is_shared = true;
    return count_stripe(cache, 0);
}

void
cache_count_forked(void)
{
    memset(count_claims, 0, sizeof(count_claims));
}

static inline CountClaim *
count_find(ToolCache *cache)
{
    CountClaim *claim = &count_claims[cache->serial % COUNT_KNOWN];
    if (G_UNLIKELY(claim->serial != cache->serial)) {
        claim->stripe = count_claim(cache, &claim->is_shared);
        claim->serial = cache->serial;
    }
    return claim;
}

void
cache_count_by(ToolCache *cache, uint32_t tool, CacheCount what, uint64_t by)
{
    CountClaim *claim = count_find(cache);
    _Atomic uint64_t *count = &claim->stripe->rows[tool].counts[what];
    if (claim->is_shared) {
        atomic_fetch_add_explicit(count, by, memory_order_relaxed);
        return;
    }
    uint64_t value = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, value + by, memory_order_relaxed);
}

uint64_t
cache_count_tool(const ToolCache *cache, uint32_t tool, CacheCount what)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < CACHE_STRIPES; i++) {
        const CacheStripe *stripe = count_stripe(cache, i);
        /* A stripe nobody ever owned has no pages; leave it that way. */
        if (i == 0 || atomic_load_explicit(&stripe->owner, memory_order_relaxed) != 0) {
            sum += atomic_load_explicit(&stripe->rows[tool].counts[what],
                                        memory_order_relaxed);
        }
    }
    return sum;
}
