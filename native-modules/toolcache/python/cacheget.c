/* SPDX-License-Identifier: MIT */
/* Store.get: three ways to a hit, the shortest first - the very objects of before, a
 * key whose value is kept as an object, a search. */
#include "cachehot.h"

/* Between two looks for a key that a journal may still bring. */
#define GET_SLICE_NS (2 * BASE_CLOCK_MILLISECOND_NS)

/* Agents name few tools, each by one and the same object. */
static inline CacheTool *
cacheget_tool(CacheObject *self, PyObject *tool)
{
    uintptr_t address = (uintptr_t)tool;
    return &self->tools[(address >> 4 ^ address >> 7) % CACHE_TOOLS];
}

static void
cacheget_keep_tool(CacheObject *self, PyObject *tool, CacheArguments *arguments)
{
#ifndef Py_GIL_DISABLED
    ToolCacheKey *key = &arguments->key;
    CacheTool *known = cacheget_tool(self, tool);
    if (known->name != tool) {
        key->tool_hash = tool_cache_hash_tool(self->cache, key->tool, key->tool_size);
        g_free(known->scoped);
        known->scoped = g_steal_pointer(&arguments->scoped);
        known->key = *key;
        Py_XSETREF(known->name, Py_NewRef(tool));
    }
    key->tool_hash = known->key.tool_hash;
#endif
}

/* Objects are kept of plain text, and not for partitions, of which there may be many.
 */
static bool
cacheget_is_kept(CacheObject *self, PyObject *tool, PyObject *args)
{
    return cacheget_tool(self, tool)->name == tool && self->partition == NULL &&
           PyUnicode_CheckExact(tool) && PyUnicode_IS_COMPACT_ASCII(tool) &&
           PyUnicode_CheckExact(args) && PyUnicode_IS_COMPACT_ASCII(args);
}

bool
cacheget_wait_for(CacheObject *self, const ToolCacheKey *key)
{
    int signal = 0;
    bool is_known = false;
    while (!is_known && signal == 0 && tool_cache_is_loading(self->cache) &&
           tool_cache_peek(self->cache, key, NULL) == TOOL_CACHE_MISSING) {
        Py_BEGIN_ALLOW_THREADS is_known =
            tool_cache_fetch(self->cache, key, GET_SLICE_NS);
        Py_END_ALLOW_THREADS signal = PyErr_CheckSignals();
    }
    return signal == 0;
}

/* Every other hit, and every miss. */
static PyObject *__attribute__((noinline))
cacheget_get_slow(CacheObject *self, PyObject *tool, PyObject *args,
                  PyObject *otherwise)
{
    CacheArguments arguments;
    if (!cachemodule_key(self, tool, args, &arguments)) {
        return NULL;
    }
    GError *error = NULL;
    ToolCacheHit hit;
    ToolCacheResult result;
    PyObject *value = NULL;
    if (!cacheget_wait_for(self, &arguments.key)) {
        cachemodule_key_clear(&arguments);
        return NULL;
    }
    cacheget_keep_tool(self, tool, &arguments);
    do {
        result = tool_cache_find(self->cache, &arguments.key, &hit, &error);
        if (result == TOOL_CACHE_FOUND) {
            value = cachemodule_read(self->cache, &hit);
        }
    } while (result == TOOL_CACHE_FOUND && value == NULL && !PyErr_Occurred());
    if (value != NULL && cacheget_is_kept(self, tool, args)) {
        cachehot_keep(&self->hot, arguments.key.tool_hash, &hit, tool, args, value);
    }
    cachemodule_key_clear(&arguments);
    if (result == TOOL_CACHE_MISSING) {
        return Py_NewRef(otherwise);
    }
    return result == TOOL_CACHE_INVALID ? cachemodule_raise(error) : value;
}

static PyObject *__attribute__((noinline))
cacheget_read(CacheObject *self, PyObject *tool, PyObject *args)
{
    ToolCacheHit hit;
    ToolCacheKey key = cacheget_tool(self, tool)->key;
    key.args = cachehot_text(args);
    key.args_size = cachehot_size(args);
    uint64_t hash =
        tool_cache_hash(self->cache, key.tool_hash, key.args, key.args_size);
    if (!tool_cache_quick(self->cache, &key, hash, &hit)) {
        return NULL;
    }
    PyObject *value = cachemodule_read(self->cache, &hit);
    if (value != NULL && cacheget_is_kept(self, tool, args)) {
        cachehot_keep(&self->hot, key.tool_hash, &hit, tool, args, value);
    }
    return value;
}

/* Nearly every hit: a tool that was named lately, arguments that are ASCII text. NULL
 * without an exception if it is no such hit. */
