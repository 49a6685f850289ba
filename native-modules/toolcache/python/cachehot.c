/* SPDX-License-Identifier: MIT */
#include "cachehot.h"

#include "base-equal.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    CACHEHOT_OBJECTS = 2048, /* powers of two */
    CACHEHOT_SETS = 1024,
    CACHEHOT_WAYS = 4,
    CACHEHOT_ENTRIES = 1 + CACHEHOT_SETS * CACHEHOT_WAYS,
    CACHEHOT_PATIENCE = 16, /* newcomers that find their set full, until one gets in */
    CACHEHOT_HEAD = 32,     /* bytes of a key that are kept on an entry's first line */
    CACHEHOT_TEXT = 80,     /* of one that is kept at all */
    CACHEHOT_SIZE_MAX = 1024, /* bytes of a value that is kept */
    CACHEHOT_LINE = 64,
    CACHEHOT_LEARN = 64, /* one find of so many has the text's hash computed */
    CACHEHOT_JUDGED =
        4 * CACHEHOT_SETS * CACHEHOT_WAYS, /* misses between two judgements */
    CACHEHOT_WORTH = 8, /* misses to a find, from which on the table rests */
    CACHEHOT_PAUSE = 16 * CACHEHOT_JUDGED /* gets it rests for */
};

/* A key by its objects. One cache line. */
typedef struct {
    PyObject *tool, *args, *value; /* owned, or NULL all three */
    ToolCachePlace place;
    uint64_t version;
} __attribute__((aligned(CACHEHOT_LINE))) HotObject;

/* A key by its text: one cache line, with all that a short key needs while nothing is
 * set. */
typedef struct {
    char head[CACHEHOT_HEAD];
    PyObject *tool; /* owned; NULL without a value */
    ToolCachePlace place;
} HotEntry;

/* What else belongs to it. */
typedef struct {
    uint64_t version;
    char text[CACHEHOT_TEXT - CACHEHOT_HEAD]; /* behind the head */
} HotRest;

/* What a search looks at first, one cache line: half of each hash, 0: free, and what it
 * leads to, so that the value is fetched while its key is. A hash without a value was
 * met once. */
typedef struct {
    uint32_t hashes[CACHEHOT_WAYS];
    PyObject *values[CACHEHOT_WAYS]; /* owned, or NULL */
    uint16_t entries[CACHEHOT_WAYS]; /* their numbers; 0: none yet */
    uint8_t sizes[CACHEHOT_WAYS];    /* of the keys */
} __attribute__((aligned(CACHEHOT_LINE))) HotSet;

struct CacheHot {
    HotSet sets[CACHEHOT_SETS];
    /* Handed out one after another, so that few keys lie on few pages. The first one
     * is nobody's. */
    HotEntry entries[CACHEHOT_ENTRIES];
    HotRest rests[CACHEHOT_ENTRIES];
    /* By the objects themselves: what was asked for before by the very same ones. */
    HotObject objects[CACHEHOT_OBJECTS];
    const PyObject *args[CACHEHOT_OBJECTS];
    uint32_t candidates[CACHEHOT_OBJECTS]; /* addresses met once, mixed */
    uint16_t entry_count;
    uint32_t newcomers, finds;
    uint32_t misses, finds_before; /* since, and at, the last judgement */
    uint32_t pause;                /* gets for which nothing is looked for or kept */
    void *memory;                  /* where all this is in */
};

G_STATIC_ASSERT(sizeof(HotObject) == CACHEHOT_LINE);
G_STATIC_ASSERT(sizeof(HotSet) <= CACHEHOT_LINE);
G_STATIC_ASSERT(sizeof(HotEntry) == CACHEHOT_LINE);
G_STATIC_ASSERT(CACHEHOT_ENTRIES <= UINT16_MAX);

/* Aligned to cache lines; NULL without memory. */
static CacheHot *
hot_new(void)
{
    void *memory = PyMem_Calloc(1, sizeof(CacheHot) + CACHEHOT_LINE);
    if (memory == NULL) {
        return NULL;
    }
    uintptr_t address = ((uintptr_t)memory | (CACHEHOT_LINE - 1)) + 1;
    CacheHot *self = (CacheHot *)address;
    self->memory = memory;
    return self;
}

static size_t
hot_object_index(const PyObject *args)
{
    uintptr_t address = (uintptr_t)args;
    return (address >> 4 ^ address >> 12) % CACHEHOT_OBJECTS;
}

static void
hot_clear_object(HotObject *object)
{
    Py_CLEAR(object->value);
    Py_CLEAR(object->tool);
    Py_CLEAR(object->args);
}

static void
hot_clear(CacheHot *self, HotSet *set, unsigned way)
{
    Py_CLEAR(set->values[way]);
    Py_CLEAR(self->entries[set->entries[way]].tool);
}

