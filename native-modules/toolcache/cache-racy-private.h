/* SPDX-License-Identifier: MIT */
/* cache-racy-private.h - reading bytes that somebody may be overwriting.
 *
 * Purpose    the copies and comparisons of an optimistic read. What they return means
 *            nothing until the bucket's version was found unchanged afterwards.
 * Threads    any; in a ThreadSanitizer build every access is a relaxed atomic one, so
 *            that the tool sees what the memory model needs.
 * Limits     the range must be inside the mapping: check before the call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define CACHE_RACY_BYTEWISE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CACHE_RACY_BYTEWISE 1
#endif
#endif

static inline void
cache_racy_copy(void *to, const void *from, size_t size)
{
#ifdef CACHE_RACY_BYTEWISE
    for (size_t i = 0; i < size; i++) {
        ((char *)to)[i] = __atomic_load_n((const char *)from + i, __ATOMIC_RELAXED);
    }
#else
    memcpy(to, from, size);
#endif
}

static inline bool
cache_racy_equal(const void *shared, const void *mine, size_t size)
{
#ifdef CACHE_RACY_BYTEWISE
    bool is_equal = true;
    for (size_t i = 0; i < size; i++) {
        is_equal &= __atomic_load_n((const char *)shared + i, __ATOMIC_RELAXED) ==
                    ((const char *)mine)[i];
    }
    return is_equal;
#else
    return memcmp(shared, mine, size) == 0;
#endif
}

static inline uint32_t
cache_racy_u32(const uint32_t *shared)
{
    return __atomic_load_n(shared, __ATOMIC_RELAXED);
}

/* The writer's side: a block that is about to be read by others. */
static inline void
cache_racy_store(void *to, const void *from, size_t size)
{
#ifdef CACHE_RACY_BYTEWISE
    for (size_t i = 0; i < size; i++) {
        __atomic_store_n((char *)to + i, ((const char *)from)[i], __ATOMIC_RELAXED);
    }
#else
    memcpy(to, from, size);
#endif
}

static inline void
cache_racy_store_u32(uint32_t *to, uint32_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELAXED);
}