static inline PyObject *
cacheget_get_quick(CacheObject *self, PyObject *tool, PyObject *args)
{
    const CacheTool *known = cacheget_tool(self, tool);
    if (known->name != tool || !PyUnicode_CheckExact(args) ||
        !PyUnicode_IS_COMPACT_ASCII(args)) {
        return NULL;
    }
    if (cachehot_is_used(args)) {
        PyObject *same = cachehot_same(self->hot, self->cache, tool, args);
        if (same != NULL) {
            return same;
        }
    }
    uint64_t tool_hash = known->key.tool_hash;
    PyObject *value = cachehot_find(self->hot, self->cache, tool_hash, tool, args);
    return value != NULL ? value : cacheget_read(self, tool, args);
}

static PyObject *
cacheget_get(CacheObject *self, PyObject *tool, PyObject *args, PyObject *otherwise)
{
    PyObject *value = cacheget_get_quick(self, tool, args);
    if (value != NULL || PyErr_Occurred()) {
        return value;
    }
    return cacheget_get_slow(self, tool, args, otherwise);
}

const char cacheget_doc[] =
    "get($self, /, tool, args, default=None)\n--\n\n"
    "Return the value that was set for these arguments, or `default`.\n\n"
    "args is JSON text (str or bytes) or an object that json.dumps takes;\n"
    "equal JSON values are equal keys. ValueError if it is not JSON.";

static const char *const cacheget_names[] = {"tool", "args", "default"};

static const CacheParameters cacheget_parameters = {
    .function = "get",
    .names = cacheget_names,
    .count = 3,
    .required = 2,
    .by_position = 3,
};

static PyObject *__attribute__((noinline))
cacheget_call_bound(CacheObject *self, PyObject *const *args, Py_ssize_t count,
                    PyObject *names)
{
    PyObject *given[3];
    if (!cachemodule_bind(&cacheget_parameters, args, count, names, given)) {
        return NULL;
    }
    return cacheget_get(self, given[0], given[1],
                        given[2] != NULL ? given[2] : Py_None);
}

PyObject *
cacheget_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    if (G_LIKELY(count == 2 && names == NULL)) {
        return cacheget_get((CacheObject *)self, args[0], args[1], Py_None);
    }
    return cacheget_call_bound((CacheObject *)self, args, count, names);
}

const char cacheget_stale_doc[] =
    "_get_stale($self, tool, args, most, /)\n--\n\n"
    "Return (value,) of what is kept and over for at most so many seconds, or None.";

PyObject *
cacheget_stale(PyObject *store, PyObject *const *args, Py_ssize_t count)
{
    CacheObject *self = (CacheObject *)store;
    CacheArguments arguments;
    uint64_t most_ns;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "_get_stale() takes tool, args and seconds");
        return NULL;
    }
    if (!cachemodule_seconds("stale", args[2], &most_ns) ||
        !cachemodule_key(self, args[0], args[1], &arguments)) {
        return NULL;
    }
    GError *error = NULL;
    ToolCacheHit hit;
    ToolCacheResult result;
    PyObject *value = NULL;
    int64_t age_ns = 0;
    do {
        result =
            tool_cache_find_stale(self->cache, &arguments.key, &hit, &age_ns, &error);
        if (result == TOOL_CACHE_FOUND && age_ns > 0 && (uint64_t)age_ns > most_ns) {
            result = TOOL_CACHE_MISSING;
        }
        if (result == TOOL_CACHE_FOUND) {
            value = cachemodule_read(self->cache, &hit);
        }
    } while (result == TOOL_CACHE_FOUND && value == NULL && !PyErr_Occurred());
    cachemodule_key_clear(&arguments);
    if (result == TOOL_CACHE_INVALID) {
        return cachemodule_raise(error);
    }
    if (result == TOOL_CACHE_MISSING) {
        Py_RETURN_NONE;
    }
    return value != NULL ? Py_BuildValue("(N)", value) : NULL;
}

const char cacheget_wait_loaded_doc[] =
    "_wait_loaded($self, seconds, /)\n--\n\n"
    "Wait until the journal was read, at most so long. Returns whether it was.";

PyObject *
cacheget_wait_loaded(PyObject *store, PyObject *seconds)
{
    ToolCache *cache = ((CacheObject *)store)->cache;
    double value = PyFloat_AsDouble(seconds);
    bool is_loaded;
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    int64_t timeout_ns = (int64_t)(CLAMP(value, 0.0, 1e6) * 1e9);
    if (timeout_ns == 0) {
        return PyBool_FromLong(!tool_cache_is_loading(cache));
    }
    Py_BEGIN_ALLOW_THREADS is_loaded = tool_cache_wait_loaded(cache, timeout_ns);
    Py_END_ALLOW_THREADS return PyBool_FromLong(is_loaded);
}