void
cachehot_free(CacheHot *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < CACHEHOT_OBJECTS; i++) {
        hot_clear_object(&self->objects[i]);
    }
    for (size_t set = 0; set < CACHEHOT_SETS; set++) {
        for (unsigned way = 0; way < CACHEHOT_WAYS; way++) {
            hot_clear(self, &self->sets[set], way);
        }
    }
    PyMem_Free(self->memory);
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
    HotObject *object = &self->objects[index];
    if (!tool_cache_is_same(cache, &object->place, &object->version)) {
        self->args[index] = NULL;
        hot_clear_object(object);
        return NULL;
    }
    return Py_NewRef(object->value);
}

/* Kept when the same two come twice; an address alone may be that of another object by
 * then, which costs a place and nothing else. */
static void __attribute__((noinline))
hot_keep_objects(CacheHot *self, const ToolCachePlace *place, uint64_t version,
                 PyObject *tool, PyObject *args, PyObject *value)
{
    size_t index = hot_object_index(args);
    uint32_t mixed =
        (uint32_t)((uintptr_t)args >> 4) ^ (uint32_t)((uintptr_t)tool >> 3);
    if (G_LIKELY(self->candidates[index] != mixed)) {
        self->candidates[index] = mixed;
        return;
    }
    HotObject old = self->objects[index];
    self->args[index] = args;
    self->objects[index] = (HotObject){.tool = Py_NewRef(tool),
                                       .args = Py_NewRef(args),
                                       .value = Py_NewRef(value),
                                       .place = *place,
                                       .version = version};
    hot_clear_object(&old);
}

/* ---- by the text ---------------------------------------------------------- */

static inline uint64_t
hot_word(const char *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof(word));
    return word;
}

