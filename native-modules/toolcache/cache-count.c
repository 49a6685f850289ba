/* SPDX-License-Identifier: MIT */
#include "cache-count-private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local CacheCountClaim
    cache_count_claims[CACHE_COUNT_KNOWN]; /* nocheck:static */

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
    memset(cache_count_claims, 0, sizeof(cache_count_claims));
}

static CacheCountClaim *
count_find(ToolCache *cache)
{
    CacheCountClaim *claim = &cache_count_claims[cache->serial % CACHE_COUNT_KNOWN];
    if (claim->serial != cache->serial && claim->sharing != cache->serial) {
        bool is_shared;
        claim->stripe = count_claim(cache, &is_shared);
        claim->serial = is_shared ? 0 : cache->serial;
        claim->sharing = is_shared ? cache->serial : 0;
    }
    return claim;
}

void
cache_count_by(ToolCache *cache, uint32_t tool, CacheCount what, uint64_t by)
{
    CacheCountClaim *claim = count_find(cache);
    _Atomic uint64_t *count = &claim->stripe->rows[tool].counts[what];
    if (claim->sharing != 0) {
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
