/* SPDX-License-Identifier: MIT */
#include "cachehot.h"

enum {
    CACHEHOT_KEYS = 256, /* powers of two */
    CACHEHOT_VALUES = 2048,
    CACHEHOT_SIZE_MAX = 1024 /* bytes of what is kept */
};

typedef struct {
    PyObject *tool, *args, *value; /* owned, or NULL all three */
    ToolCacheHit hit;
} HotKey;

typedef struct {
    uint64_t version, place; /* which entry */
    PyObject *value;         /* owned, or NULL */
} HotValue;

struct CacheHot {
    /* What a miss of this table looks at lies close together. */
    const PyObject *args[CACHEHOT_KEYS]; /* of keys[] */
    uint32_t candidates[CACHEHOT_KEYS];  /* addresses met once, mixed */
    HotKey keys[CACHEHOT_KEYS];
    HotValue values[CACHEHOT_VALUES];
};

static size_t
hot_key_index(const PyObject *args)
{
    uintptr_t address = (uintptr_t)args;
    return (address >> 4 ^ address >> 12) % CACHEHOT_KEYS;
}

static uint64_t
hot_place(const ToolCacheHit *hit)
{
    return (uint64_t)hit->bucket << 16 | hit->shard << 8 | hit->slot;
}

static HotValue *
hot_value(CacheHot *self, const ToolCacheHit *hit)
{
    uint64_t mixed = hot_place(hit) * UINT64_C(0x9E3779B97F4A7C15);
    return &self->values[(mixed >> 40) % CACHEHOT_VALUES];
}

static bool
hot_is_entry(const HotValue *value, const ToolCacheHit *hit)
{
    return value->version == hit->version && value->place == hot_place(hit);
}

static void
hot_key_clear(CacheHot *self, size_t index)
{
    HotKey *key = &self->keys[index];
    self->args[index] = NULL;
    Py_CLEAR(key->value);
    Py_CLEAR(key->tool);
    Py_CLEAR(key->args);
}

void
cachehot_free(CacheHot *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < CACHEHOT_KEYS; i++) {
        hot_key_clear(self, i);
    }
    for (size_t i = 0; i < CACHEHOT_VALUES; i++) {
        Py_XDECREF(self->values[i].value);
    }
    PyMem_Free(self);
}

PyObject *
cachehot_get(CacheHot *self, ToolCache *cache, PyObject *tool, PyObject *args)
{
    size_t index = hot_key_index(args);
    if (self == NULL || self->args[index] != args || self->keys[index].tool != tool) {
        return NULL;
    }
    if (!tool_cache_is_same(cache, &self->keys[index].hit)) {
        hot_key_clear(self, index);
        return NULL;
    }
    return Py_NewRef(self->keys[index].value);
}

PyObject *
cachehot_value(CacheHot *self, ToolCache *cache, const ToolCacheHit *hit)
{
    if (self == NULL) {
        return NULL;
    }
    HotValue *known = hot_value(self, hit);
    if (known->value == NULL || !hot_is_entry(known, hit) ||
        !tool_cache_confirm(cache, hit)) {
        return NULL;
    }
    return Py_NewRef(known->value);
}

static void
hot_remember_value(CacheHot *self, const ToolCacheHit *hit, PyObject *value)
{
    HotValue *known = hot_value(self, hit);
    if (!hot_is_entry(known, hit)) {
        /* Seen once: from now on it is a candidate. */
        Py_CLEAR(known->value);
        known->version = hit->version;
        known->place = hot_place(hit);
    }
    else if (known->value == NULL) {
        known->value = Py_NewRef(value);
    }
}

/* Key objects are kept when the same two come twice; an address alone may be that of
 * another object by then, which costs a slot and nothing else. */
static void
hot_remember_key(CacheHot *self, const ToolCacheHit *hit, PyObject *tool,
                 PyObject *args, PyObject *value)
{
    size_t index = hot_key_index(args);
    uint32_t mixed =
        (uint32_t)((uintptr_t)args >> 4) ^ (uint32_t)((uintptr_t)tool >> 3);
    if (self->candidates[index] != mixed) {
        self->candidates[index] = mixed;
        return;
    }
    hot_key_clear(self, index);
    self->args[index] = args;
    self->keys[index] = (HotKey){.tool = Py_NewRef(tool),
                                 .args = Py_NewRef(args),
                                 .value = Py_NewRef(value),
                                 .hit = *hit};
}

void
cachehot_remember(CacheHot **self, const ToolCacheHit *hit, PyObject *tool,
                  PyObject *args, PyObject *value)
{
#ifndef Py_GIL_DISABLED
    if (hit->size > CACHEHOT_SIZE_MAX || !PyUnicode_CheckExact(args) ||
        !PyUnicode_CheckExact(tool)) {
        return;
    }
    if (*self == NULL) {
        *self = PyMem_Calloc(1, sizeof(CacheHot));
        if (*self == NULL) {
            return; /* only slower */
        }
    }
    hot_remember_value(*self, hit, value);
    if (PyUnicode_GET_LENGTH(args) <= CACHEHOT_SIZE_MAX) {
        hot_remember_key(*self, hit, tool, args, value);
    }
#endif
}
