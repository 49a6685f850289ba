/* SPDX-License-Identifier: MIT */
/* cache-key-private.h - keys: tool and arguments, hashed, compared, stored.
 *
 * Purpose    one key in one spelling. In an entry it is the size of the tool's name
 *            (7 bits a byte, low first), the name, the arguments' text.
 * Ownership  borrows tool and arguments.
 * Threads    a plain value.
 * Limits     CACHE_KEY_MAX bytes.
 * Cost       two XXH3 passes.
 */
#pragma once

#include "cache-view-private.h"

typedef struct {
    const char *tool;
    const char *args;
    size_t tool_size, args_size;
    size_t size; /* stored */
    uint64_t tool_hash;
    uint64_t hash;
    CacheView *view; /* of its shard */
    unsigned char prefix[4];
    uint32_t prefix_size;
} CacheKey;

typedef struct {
    const char *tool;
    const char *args;
    size_t tool_size, args_size;
} CacheKeyParts;

/* Returns false if the key is too large. */
bool cache_key_init(CacheKey *self, ToolCache *cache, const ToolCacheKey *key);

/* The same tool with other arguments (the same ones in another spelling). */
void cache_key_respell(CacheKey *self, ToolCache *cache, const CacheKey *from,
                       const char *args, size_t args_size);

/* `stored` may be overwritten meanwhile; `size` bytes of it are in the mapping. */
static inline bool cache_key_equals(const CacheKey *self, const char *stored,
                                    size_t size);

/* Writes self->size bytes. */
void cache_key_store(const CacheKey *self, char *to);

/* Splits a stored key; it must be a private copy. Returns false if it is damaged. */
bool cache_key_split(const char *stored, size_t size, CacheKeyParts *ret_parts);

/* The hash of a key as it is spelled there. */
uint64_t cache_key_parts_hash(const ToolCache *cache, const CacheKeyParts *parts);

static inline uint64_t
cache_key_hash(const ToolCache *cache, uint64_t tool_hash, const char *args,
               size_t args_size)
{
    uint64_t hash = base_hash_bytes(&cache->hash, args, args_size);
    return base_hash_mix(hash, tool_hash) & cache->hash_mask;
}

CacheView *cache_key_shard_of_many(ToolCache *cache, uint64_t tool_hash,
                                   const char *args, size_t args_size);

static inline CacheView *
cache_key_shard(ToolCache *cache, uint64_t tool_hash, const char *args,
                size_t args_size)
{
    return cache->geometry.shards == 1
               ? &cache->views[0]
               : cache_key_shard_of_many(cache, tool_hash, args, args_size);
}

/* The low half of the hash finds the bucket and is kept in the entry. */
static inline uint32_t
cache_key_low(uint64_t hash)
{
    return (uint32_t)hash;
}

#include "cache-racy-private.h"

static inline bool
cache_key_equals(const CacheKey *self, const char *stored, size_t size)
{
    return size == self->size && size > 0 &&
           cache_racy_equal(stored, self->prefix, 1) &&
           (self->prefix_size == 1 ||
            cache_racy_equal(stored, self->prefix, self->prefix_size)) &&
           cache_racy_equal(stored + self->prefix_size, self->tool, self->tool_size) &&
           cache_racy_equal(stored + self->prefix_size + self->tool_size, self->args,
                            self->args_size);
}
