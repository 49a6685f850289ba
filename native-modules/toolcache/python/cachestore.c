/* SPDX-License-Identifier: MIT */
/* The type Store: the calls that are made often. ferrule.cache.ToolCache is a subclass
 * that adds what is called on a miss. */
#include "cachehot.h"

#define STORE_CACHE(self) (((CacheObject *)(self))->cache)

PyDoc_STRVAR(store_delete_doc, "delete($self, /, tool, args)\n--\n\n"
                               "Forget one result. Returns whether there was one.");

static const char *const store_key_names[] = {"tool", "args"};

static const CacheParameters store_delete_parameters = {
    .function = "delete",
    .names = store_key_names,
    .count = 2,
    .required = 2,
    .by_position = 2,
};

static PyObject *
store_delete_call(PyObject *self, PyObject *const *args, Py_ssize_t count,
                  PyObject *names)
{
    CacheArguments arguments;
    PyObject *given[2];
    if (!cachemodule_bind(&store_delete_parameters, args, count, names, given) ||
        !cachemodule_key((CacheObject *)self, given[0], given[1], &arguments)) {
        return NULL;
    }
    GError *error = NULL;
    ToolCacheResult result =
        tool_cache_delete(STORE_CACHE(self), &arguments.key, &error);
    cachemodule_key_clear(&arguments);
    if (result == TOOL_CACHE_INVALID) {
        return cachemodule_raise(error);
    }
    return PyBool_FromLong(result == TOOL_CACHE_FOUND);
}

static int
store_contains(PyObject *self, PyObject *pair)
{
    CacheArguments arguments;
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        PyErr_SetString(PyExc_TypeError, "a key is a tuple (tool, args)");
        return -1;
    }
    if (!cachemodule_key((CacheObject *)self, PyTuple_GET_ITEM(pair, 0),
                         PyTuple_GET_ITEM(pair, 1), &arguments)) {
        return -1;
    }
    if (!cacheget_wait_for((CacheObject *)self, &arguments.key)) {
        cachemodule_key_clear(&arguments);
        return -1;
    }
    GError *error = NULL;
    ToolCacheResult result = tool_cache_peek(STORE_CACHE(self), &arguments.key, &error);
    cachemodule_key_clear(&arguments);
    if (result == TOOL_CACHE_INVALID) {
        cachemodule_raise(error);
        return -1;
    }
    return result == TOOL_CACHE_FOUND;
}

static void
store_finish_loading(CacheObject *self)
{
    if (tool_cache_is_loading(self->cache)) {
        Py_BEGIN_ALLOW_THREADS tool_cache_wait_loaded(self->cache, INT64_MAX);
        Py_END_ALLOW_THREADS
    }
}

static Py_ssize_t
store_length(PyObject *self)
{
    CacheObject *store = (CacheObject *)self;
    ToolCacheItem item;
    ToolCacheScope scope;
    Py_ssize_t count = 0;
    store_finish_loading(store);
    if (store->partition == NULL) {
        return (Py_ssize_t)tool_cache_count(store->cache);
    }
    ToolCacheIter *iter = tool_cache_iter_new(store->cache);
    while (tool_cache_iter_next(iter, &item)) {
        count += cachemodule_is_ours(store, item.tool, item.tool_size, &scope);
    }
    tool_cache_iter_free(iter);
    return count;
}

PyDoc_STRVAR(store_clear_doc, "clear($self, /)\n--\n\n"
                              "Forget everything; of a partition, all of it.");

