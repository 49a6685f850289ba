/* SPDX-License-Identifier: MIT */
/* cachemodule.h - what the files of _ferrule_cache share.
 *
 * Purpose    the module's state and the functions that create its types.
 * Threads    state is one interpreter's; immutable after the module's exec, except
 *            `dumps`, which is set once and kept.
 */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "tool-cache.h"

typedef struct {
    PyTypeObject *store_type;
    PyTypeObject *flight_type;
    PyObject *dumps; /* json.dumps, when it was first needed */
    PyObject *dumps_options;
} CacheState;

enum {
    CACHE_TOOLS = 8 /* a power of two */
};

/* A tool that was named lately. */
typedef struct {
    PyObject *name;   /* owned, or NULL */
    ToolCacheKey key; /* without arguments; borrowed from the name ... */
    char *scoped;     /* ... or from this; owned, or NULL */
} CacheTool;

typedef struct {
    PyObject ob_base;
    ToolCache *cache;             /* owned */
    struct CacheHot *hot;         /* owned; NULL until there is something to keep */
    CacheTool tools[CACHE_TOOLS]; /* by the name's address */
    PyObject *partition;          /* owned: its name; NULL: none */
    CacheState *state;            /* of the module, which the type keeps alive */
} CacheObject;

extern struct PyModuleDef cachemodule_definition;

/* Specifications of the module's types. */
extern PyType_Spec cachestore_spec;
extern PyType_Spec cacheflight_spec;

/* What a call may be given. */
typedef struct {
    const char *function;
    const char *const *names;
    Py_ssize_t count;
    Py_ssize_t required;    /* the first so many */
    Py_ssize_t by_position; /* the others by name only */
} CacheParameters;

/* Borrowed, `count` of them; NULL what was not given. */
bool cachemodule_bind(const CacheParameters *self, PyObject *const *args,
                      Py_ssize_t count, PyObject *names, PyObject **ret_given);

/* Methods of Store in files of their own. */
PyObject *cacheflight_join(PyObject *store, PyObject *const *args, Py_ssize_t count);
PyObject *cachemodule_partition(PyObject *store, PyObject *name);
PyObject *cacheget_stale(PyObject *store, PyObject *const *args, Py_ssize_t count);
PyObject *cacheget_wait_loaded(PyObject *store, PyObject *seconds);
PyObject *cacheget_call(PyObject *store, PyObject *const *args, Py_ssize_t count,
                        PyObject *names);
PyObject *cacheset_call(PyObject *store, PyObject *const *args, Py_ssize_t count,
                        PyObject *names);
PyObject *cachestats_stats(PyObject *store, PyObject *unused);
extern const char cacheflight_join_doc[];
extern const char cachestats_stats_doc[];
extern const char cacheget_doc[];
extern const char cacheset_doc[];
extern const char cacheget_wait_loaded_doc[];
extern const char cacheget_stale_doc[];
extern const char cachemodule_partition_doc[];

/* Sets the exception of a GError and frees it. Returns NULL. */
PyObject *cachemodule_raise(GError *error);

/* A key borrowed from Python objects; `owned` and `scoped` keep its texts alive. */
typedef struct {
    ToolCacheKey key;
    PyObject *owned; /* or NULL */
    char *scoped;    /* or NULL */
} CacheArguments;

/* `tool`: str. `args`: str or bytes of JSON, or an object that json.dumps takes.
 * Returns false with an exception set. */
bool cachemodule_key(CacheObject *store, PyObject *tool, PyObject *args,
                     CacheArguments *ret_arguments);

void cachemodule_key_clear(CacheArguments *self);

/* The bytes of str or bytes, borrowed. */
bool cachemodule_utf8(PyObject *text, const char **ret_text, size_t *ret_size);

/* Without the interpreter's lock, until the key is there or the journal was read. False
 * with an exception set: a signal's handler raised. */
bool cacheget_wait_for(CacheObject *self, const ToolCacheKey *key);

/* The name of a tool or tag in the store's partition. *ret_scoped: free it, or NULL. */
bool cachemodule_name(CacheObject *store, PyObject *name, const char **ret_text,
                      size_t *ret_size, char **ret_scoped);

/* `value` must be str or bytes. */
bool cachemodule_value(PyObject *value, ToolCacheValue *ret_value);

/* Seconds as nanoseconds; None is 0, infinity and all that is like it UINT64_MAX. */
bool cachemodule_seconds(const char *name, PyObject *seconds, uint64_t *ret_ns);

typedef struct {
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
    char *scoped[TOOL_CACHE_TAGS_MAX]; /* or NULL */
    size_t count;
} CacheTags;

/* `tags`: a tuple or list of str; the texts are borrowed from it. Clear *ret_tags,
 * which was all zero before, in any case. */
bool cachemodule_tags(CacheObject *store, PyObject *tags, CacheTags *ret_tags);

void cachemodule_tags_clear(CacheTags *self);

/* A str of what may be cut in the middle of a character. */
PyObject *cachemodule_text(const char *text, size_t size);

/* Whether a name of the store belongs to this object's partition (or, where it has
 * none, to none); *ret_scope says what it is there. */
bool cachemodule_is_ours(const CacheObject *store, const char *name, size_t size,
                         ToolCacheScope *ret_scope);

/* A new str or bytes of a value that was found; NULL without an exception if the entry
 * is no longer the same. */
PyObject *cachemodule_read(ToolCache *cache, const ToolCacheHit *hit);

/* The same from memory of one's own. */
PyObject *cachemodule_build(const ToolCacheValue *value);
