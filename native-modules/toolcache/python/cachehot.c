/* SPDX-License-Identifier: MIT */
#include "cachehot.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    CACHEHOT_OBJECTS = 256, /* powers of two */
    CACHEHOT_SETS = 512,
    CACHEHOT_WAYS = 8,
    CACHEHOT_PATIENCE = 16,  /* newcomers that find their set full, until one gets in */
    CACHEHOT_SIZE_MAX = 1024 /* bytes of a key or value that is kept */
};

/* One cache line. */
typedef struct {
    PyObject *tool, *args, *value; /* owned, or NULL all three */
    ToolCachePlace place;
} HotEntry;

/* What a search looks at first: 32 bits of the hashes, 0: free. A hash without an entry
 * was met once. */
typedef struct {
    uint32_t hashes[CACHEHOT_WAYS];
} HotSet;

struct CacheHot {
    /* By the objects themselves: what was asked for before by the very same ones. */
    const PyObject *args[CACHEHOT_OBJECTS];
    uint32_t candidates[CACHEHOT_OBJECTS]; /* addresses met once, mixed */
    HotEntry objects[CACHEHOT_OBJECTS];
    /* By the key's hash. */
    HotSet sets[CACHEHOT_SETS];
    uint32_t newcomers;
    HotEntry entries[CACHEHOT_SETS][CACHEHOT_WAYS];
};

static size_t
hot_object_index(const PyObject *args)
{
    uintptr_t address = (uintptr_t)args;
    return (address >> 4 ^ address >> 12) % CACHEHOT_OBJECTS;
}

static void
hot_clear(HotEntry *entry)
{
    Py_CLEAR(entry->value);
    Py_CLEAR(entry->tool);
    Py_CLEAR(entry->args);
}

static void
hot_put(HotEntry *entry, const ToolCachePlace *place, PyObject *tool, PyObject *args,
        PyObject *value)
{
    HotEntry old = *entry;
    *entry = (HotEntry){Py_NewRef(tool), Py_NewRef(args), Py_NewRef(value), *place};
    hot_clear(&old);
}

void
cachehot_free(CacheHot *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < CACHEHOT_OBJECTS; i++) {
        hot_clear(&self->objects[i]);
    }
    for (size_t i = 0; i < (size_t)CACHEHOT_SETS * CACHEHOT_WAYS; i++) {
        hot_clear(&self->entries[0][i]);
    }
    PyMem_Free(self);
}

/* ---- by the objects ------------------------------------------------------- */

PyObject *
cachehot_same(CacheHot *self, ToolCache *cache, PyObject *tool, PyObject *args)
{
    size_t index = hot_object_index(args);
    if (self == NULL || self->args[index] != args ||
        self->objects[index].tool != tool) {
        return NULL;
    }
    HotEntry *entry = &self->objects[index];
    if (!tool_cache_is_same(cache, &entry->place)) {
        self->args[index] = NULL;
        hot_clear(entry);
        return NULL;
    }
    return Py_NewRef(entry->value);
}

/* Kept when the same two come twice; an address alone may be that of another object by
 * then, which costs a place and nothing else. */
static inline void
hot_keep_objects(CacheHot *self, const ToolCachePlace *place, PyObject *tool,
                 PyObject *args, PyObject *value)
{
    size_t index = hot_object_index(args);
    uint32_t mixed =
        (uint32_t)((uintptr_t)args >> 4) ^ (uint32_t)((uintptr_t)tool >> 3);
    if (G_LIKELY(self->candidates[index] != mixed)) {
        self->candidates[index] = mixed;
        return;
    }
    self->args[index] = args;
    hot_put(&self->objects[index], place, tool, args, value);
}

/* ---- by the hash ---------------------------------------------------------- */

