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

typedef struct {
    PyObject ob_base;
    ToolCache *cache;      /* owned */
    struct CacheHot *hot;  /* owned; NULL until there is something to keep */
    PyObject *tool;        /* owned: what was named last; or NULL */
    ToolCacheKey tool_key; /* of `tool`, borrowed from it, without arguments */
    CacheState *state;     /* of the module, which the type keeps alive */
} CacheObject;

extern struct PyModuleDef cachemodule_definition;

/* Specifications of the module's types. */
extern PyType_Spec cachestore_spec;
extern PyType_Spec cacheflight_spec;

/* Methods of Store in files of their own. */
PyObject *cacheflight_join(PyObject *store, PyObject *const *args, Py_ssize_t count);
PyObject *cacheget_call(PyObject *store, PyObject *const *args, Py_ssize_t count,
                        PyObject *names);
PyObject *cachestats_stats(PyObject *store, PyObject *unused);
extern const char cacheflight_join_doc[];
extern const char cachestats_stats_doc[];
extern const char cacheget_doc[];

/* Sets the exception of a GError and frees it. Returns NULL. */
PyObject *cachemodule_raise(GError *error);

/* A key borrowed from Python objects; `owned` keeps the text alive. */
typedef struct {
    ToolCacheKey key;
    PyObject *owned; /* or NULL */
} CacheArguments;

/* `tool`: str. `args`: str or bytes of JSON, or an object that json.dumps takes.
 * Returns false with an exception set. */
bool cachemodule_key(CacheState *state, PyObject *tool, PyObject *args,
                     CacheArguments *ret_arguments);

static inline void
cachemodule_key_clear(CacheArguments *self)
{
    Py_XDECREF(self->owned);
}

/* `value` must be str or bytes. */
bool cachemodule_value(PyObject *value, ToolCacheValue *ret_value);

/* Seconds as nanoseconds; None is 0, infinity and all that is like it UINT64_MAX. */
bool cachemodule_ttl(PyObject *seconds, uint64_t *ret_ns);

/* `tags`: a tuple or list of str; the texts are borrowed from it. */
bool cachemodule_tags(PyObject *tags, ToolCacheTag *ret_tags, size_t *ret_count);

/* A new str or bytes of a value that was found; NULL without an exception if the entry
 * is no longer the same. */
PyObject *cachemodule_read(ToolCache *cache, const ToolCacheHit *hit);

/* The same from memory of one's own. */
PyObject *cachemodule_build(const ToolCacheValue *value);
