/* SPDX-License-Identifier: MIT */
/* The way of nearly every hit, once more and short: a key as it was spelled when it was
 * set, in its home bucket, in an entry without extras. Whatever else there is - another
 * spelling, a busy or overfull bucket, tags, a miss - is left to tool_cache_find(). */
#include "base-equal.h"
#include "cache-bucket-private.h"
#include "cache-look-private.h"
#include "cache-names-private.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    QUICK_TOOL_MAX = 127 /* bytes; longer names have a longer prefix */
};

/* One size is compared in pieces that overlap, so that no loop is needed. */
#define QUICK_PIECES(type, a, b, size)            \
    (quick_##type(a) == quick_##type(b) &&        \
     quick_##type((a) + (size) - sizeof(type)) == \
         quick_##type((b) + (size) - sizeof(type)))

static inline uint64_t
quick_uint64_t(const char *from)
{
    uint64_t word;
    cache_racy_copy(&word, from, sizeof(word));
    return word;
}

static inline uint32_t
quick_uint32_t(const char *from)
{
    uint32_t word;
    cache_racy_copy(&word, from, sizeof(word));
    return word;
}

/* 16 to 32 bytes. */
static inline bool
quick_equal_32(const char *a, const char *b, size_t size)
{
#ifndef CACHE_RACY_BYTEWISE
    return base_equal_16_to_32(a, b, size);
#else
    return cache_racy_equal(a, b, size);
#endif
}

/* As cache_racy_equal(); tools and arguments are so short that a call costs more than
 * the work. */
static inline bool
quick_equal(const char *a, const char *b, size_t size)
{
    if (size - 16 <= 16) {
        return quick_equal_32(a, b, size);
    }
    if (size - 8 <= 8) {
        return QUICK_PIECES(uint64_t, a, b, size);
    }
    if (size - 4 <= 4) {
        return QUICK_PIECES(uint32_t, a, b, size);
    }
    if (size - 32 <= 32) {
        return quick_equal_32(a, b, 32) &&
               quick_equal_32(a + size - 32, b + size - 32, 32);
    }
    return cache_racy_equal(a, b, size);
}

bool
tool_cache_equal(const void *a, const void *b, size_t size)
{
    return quick_equal((const char *)a, (const char *)b, size);
}

uint64_t
tool_cache_hash(const ToolCache *self, uint64_t tool_hash, const char *args,
                size_t size)
{
    return cache_key_hash(self, tool_hash, args, size);
}

/* A bit for each slot whose tag is `tag`, whatever its alias bit. */
static inline uint32_t
quick_match(const CacheBucket *bucket, uint32_t tag)
{
#if defined(__SSE2__) && !defined(CACHE_RACY_BYTEWISE)
    __m128i tags = _mm_loadu_si128((const __m128i *)(const void *)bucket->tags);
    tags = _mm_and_si128(tags, _mm_set1_epi16(CACHE_TAG_MASK));
    __m128i same = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()));
#else
    uint32_t slots = 0;
    for (uint32_t slot = 0; slot < CACHE_BUCKET_SLOTS; slot++) {
        bool is_same = (cache_bucket_slot_tag(bucket, slot) & CACHE_TAG_MASK) == tag;
        slots |= (uint32_t)is_same << slot;
    }
    return slots;
#endif
}

/* Whether the entry at `ref` lies in the arena and has that key; fills the hit. */
static inline bool
quick_try(const CacheView *view, const ToolCacheKey *key, uint32_t ref,
          ToolCacheHit *hit)
{
    uint64_t arena_size = (uint64_t)view->arena_units * CACHE_UNIT;
    uint64_t at = (uint64_t)ref * CACHE_UNIT;
    size_t key_size = 1 + key->tool_size + key->args_size;
    if (ref == 0 || at + sizeof(CacheEntry) + key_size > arena_size) {
        return false;
    }
    const CacheEntry *entry = (const CacheEntry *)(view->arena + at);
    const char *stored = (const char *)(entry + 1);
    /* All lines of a common entry at once, not each when the one before is there. */
    __builtin_prefetch((const char *)entry + 64);
    __builtin_prefetch((const char *)entry + 128);
    __builtin_prefetch((const char *)entry + 192);
    uint32_t shape = cache_entry_shape(entry);
    if (cache_shape_key_size(shape) != key_size || shape & CACHE_SHAPE_EXTRA ||
        !quick_equal(stored + 1 + key->tool_size, key->args, key->args_size) ||
        !quick_equal(stored + 1, key->tool, key->tool_size) ||
        !cache_racy_equal(stored, &(char){(char)key->tool_size}, 1)) {
        return false;
    }
    hit->kind = (ToolCacheKind)cache_shape_kind(shape);
    hit->is_plain = true;
    hit->is_stale = false;
    hit->size = cache_racy_u32(&entry->value_size);
    hit->offset = at + sizeof(CacheEntry) + key_size;
    hit->place.life = cache_entry_life(entry);
    return hit->offset + hit->size <= arena_size &&
           cache_shape_is_whole(shape, (uint32_t)hit->size);
}

bool
tool_cache_quick(ToolCache *self, const ToolCacheKey *key, uint64_t hash,
                 ToolCacheHit *ret_hit)
{
    if (key->tool_size > QUICK_TOOL_MAX || key->args_size > CACHE_KEY_MAX / 2) {
        return false;
    }
    CacheView *view = cache_key_shard(self, key->tool_hash, key->args, key->args_size);
    uint32_t low = cache_key_low(hash);
    uint32_t home = cache_bucket_home(view, low);
    const CacheBucket *bucket = &view->buckets[home];
    uint64_t version = cache_bucket_version(bucket);
    if (version & CACHE_VERSION_BUSY || version == 0) {
        return false;
    }
    ToolCachePlace *place = &ret_hit->place;
    uint32_t slots = quick_match(bucket, cache_bucket_tag(low));
    for (; slots != 0; slots &= slots - 1) {
        uint32_t slot = (uint32_t)__builtin_ctz(slots);
        if (quick_try(view, key, cache_bucket_ref(bucket, slot), ret_hit)) {
            place->changes = 0;
            ret_hit->version = version;
            place->bucket = home;
            place->slot = (uint16_t)slot;
            place->shard = (uint16_t)(view - self->views);
            return cache_index_is_same(view, home, version) &&
                   cache_names_is_current(self, place->life) &&
                   !cache_look_is_expired(self, place->life);
        }
    }
    return false;
}