/* The lowest bits of the hash find the bucket in the store; 0 stands for none. */
static inline uint32_t
hot_part(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

static inline size_t
hot_set(uint64_t hash)
{
    return hash % CACHEHOT_SETS;
}

/* A bit for each way that has that hash. */
static inline unsigned
hot_match(const HotSet *set, uint32_t part)
{
#ifdef __SSE2__
    const __m128i *words = (const __m128i *)(const void *)set->hashes;
    __m128i wanted = _mm_set1_epi32((int)part);
    __m128i low = _mm_cmpeq_epi32(_mm_loadu_si128(words), wanted);
    __m128i high = _mm_cmpeq_epi32(_mm_loadu_si128(words + 1), wanted);
    return (unsigned)_mm_movemask_epi8(
        _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
#else
    unsigned ways = 0;
    for (unsigned way = 0; way < CACHEHOT_WAYS; way++) {
        ways |= (unsigned)(set->hashes[way] == part) << way;
    }
    return ways;
#endif
}

static inline bool
hot_same_text(PyObject *a, PyObject *b)
{
    Py_ssize_t size = PyUnicode_GET_LENGTH(a);
    if (a == b) {
        return true;
    }
    if (size != PyUnicode_GET_LENGTH(b)) {
        return false;
    }
    return tool_cache_equal(PyUnicode_1BYTE_DATA(a), PyUnicode_1BYTE_DATA(b),
                            (size_t)size);
}

PyObject *
cachehot_find(CacheHot *self, ToolCache *cache, uint64_t hash, PyObject *tool,
              PyObject *args)
{
    if (G_UNLIKELY(self == NULL)) {
        return NULL;
    }
    size_t set = hot_set(hash);
    unsigned ways = hot_match(&self->sets[set], hot_part(hash));
    for (; ways != 0; ways &= ways - 1) {
        HotEntry *entry = &self->entries[set][__builtin_ctz(ways)];
        if (entry->value == NULL || !hot_same_text(args, entry->args) ||
            !hot_same_text(tool, entry->tool)) {
            continue;
        }
        if (!tool_cache_is_same(cache, &entry->place)) {
            hot_clear(entry);
            return NULL;
        }
        hot_keep_objects(self, &entry->place, tool, args, entry->value);
        return Py_NewRef(entry->value);
    }
    return NULL;
}

/* Where a key that was not met yet may be noted; CACHEHOT_WAYS: nowhere now. */
static unsigned
hot_way(CacheHot *self, size_t set)
{
    unsigned free_ways = hot_match(&self->sets[set], 0);
    if (free_ways != 0) {
        return (unsigned)__builtin_ctz(free_ways);
    }
    uint32_t number = self->newcomers++;
    return number % CACHEHOT_PATIENCE == 0 ? number / CACHEHOT_PATIENCE % CACHEHOT_WAYS
                                           : CACHEHOT_WAYS;
}

static void
hot_keep(CacheHot *self, uint64_t hash, const ToolCachePlace *place, PyObject *tool,
         PyObject *args, PyObject *value)
{
    size_t set = hot_set(hash);
    unsigned ways = hot_match(&self->sets[set], hot_part(hash));
    if (ways != 0) {
        hot_put(&self->entries[set][__builtin_ctz(ways)], place, tool, args, value);
        return;
    }
    unsigned way = hot_way(self, set);
    if (way < CACHEHOT_WAYS) {
        self->sets[set].hashes[way] = hot_part(hash);
        hot_clear(&self->entries[set][way]);
    }
}

void
cachehot_keep(CacheHot **self, uint64_t hash, const ToolCacheHit *hit, PyObject *tool,
              PyObject *args, PyObject *value)
{
    if (!hit->is_plain || hit->size > CACHEHOT_SIZE_MAX ||
        PyUnicode_GET_LENGTH(args) > CACHEHOT_SIZE_MAX) {
        return;
    }
    if (*self == NULL) {
        *self = PyMem_Calloc(1, sizeof(CacheHot));
        if (*self == NULL) {
            return; /* only slower */
        }
    }
    hot_keep(*self, hash, &hit->place, tool, args, value);
    hot_keep_objects(*self, &hit->place, tool, args, value);
}