static PyObject *
store_clear_call(PyObject *self, PyObject *unused)
{
    CacheObject *store = (CacheObject *)self;
    const char *text;
    size_t size;
    if (store->partition == NULL) {
        tool_cache_clear(store->cache);
    }
    else if (cachemodule_utf8(store->partition, &text, &size)) {
        tool_cache_invalidate_partition(store->cache, text, size);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(store_invalidate_doc, "_invalidate($self, text, is_tag, /)\n--\n\n"
                                   "Forget all results of a tool, or with a tag.");

static PyObject *
store_invalidate_call(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    const char *text;
    size_t size;
    char *scoped;
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_Format(PyExc_TypeError, "tool and tag must be str, not %.200s",
                     count > 0 ? Py_TYPE(args[0])->tp_name : "nothing");
        return NULL;
    }
    if (!cachemodule_name((CacheObject *)self, args[0], &text, &size, &scoped)) {
        return NULL;
    }
    if (args[1] == Py_True) {
        tool_cache_invalidate_tag(STORE_CACHE(self), text, size);
    }
    else {
        tool_cache_invalidate_tool(STORE_CACHE(self), text, size);
    }
    g_free(scoped);
    Py_RETURN_NONE;
}

static PyObject *
store_item(const ToolCacheItem *item, const ToolCacheScope *scope)
{
    size_t size = item->args_size;
    g_autofree char *args = tool_cache_canonical(item->args, size, &size, NULL);
    PyObject *value = cachemodule_build(&item->value);
    if (value == NULL || args == NULL) {
        Py_XDECREF(value);
        return NULL;
    }
    return Py_BuildValue("((s#s#)N)", scope->tool, (Py_ssize_t)scope->tool_size, args,
                         (Py_ssize_t)size, value);
}

PyDoc_STRVAR(
    store_items_doc,
    "items($self, /)\n--\n\n"
    "Return a list of ((tool, args), value), args in canonical form.\n\n"
    "Each pair was in the store at some moment of the call. Of a partition, or of\n"
    "what is in none.");

static PyObject *
store_items_call(PyObject *self, PyObject *unused)
{
    store_finish_loading((CacheObject *)self);
    PyObject *list = PyList_New(0);
    ToolCacheIter *iter = tool_cache_iter_new(STORE_CACHE(self));
    ToolCacheItem item;
    ToolCacheScope scope;
    while (list != NULL && tool_cache_iter_next(iter, &item)) {
        if (!cachemodule_is_ours((CacheObject *)self, item.tool, item.tool_size,
                                 &scope)) {
            continue;
        }
        PyObject *pair = store_item(&item, &scope);
        if (pair == NULL || PyList_Append(list, pair) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(pair);
    }
    tool_cache_iter_free(iter);
    return list;
}

static void
store_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    cachehot_free(((CacheObject *)self)->hot);
    for (size_t i = 0; i < CACHE_TOOLS; i++) {
        Py_XDECREF(((CacheObject *)self)->tools[i].name);
        g_free(((CacheObject *)self)->tools[i].scoped);
    }
    Py_XDECREF(((CacheObject *)self)->partition);
    tool_cache_unref(STORE_CACHE(self));
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(store_journal_doc,
             "_journal($self, path, /)\n--\n\n"
             "Read the file, and write every change to it. ValueError says why not.");

static PyObject *
store_journal_call(PyObject *self, PyObject *path)
{
    GError *error = NULL;
    PyObject *bytes;
    bool is_ok;
    if (!PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS is_ok =
        tool_cache_journal(STORE_CACHE(self), PyBytes_AS_STRING(bytes), &error);
    Py_END_ALLOW_THREADS Py_DECREF(bytes);
    if (!is_ok) {
        return cachemodule_raise(error);
    }
    Py_RETURN_NONE;
}

typedef struct {
    const char *name; /* NULL: a store of its own */
    ToolCacheLimits limits;
    int is_user; /* of all runs of this user */
} StoreRequest;

/* (name, max_entries, ttl, max_bytes, is_user): name or None, int, float or None, int
 * or None, bool */
static bool
store_request(PyObject *args, StoreRequest *ret_request)
{
    PyObject *name, *ttl, *max_bytes;
    long long max_entries;
    if (!PyArg_ParseTuple(args, "OLOO|p:Store", &name, &max_entries, &ttl, &max_bytes,
                          &ret_request->is_user) ||
        !cachemodule_seconds("ttl", ttl, &ret_request->limits.ttl_ns)) {
        return false;
    }
    if (ret_request->limits.ttl_ns == UINT64_MAX) {
        ret_request->limits.ttl_ns = 0;
    }
    long long bytes = max_bytes == Py_None ? 0 : PyLong_AsLongLong(max_bytes);
    if (bytes == -1 && PyErr_Occurred()) {
        return false;
    }
    ret_request->name = name == Py_None ? NULL : PyUnicode_AsUTF8(name);
    if (name != Py_None && ret_request->name == NULL) {
        return false;
    }
    bool is_any = ret_request->name != NULL && max_entries == 0;
    if ((max_entries < 1 && !is_any) || (max_bytes != Py_None && bytes < 1)) {
        PyErr_Format(PyExc_ValueError, "%s must be 1 or more, not %lld",
                     max_entries < 1 && !is_any ? "max_entries" : "max_bytes",
                     max_entries < 1 && !is_any ? max_entries : bytes);
        return false;
    }
    ret_request->limits.max_entries = (uint64_t)max_entries;
    ret_request->limits.max_bytes = (uint64_t)bytes;
    return true;
}

static ToolCache *
store_obtain(const StoreRequest *request, GError **error)
{
    if (request->name == NULL) {
        return tool_cache_new(&request->limits, error);
    }
    return request->is_user
               ? tool_cache_open_user(request->name, &request->limits, error)
               : tool_cache_open(request->name, &request->limits, NULL, error);
}

static PyObject *
store_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    StoreRequest request = {0};
    PyObject *module = PyType_GetModuleByDef(type, &cachemodule_definition);
    if (module == NULL || !store_request(args, &request)) {
        return NULL;
    }
    CacheObject *self = (CacheObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    GError *error = NULL;
    self->state = PyModule_GetState(module);
    self->cache = store_obtain(&request, &error);
    if (self->cache == NULL) {
        Py_DECREF(self);
        return cachemodule_raise(error);
    }
    return (PyObject *)self;
}

PyDoc_STRVAR(store_doc,
             "Store(name, max_entries, ttl, max_bytes, is_user=False, /)\n--\n\n"
             "The native part of ferrule.cache.ToolCache.");

static PyMethodDef store_methods[] = {
    {"get", (PyCFunction)(void (*)(void))cacheget_call, METH_FASTCALL | METH_KEYWORDS,
     cacheget_doc},
    {"set", (PyCFunction)(void (*)(void))cacheset_call, METH_FASTCALL | METH_KEYWORDS,
     cacheset_doc},
    {"_get_stale", (PyCFunction)(void (*)(void))cacheget_stale, METH_FASTCALL,
     cacheget_stale_doc},
    {"_partition", cachemodule_partition, METH_O, cachemodule_partition_doc},
    {"delete", (PyCFunction)(void (*)(void))store_delete_call,
     METH_FASTCALL | METH_KEYWORDS, store_delete_doc},
    {"clear", store_clear_call, METH_NOARGS, store_clear_doc},
    {"items", store_items_call, METH_NOARGS, store_items_doc},
    {"_stats", cachestats_stats, METH_NOARGS, cachestats_stats_doc},
    {"_invalidate", (PyCFunction)(void (*)(void))store_invalidate_call, METH_FASTCALL,
     store_invalidate_doc},
    {"_journal", store_journal_call, METH_O, store_journal_doc},
    {"_wait_loaded", cacheget_wait_loaded, METH_O, cacheget_wait_loaded_doc},
    {"_join", (PyCFunction)(void (*)(void))cacheflight_join, METH_FASTCALL,
     cacheflight_join_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot store_slots[] = {
    {Py_tp_doc, (void *)store_doc},
    {Py_tp_new, store_new},
    {Py_tp_dealloc, store_dealloc},
    {Py_tp_methods, store_methods},
    {Py_sq_contains, store_contains},
    {Py_mp_length, store_length},
    {0, NULL},
};

PyType_Spec cachestore_spec = {
    .name = "_ferrule_cache.Store",
    .basicsize = sizeof(CacheObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = store_slots,
};
