/* SPDX-License-Identifier: MIT */
#include "cache-key-private.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A sum over the bytes that are not white space. It does not depend on their order, so
 * the usual other spellings of the same arguments (spaces, order of members) fall into
 * the same shard and can share one entry. Cubes, because sums of digits, or of their
 * squares, take few values: numbered keys would fill shards unevenly. */
static uint32_t
key_sum_bytes(const char *text, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        uint32_t byte = (unsigned char)text[i];
        int32_t cube = (int16_t)(byte * byte * byte); /* as SSE2 multiplies */
        sum += (uint32_t)cube * (byte > ' ');
    }
    return sum;
}

#ifdef __SSE2__
static __m128i
key_cubes(__m128i words)
{
    __m128i cubes = _mm_mullo_epi16(_mm_mullo_epi16(words, words), words);
    return _mm_madd_epi16(cubes, _mm_set1_epi16(1));
}

static __m128i
key_load(const void *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

/* In four parts. */
static __m128i
key_sum_16(__m128i bytes)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i blank = _mm_set1_epi8(' ');
    __m128i is_blank = _mm_cmpeq_epi8(_mm_max_epu8(bytes, blank), blank);
    bytes = _mm_andnot_si128(is_blank, bytes);
    return _mm_add_epi32(key_cubes(_mm_unpacklo_epi8(bytes, zero)),
                         key_cubes(_mm_unpackhi_epi8(bytes, zero)));
}

static uint32_t
key_sum(const char *text, size_t size)
{
    static const signed char mask[32] = {[16] = -1, -1, -1, -1, -1, -1, -1, -1,
                                         -1,        -1, -1, -1, -1, -1, -1, -1};
    __m128i sums = _mm_setzero_si128();
    size_t i = 0;
    if (size < 16) {
        return key_sum_bytes(text, size);
    }
    for (; i + 16 <= size; i += 16) {
        sums = _mm_add_epi32(sums, key_sum_16(key_load(text + i)));
    }
    /* The last ones with those before them, which are counted already, as zeros. */
    __m128i last = _mm_and_si128(key_load(text + size - 16), key_load(mask + size - i));
    sums = _mm_add_epi32(sums, key_sum_16(last));
    uint32_t lanes[4];
    _mm_storeu_si128((__m128i *)(void *)lanes, sums);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}
#else
static uint32_t
key_sum(const char *text, size_t size)
{
    return key_sum_bytes(text, size);
}
#endif

CacheView *
cache_key_shard_of_many(ToolCache *cache, uint64_t tool_hash, const char *args,
                        size_t size)
{
    uint64_t mixed = base_hash_mix(tool_hash, key_sum(args, size));
    return &cache->views[mixed >> 40 & (cache->geometry.shards - 1)];
}

static void
key_finish(CacheKey *self, ToolCache *cache)
{
    self->size = self->prefix_size + self->tool_size + self->args_size;
    self->hash = cache_key_hash(cache, self->tool_hash, self->args, self->args_size);
    self->view = cache_key_shard(cache, self->tool_hash, self->args, self->args_size);
}

bool
cache_key_init(CacheKey *self, ToolCache *cache, const ToolCacheKey *key)
{
    self->tool = key->tool;
    self->args = key->args;
    self->tool_size = key->tool_size;
    self->args_size = key->args_size;
    if (key->tool_size > CACHE_KEY_MAX || key->args_size > CACHE_KEY_MAX ||
        key->tool_size + key->args_size + sizeof(self->prefix) > CACHE_KEY_MAX) {
        return false;
    }
    size_t rest = key->tool_size;
    self->prefix_size = 0;
    do {
        bool is_last = rest < 128;
        self->prefix[self->prefix_size++] =
            (unsigned char)((rest & 127) | (is_last ? 0 : 128));
        rest >>= 7;
    } while (rest > 0);
    self->tool_hash = key->tool_hash != 0
                          ? key->tool_hash
                          : base_hash_bytes(&cache->hash, key->tool, key->tool_size);
    key_finish(self, cache);
    return true;
}

void
cache_key_respell(CacheKey *self, ToolCache *cache, const CacheKey *from,
                  const char *args, size_t args_size)
{
    *self = *from;
    self->args = args;
    self->args_size = args_size;
    key_finish(self, cache);
}

void
cache_key_store(const CacheKey *self, char *to)
{
    cache_racy_store(to, self->prefix, self->prefix_size);
    to += self->prefix_size;
    cache_racy_store(to, self->tool, self->tool_size);
    cache_racy_store(to + self->tool_size, self->args, self->args_size);
}

bool
cache_key_split(const char *stored, size_t size, CacheKeyParts *ret_parts)
{
    size_t tool_size = 0;
    size_t at = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        if (at >= size) {
            return false;
        }
        unsigned char byte = (unsigned char)stored[at++];
        tool_size |= (size_t)(byte & 127) << shift;
        if (byte < 128) {
            break;
        }
    }
    if (tool_size > size - at) {
        return false;
    }
    ret_parts->tool = stored + at;
    ret_parts->tool_size = tool_size;
    ret_parts->args = stored + at + tool_size;
    ret_parts->args_size = size - at - tool_size;
    return true;
}

uint64_t
cache_key_parts_hash(const ToolCache *cache, const CacheKeyParts *parts)
{
    uint64_t tool = base_hash_bytes(&cache->hash, parts->tool, parts->tool_size);
    return cache_key_hash(cache, tool, parts->args, parts->args_size);
}