/* 16 bytes, both halves masked by what nobody outside knows. */
static inline uint64_t
hot_fold(uint64_t seed, uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = a ^ seed;
    product *= b ^ (seed >> 7);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
hot_fold_at(uint64_t seed, const char *from)
{
    return hot_fold(seed, hot_word(from), hot_word(from + 8));
}

static uint64_t __attribute__((noinline))
hot_hash_short(uint64_t seed, const char *text, size_t size)
{
    if (size >= 8) {
        return hot_fold(seed + size, hot_word(text), hot_word(text + size - 8));
    }
    char all[8] = {0};
    memcpy(all, text, size);
    return hot_fold(seed + size, hot_word(all), 0);
}

/* Shorter than the store's hash: whoever is found by it has its text compared
 * anyway, and what collides costs a way of its set. Multiply and fold, as wyhash;
 * the pieces may overlap and are all of CACHEHOT_TEXT. The tool's hash is the
 * seed: a secret. */
static inline uint64_t
hot_hash(uint64_t seed, const char *text, size_t size)
{
    if (G_UNLIKELY(size < 16)) {
        return hot_hash_short(seed, text, size);
    }
    const char *last = text + size - 16;
    uint64_t hash = hot_fold_at(seed + size, text);
    hash += hot_fold_at(seed - 1, text + (size - 16) / 2);
    if (G_UNLIKELY(size > 48)) {
        hash += hot_fold_at(seed - 3, text + 16) + hot_fold_at(seed - 4, last - 16);
    }
    return hash + hot_fold_at(seed - 2, last);
}

/* The lowest bits of the hash find the set; 0 stands for none. */
static inline uint32_t
hot_part(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

static inline size_t
hot_index(uint64_t hash)
{
    return hash % CACHEHOT_SETS;
}

/* A bit for each way that has that hash. */
static inline unsigned
hot_match(const HotSet *set, uint32_t part)
{
#ifdef __SSE2__
    __m128i hashes = _mm_load_si128((const __m128i *)(const void *)set->hashes);
    __m128i same = _mm_cmpeq_epi32(hashes, _mm_set1_epi32((int)part));
    return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(same));
#else
    unsigned ways = 0;
    for (unsigned way = 0; way < CACHEHOT_WAYS; way++) {
        ways |= (unsigned)(set->hashes[way] == part) << way;
    }
    return ways;
#endif
}

/* The same name in two objects. */
static bool __attribute__((noinline, cold)) hot_same_tool(PyObject *a, PyObject *b)
{
    Py_ssize_t size = PyUnicode_GET_LENGTH(a);
    return a == b || (size == PyUnicode_GET_LENGTH(b) &&
                      memcmp(PyUnicode_1BYTE_DATA(a), PyUnicode_1BYTE_DATA(b),
                             (size_t)size) == 0);
}

static inline bool
hot_same_text(const CacheHot *self, size_t number, const char *text, size_t size)
{
    const char *head = self->entries[number].head;
    if (G_LIKELY(size - 16 <= CACHEHOT_HEAD - 16)) {
        return base_equal_16_to_32(text, head, size);
    }
    if (size < 16) {
        return tool_cache_equal(text, head, size);
    }
    return base_equal_16_to_32(text, head, CACHEHOT_HEAD) &&
           tool_cache_equal(text + CACHEHOT_HEAD, self->rests[number].text,
                            size - CACHEHOT_HEAD);
}

static inline bool
hot_is_it(const CacheHot *self, size_t number, PyObject *tool, const char *text,
          size_t size)
{
    PyObject *known = self->entries[number].tool;
    return (G_LIKELY(known == tool) || hot_same_tool(tool, known)) &&
           hot_same_text(self, number, text, size);
}

/* Where nearly every key is another one, a look costs more than it saves. */
static void
hot_miss(CacheHot *self)
{
    if (++self->misses < CACHEHOT_JUDGED) {
        return;
    }
    if (self->finds - self->finds_before < CACHEHOT_JUDGED / CACHEHOT_WORTH) {
        self->pause = CACHEHOT_PAUSE;
    }
    self->misses = 0;
    self->finds_before = self->finds;
}

/* A text that is used here again and again has its hash made known by and by. */
static inline void
hot_learn(CacheHot *self, size_t number, PyObject *tool, PyObject *args,
          PyObject *value)
{
    self->finds++;
    if (cachehot_is_used(args)) {
        hot_keep_objects(self, &self->entries[number].place,
                         self->rests[number].version, tool, args, value);
    }
    else if (G_UNLIKELY(self->finds % CACHEHOT_LEARN == 0)) {
        PyObject_Hash(args); /* of a str: cannot fail */
    }
}

PyObject *
cachehot_find(CacheHot *self, ToolCache *cache, uint64_t tool_hash, PyObject *tool,
              PyObject *args)
{
    size_t size = cachehot_size(args);
    if (G_UNLIKELY(self == NULL) || size > CACHEHOT_TEXT) {
        return NULL;
    }
    if (G_UNLIKELY(self->pause > 0)) {
        self->pause--;
        return NULL;
    }
    const char *text = cachehot_text(args);
    uint64_t hash = hot_hash(tool_hash, text, size);
    HotSet *set = &self->sets[hot_index(hash)];
    unsigned ways = hot_match(set, hot_part(hash));
    for (; ways != 0; ways &= ways - 1) {
        unsigned way = (unsigned)__builtin_ctz(ways);
        size_t number = set->entries[way];
        PyObject *value = set->values[way];
        if (value == NULL || set->sizes[way] != size ||
            !hot_is_it(self, number, tool, text, size)) {
            continue;
        }
        if (!tool_cache_is_same(cache, &self->entries[number].place,
                                &self->rests[number].version)) {
            hot_clear(self, set, way);
            return NULL;
        }
        hot_learn(self, number, tool, args, value);
        return Py_NewRef(value);
    }
    hot_miss(self);
    return NULL;
}

/* Where a key that was not met yet may be noted; CACHEHOT_WAYS: nowhere now. */
static unsigned
hot_way(CacheHot *self, const HotSet *set)
{
    unsigned free_ways = hot_match(set, 0);
    if (free_ways != 0) {
        return (unsigned)__builtin_ctz(free_ways);
    }
    uint32_t number = self->newcomers++;
    return number % CACHEHOT_PATIENCE == 0 ? number / CACHEHOT_PATIENCE % CACHEHOT_WAYS
                                           : CACHEHOT_WAYS;
}

static void
hot_fill(CacheHot *self, HotSet *set, unsigned way, const ToolCacheHit *hit,
         PyObject *tool, PyObject *args, PyObject *value)
{
    if (set->entries[way] == 0) {
        set->entries[way] = ++self->entry_count;
    }
    HotEntry *entry = &self->entries[set->entries[way]];
    HotRest *rest = &self->rests[set->entries[way]];
    size_t size = cachehot_size(args);
    size_t head = MIN(size, (size_t)CACHEHOT_HEAD);
    hot_clear(self, set, way);
    memcpy(entry->head, cachehot_text(args), head);
    memcpy(rest->text, cachehot_text(args) + head, size - head);
    entry->place = hit->place;
    rest->version = hit->version;
    entry->tool = Py_NewRef(tool);
    set->values[way] = Py_NewRef(value);
    set->sizes[way] = (uint8_t)size;
}

static void __attribute__((noinline))
hot_keep(CacheHot *self, uint64_t tool_hash, const ToolCacheHit *hit, PyObject *tool,
         PyObject *args, PyObject *value)
{
    uint64_t hash = hot_hash(tool_hash, cachehot_text(args), cachehot_size(args));
    HotSet *set = &self->sets[hot_index(hash)];
    unsigned ways = hot_match(set, hot_part(hash));
    if (ways != 0) {
        hot_fill(self, set, (unsigned)__builtin_ctz(ways), hit, tool, args, value);
        return;
    }
    unsigned way = hot_way(self, set);
    if (way < CACHEHOT_WAYS) {
        set->hashes[way] = hot_part(hash);
        hot_clear(self, set, way);
    }
}

void
cachehot_keep(CacheHot **self, uint64_t tool_hash, const ToolCacheHit *hit,
              PyObject *tool, PyObject *args, PyObject *value)
{
    if (!hit->is_plain || hit->size > CACHEHOT_SIZE_MAX ||
        cachehot_size(args) > CACHEHOT_TEXT || (*self != NULL && (*self)->pause > 0)) {
        return;
    }
    if (*self == NULL) {
        *self = hot_new();
        if (*self == NULL) {
            return; /* only slower */
        }
    }
    hot_keep(*self, tool_hash, hit, tool, args, value);
}
