/* SPDX-License-Identifier: MIT */
#include "json-string-wide.h"

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE_CHECK    __attribute__((target("avx2,bmi,lzcnt")))
#define WIDE_UNESCAPE __attribute__((target("avx512bw,avx512vbmi,avx512vbmi2,bmi")))

bool
json_string_has_wide_check(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
}

bool
json_string_has_wide_unescape(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2");
}

/* Bits of the bytes that a backslash escapes: in a run of backslashes every second one,
 * and what follows a run of odd length. *carry: the first byte is escaped; set for the
 * next block. Runs that start at even and at odd places are told apart by an addition
 * that carries through them (as simdjson does). */
static inline uint64_t
escaped_bytes(uint64_t slashes, uint64_t *carry)
{
    const uint64_t even = 0x5555555555555555u;
    slashes &= ~*carry;
    uint64_t follows = slashes << 1 | *carry;
    uint64_t odd_starts = slashes & ~even & ~follows;
    uint64_t ends;
    *carry = __builtin_add_overflow(odd_starts, slashes, &ends);
    return (even ^ ends << 1) & follows;
}

typedef struct {
    __m256i low;
    __m256i high;
} Block;

WIDE_CHECK static inline uint64_t
mask_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

WIDE_CHECK static inline uint64_t
bytes_equal(Block block, char c)
{
    __m256i wanted = _mm256_set1_epi8(c);
    return mask_of(_mm256_cmpeq_epi8(block.low, wanted),
                   _mm256_cmpeq_epi8(block.high, wanted));
}

/* Controls and bytes beyond ASCII: below a space when signed. */
WIDE_CHECK static inline uint64_t
bytes_odd(Block block)
{
    __m256i space = _mm256_set1_epi8(' ');
    return mask_of(_mm256_cmpgt_epi8(space, block.low),
                   _mm256_cmpgt_epi8(space, block.high));
}

/* Zero for the bytes that may follow a backslash, u not among them: the halves of a
 * byte choose sets of letters, and a letter is in both. */
WIDE_CHECK static inline __m256i
letter_sets(__m256i bytes)
{
    /* 1: '"' '/'; 2: '\\'; 4: b f n; 8: r t */
    const __m256i by_low = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1));
    const __m256i by_high = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0));
    __m256i half = _mm256_set1_epi8(15);
    __m256i low = _mm256_shuffle_epi8(by_low, _mm256_and_si256(bytes, half));
    __m256i high = _mm256_shuffle_epi8(
        by_high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
    return _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
}

WIDE_CHECK static inline uint64_t
bytes_no_letter(Block block)
{
    return mask_of(letter_sets(block.low), letter_sets(block.high));
}

WIDE_CHECK const char *
json_string_wide_check(const char **at, const char *end, JsonStringInfo *info)
{
    const char *p = *at;
    uint64_t carry = 0;
    uint64_t slashes_seen = 0;
    const char *close = NULL;
    while (end - p >= JSON_STRING_BLOCK) {
        Block block = {_mm256_loadu_si256((const __m256i *)p),
                       _mm256_loadu_si256((const __m256i *)(p + 32))};
        uint64_t before = carry;
        uint64_t slashes = bytes_equal(block, '\\');
        uint64_t quotes = bytes_equal(block, '"');
        uint64_t odd = bytes_odd(block);
        uint64_t escaped = 0;
        if ((slashes | carry) != 0) {
            escaped = escaped_bytes(slashes, &carry);
            quotes &= ~escaped;
            odd |= escaped & bytes_no_letter(block);
        }
        uint64_t inside = _blsmsk_u64(quotes); /* up to the first quote */
        if (__builtin_expect((odd & inside) != 0, 0)) {
            carry = before;
            break;
        }
        slashes_seen |= slashes & inside;
        if (quotes != 0) {
            close = p + _tzcnt_u64(quotes);
            carry = 0;
            break;
        }
        p += JSON_STRING_BLOCK;
    }
    info->is_escaped |= slashes_seen != 0;
    *at = p - carry; /* the backslash goes with what it escapes */
    return close;
}

/* What the escaped letters stand for, by their low six bits; signs for themselves. */
static const char letter_values[JSON_STRING_BLOCK] = {
    ['b' & 63] = '\b', ['f' & 63] = '\f', ['n' & 63] = '\n',
    ['r' & 63] = '\r', ['t' & 63] = '\t',
};

WIDE_UNESCAPE char *
json_string_wide_unescape(const char **at, const char *end, char *out)
{
    const __m512i slash = _mm512_set1_epi8('\\');
    const __m512i values = _mm512_loadu_si512(letter_values);
    const char *p = *at;
    uint64_t carry = 0;
    while (end - p >= JSON_STRING_BLOCK) {
        __m512i block = _mm512_loadu_si512(p);
        uint64_t before = carry;
        uint64_t slashes = _mm512_cmpeq_epi8_mask(block, slash);
        uint64_t escaped = escaped_bytes(slashes, &carry);
        if ((_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('u')) & escaped) != 0) {
            carry = before;
            break;
        }
        uint64_t letters =
            escaped & _mm512_cmpgt_epi8_mask(block, _mm512_set1_epi8('a'));
        block = _mm512_mask_permutexvar_epi8(block, letters, block, values);
        uint64_t kept = ~(slashes & ~escaped);
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(kept, block));
        out += __builtin_popcountll(kept);
        p += JSON_STRING_BLOCK;
    }
    *at = p - carry;
    return out;
}
#else

bool
json_string_has_wide_check(void)
{
    return false;
}

bool
json_string_has_wide_unescape(void)
{
    return false;
}

const char *
json_string_wide_check(const char **at, const char *end, JsonStringInfo *info)
{
    return NULL;
}

char *
json_string_wide_unescape(const char **at, const char *end, char *out)
{
    return out;
}
#endif
