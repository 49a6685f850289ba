/* SPDX-License-Identifier: MIT */
/* Names of tools and tags: what Python calls them, and what the store does. */
#include "cachemodule.h"

#include <string.h>

bool
cachemodule_name(CacheObject *store, PyObject *name, const char **ret_text,
                 size_t *ret_size, char **ret_scoped)
{
    *ret_scoped = NULL;
    if (!cachemodule_utf8(name, ret_text, ret_size)) {
        return false;
    }
    if (G_LIKELY(store->partition == NULL && (*ret_text)[0] != 1)) {
        return true;
    }
    ToolCacheScope scope = {.tool = *ret_text, .tool_size = *ret_size};
    if (store->partition != NULL &&
        !cachemodule_utf8(store->partition, &scope.partition, &scope.partition_size)) {
        return false;
    }
    *ret_scoped = tool_cache_scope(&scope, ret_size);
    *ret_text = *ret_scoped;
    return true;
}

static bool
names_tag(CacheObject *store, PyObject *tag, CacheTags *tags)
{
    ToolCacheTag *to = &tags->tags[tags->count];
    if (!PyUnicode_Check(tag)) {
        PyErr_Format(PyExc_TypeError, "a tag must be str, not %.200s",
                     Py_TYPE(tag)->tp_name);
        return false;
    }
    if (!cachemodule_name(store, tag, &to->text, &to->size,
                          &tags->scoped[tags->count])) {
        return false;
    }
    tags->count++;
    return true;
}

bool
cachemodule_tags(CacheObject *store, PyObject *tags, CacheTags *ret_tags)
{
    if (!PyList_Check(tags) && !PyTuple_Check(tags)) {
        PyErr_Format(PyExc_TypeError, "tags must be a tuple or list of str, not %.200s",
                     Py_TYPE(tags)->tp_name);
        return false;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(tags);
    if (count > TOOL_CACHE_TAGS_MAX) {
        PyErr_Format(PyExc_ValueError, "%zd tags, at most %d", count,
                     TOOL_CACHE_TAGS_MAX);
        return false;
    }
    bool is_ok = true;
    for (Py_ssize_t i = 0; i < count && is_ok; i++) {
        is_ok = names_tag(store, PySequence_Fast_GET_ITEM(tags, i), ret_tags);
    }
    return is_ok;
}

void
cachemodule_tags_clear(CacheTags *self)
{
    for (size_t i = 0; i < self->count; i++) {
        g_free(self->scoped[i]);
    }
}

PyObject *
cachemodule_text(const char *text, size_t size)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
}

bool
cachemodule_is_ours(const CacheObject *store, const char *name, size_t size,
                    ToolCacheScope *ret_scope)
{
    Py_ssize_t wanted;
    tool_cache_unscope(name, size, ret_scope);
    if (store->partition == NULL || ret_scope->partition == NULL) {
        return store->partition == NULL && ret_scope->partition == NULL;
    }
    const char *partition = PyUnicode_AsUTF8AndSize(store->partition, &wanted);
    return partition != NULL && (size_t)wanted == ret_scope->partition_size &&
           memcmp(partition, ret_scope->partition, ret_scope->partition_size) == 0;
}

static bool
names_check_partition(PyObject *name)
{
    const char *text;
    size_t size;
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "partition must be str, not %.200s",
                     Py_TYPE(name)->tp_name);
        return false;
    }
    if (!cachemodule_utf8(name, &text, &size)) {
        return false;
    }
    if (size == 0 || size > TOOL_CACHE_PARTITION_MAX) {
        PyErr_Format(PyExc_ValueError, "partition must have 1 to %d bytes, not %zu",
                     TOOL_CACHE_PARTITION_MAX, size);
        return false;
    }
    return true;
}

const char cachemodule_partition_doc[] =
    "_partition($self, name, /)\n--\n\n"
    "Return another object of the same type, for that partition of the store.";

PyObject *
cachemodule_partition(PyObject *store, PyObject *name)
{
    CacheObject *from = (CacheObject *)store;
    if (from->partition != NULL) {
        PyErr_Format(PyExc_ValueError, "this is partition %R already", from->partition);
        return NULL;
    }
    if (!names_check_partition(name)) {
        return NULL;
    }
    CacheObject *self = (CacheObject *)Py_TYPE(store)->tp_alloc(Py_TYPE(store), 0);
    if (self != NULL) {
        self->state = from->state;
        self->cache = tool_cache_ref(from->cache);
        self->partition = Py_NewRef(name);
    }
    return (PyObject *)self;
}
