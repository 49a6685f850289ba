/* SPDX-License-Identifier: MIT */
/* Python objects to keys and values, and back. */
#include "cachemodule.h"

#include <math.h>

/* A copy this large is made without the interpreter lock. */
#define CONVERT_RELEASE_MIN ((size_t)256 << 10)

static PyObject *
convert_dumps(CacheState *state, PyObject *args)
{
    if (state->dumps == NULL) {
        PyObject *json = PyImport_ImportModule("json");
        if (json == NULL) {
            return NULL;
        }
        state->dumps = PyObject_GetAttrString(json, "dumps");
        Py_DECREF(json);
        if (state->dumps == NULL) {
            return NULL;
        }
    }
    PyObject *call[] = {args, Py_False, Py_False};
    return PyObject_Vectorcall(state->dumps, call, 1, state->dumps_options);
}

bool
cachemodule_utf8(PyObject *text, const char **ret_text, size_t *ret_size)
{
    Py_ssize_t size;
    if (PyBytes_Check(text)) {
        *ret_text = PyBytes_AS_STRING(text);
        *ret_size = (size_t)PyBytes_GET_SIZE(text);
        return true;
    }
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        *ret_text = (const char *)PyUnicode_1BYTE_DATA(text);
        *ret_size = (size_t)PyUnicode_GET_LENGTH(text);
        return true;
    }
    *ret_text = PyUnicode_AsUTF8AndSize(text, &size);
    *ret_size = (size_t)size;
    return *ret_text != NULL;
}

bool
cachemodule_key(CacheObject *store, PyObject *tool, PyObject *args,
                CacheArguments *ret_arguments)
{
    ToolCacheKey *key = &ret_arguments->key;
    ret_arguments->owned = NULL;
    key->tool_hash = 0;
    if (!PyUnicode_Check(tool)) {
        PyErr_Format(PyExc_TypeError, "tool must be str, not %.200s",
                     Py_TYPE(tool)->tp_name);
        return false;
    }
    if (!cachemodule_name(store, tool, &key->tool, &key->tool_size,
                          &ret_arguments->scoped)) {
        return false;
    }
    if (!PyUnicode_Check(args) && !PyBytes_Check(args)) {
        args = ret_arguments->owned = convert_dumps(store->state, args);
    }
    if (args == NULL || !cachemodule_utf8(args, &key->args, &key->args_size)) {
        cachemodule_key_clear(ret_arguments);
        return false;
    }
    return true;
}

void
cachemodule_key_clear(CacheArguments *self)
{
    Py_CLEAR(self->owned);
    g_free(self->scoped);
    self->scoped = NULL;
}

static ToolCacheKind
convert_kind(PyObject *text)
{
    if (PyUnicode_IS_ASCII(text)) {
        return TOOL_CACHE_ASCII;
    }
    switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND:
        return TOOL_CACHE_LATIN1;
    case PyUnicode_2BYTE_KIND:
        return TOOL_CACHE_UCS2;
    default:
        return TOOL_CACHE_UCS4;
    }
}

bool
cachemodule_value(PyObject *value, ToolCacheValue *ret_value)
{
    if (PyBytes_Check(value)) {
        ret_value->kind = TOOL_CACHE_BYTES;
        ret_value->bytes = PyBytes_AS_STRING(value);
        ret_value->size = (size_t)PyBytes_GET_SIZE(value);
        return true;
    }
    if (!PyUnicode_Check(value)) {
        PyErr_Format(PyExc_TypeError, "value must be str or bytes, not %.200s",
                     Py_TYPE(value)->tp_name);
        return false;
    }
    ret_value->kind = convert_kind(value);
    ret_value->bytes = PyUnicode_DATA(value);
    ret_value->size =
        (size_t)PyUnicode_GET_LENGTH(value) * (size_t)PyUnicode_KIND(value);
    return true;
}

bool
cachemodule_seconds(const char *name, PyObject *seconds, uint64_t *ret_ns)
{
    *ret_ns = 0;
    if (seconds == Py_None) {
        return true;
    }
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Format(PyExc_TypeError, "%s must be a number of seconds, not %.200s",
                         name, Py_TYPE(seconds)->tp_name);
        }
        return false;
    }
    if (!(value > 0.0)) { /* NaN, too */
        PyErr_Format(PyExc_ValueError, "%s must be more than 0 seconds, not %R", name,
                     seconds);
        return false;
    }
    double ns = value * 1e9;
    *ret_ns = ns < 1.0 ? 1 : ns < 9e18 ? (uint64_t)ns : UINT64_MAX;
    return true;
}

typedef struct {
    Py_ssize_t width;
    Py_UCS4 most;
} ConvertKind;

static const ConvertKind convert_kinds[] = {
    [TOOL_CACHE_BYTES] = {1, 0},       [TOOL_CACHE_ASCII] = {1, 127},
    [TOOL_CACHE_LATIN1] = {1, 255},    [TOOL_CACHE_UCS2] = {2, 0xFFFF},
    [TOOL_CACHE_UCS4] = {4, 0x10FFFF},
};

/* An object of that kind and size, and where its bytes go. */
static PyObject *
convert_new(ToolCacheKind kind, size_t size, void **ret_data)
{
    PyObject *object;
    if (kind == TOOL_CACHE_BYTES) {
        object = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
        *ret_data = object != NULL ? PyBytes_AS_STRING(object) : NULL;
        return object;
    }
    ConvertKind known = convert_kinds[kind <= TOOL_CACHE_UCS4 ? kind : 0];
    object = PyUnicode_New((Py_ssize_t)size / known.width, known.most);
    *ret_data = object != NULL ? PyUnicode_DATA(object) : NULL;
    return object;
}

PyObject *
cachemodule_read(ToolCache *cache, const ToolCacheHit *hit)
{
    void *data;
    bool is_read;
    PyObject *object = convert_new(hit->kind, hit->size, &data);
    if (object == NULL) {
        return NULL;
    }
    if (hit->size < CONVERT_RELEASE_MIN) {
        is_read = tool_cache_read(cache, hit, data);
    }
    else {
        Py_BEGIN_ALLOW_THREADS is_read = tool_cache_read(cache, hit, data);
        Py_END_ALLOW_THREADS
    }
    if (!is_read) {
        Py_DECREF(object);
        return NULL;
    }
    return object;
}

PyObject *
cachemodule_build(const ToolCacheValue *value)
{
    void *data;
    PyObject *object = convert_new(value->kind, value->size, &data);
    if (object != NULL) {
        memcpy(data, value->bytes, value->size);
    }
    return object;
}
