/* SPDX-License-Identifier: MIT */
/* Store.set. */
#include "cachemodule.h"

const char cacheset_doc[] =
    "set($self, /, tool, args, value, *, ttl=None, tags=(), stale=None,\n"
    "    jitter=0.0)\n--\n\n"
    "Store a value, str or bytes, for these arguments.\n\n"
    "ttl: seconds; None: the store's. tags: names that invalidate(tag=...)\n"
    "takes. stale: for so many seconds more it is kept for a get_or_call() that\n"
    "takes it. jitter: up to that part of ttl is cut off, so that what was set\n"
    "together does not expire together. Returns False if the value is larger\n"
    "than the store's bounds.";

enum {
    SET_TOOL,
    SET_ARGS,
    SET_VALUE,
    SET_TTL,
    SET_TAGS,
    SET_STALE,
    SET_JITTER,
    SET_PARAMETERS,
};

static const char *const set_names[SET_PARAMETERS] = {"tool", "args",  "value", "ttl",
                                                      "tags", "stale", "jitter"};

static const CacheParameters set_parameters = {
    .function = "set",
    .names = set_names,
    .count = SET_PARAMETERS,
    .required = SET_TTL,
    .by_position = SET_TTL,
};

/* A part of one: 0 to 1. */
static bool
cacheset_part(const char *name, PyObject *part, double *ret_part)
{
    double value = PyFloat_AsDouble(part);
    if (value == -1.0 && PyErr_Occurred()) {
        return false;
    }
    if (!(value >= 0.0 && value <= 1.0)) {
        PyErr_Format(PyExc_ValueError, "%s must be 0 to 1, not %R", name, part);
        return false;
    }
    *ret_part = value;
    return true;
}

static bool
cacheset_options(CacheObject *self, PyObject *const *given,
                 ToolCacheSetOptions *options, CacheTags *tags)
{
    PyObject *ttl = given[SET_TTL];
    PyObject *stale = given[SET_STALE];
    PyObject *jitter = given[SET_JITTER];
    if ((ttl != NULL && !cachemodule_seconds("ttl", ttl, &options->ttl_ns)) ||
        (stale != NULL && !cachemodule_seconds("stale", stale, &options->stale_ns)) ||
        (jitter != NULL && !cacheset_part("jitter", jitter, &options->jitter)) ||
        (given[SET_TAGS] != NULL && !cachemodule_tags(self, given[SET_TAGS], tags))) {
        return false;
    }
    options->tags = tags->tags;
    options->tag_count = tags->count;
    return true;
}

static PyObject *
cacheset_store(CacheObject *self, PyObject *const *given, const ToolCacheValue *value,
               const ToolCacheSetOptions *options)
{
    CacheArguments arguments;
    GError *error = NULL;
    if (!cachemodule_key(self, given[SET_TOOL], given[SET_ARGS], &arguments)) {
        return NULL;
    }
    ToolCacheSetResult result =
        tool_cache_set(self->cache, &arguments.key, value, options, &error);
    cachemodule_key_clear(&arguments);
    if (result == TOOL_CACHE_NOT_SET) {
        return cachemodule_raise(error);
    }
    return PyBool_FromLong(result == TOOL_CACHE_STORED);
}

PyObject *
cacheset_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    CacheObject *store = (CacheObject *)self;
    CacheTags tags = {.count = 0};
    ToolCacheSetOptions options = {0};
    ToolCacheValue value;
    PyObject *given[SET_PARAMETERS];
    PyObject *result = NULL;
    if (cachemodule_bind(&set_parameters, args, count, names, given) &&
        cachemodule_value(given[SET_VALUE], &value) &&
        cacheset_options(store, given, &options, &tags)) {
        result = cacheset_store(store, given, &value, &options);
    }
    cachemodule_tags_clear(&tags);
    return result;
}
