/* SPDX-License-Identifier: MIT */
/* Counters as a dict. */
#include "cachemodule.h"

const char cachestats_stats_doc[] =
    "_stats($self, /)\n--\n\n"
    "Return counters over all processes as a dict; `tools` has (partition or None,\n"
    "tool) as keys, `loads` how many took 0.25 ms, 0.5 ms, 1 ms ... at most.";

typedef struct {
    const char *name;
    size_t offset;
    bool is_per_tool;
} StatsField;

#define STATS_FIELD(name, is_per_tool)                     \
    {                                                      \
#name, offsetof(ToolCacheStats, name), is_per_tool \
    }

static const StatsField stats_fields[] = {
    STATS_FIELD(entries, false),
    STATS_FIELD(bytes, false),
    STATS_FIELD(hits, true),
    STATS_FIELD(misses, true),
    STATS_FIELD(misses_expired, true),
    STATS_FIELD(misses_evicted, true),
    STATS_FIELD(misses_invalidated, true),
    STATS_FIELD(sets, true),
    STATS_FIELD(refused, true),
    STATS_FIELD(deleted, true),
    STATS_FIELD(stale_served, true),
    STATS_FIELD(flights_joined, true),
    STATS_FIELD(loads_failed, true),
    STATS_FIELD(evictions, false),
    STATS_FIELD(expirations, false),
    STATS_FIELD(invalidations, false),
    STATS_FIELD(shards_lost, false),
    STATS_FIELD(journal_ended, false),
};

static bool
stats_put(PyObject *dict, const char *name, uint64_t value)
{
    PyObject *number = PyLong_FromUnsignedLongLong(value);
    bool is_ok = number != NULL && PyDict_SetItemString(dict, name, number) == 0;
    Py_XDECREF(number);
    return is_ok;
}

static bool
stats_put_loads(PyObject *dict, const ToolCacheStats *stats)
{
    PyObject *list = PyList_New(0);
    bool is_ok = list != NULL;
    for (unsigned i = 0; is_ok && i < TOOL_CACHE_LOAD_BUCKETS; i++) {
        PyObject *number = PyLong_FromUnsignedLongLong(stats->loads[i]);
        is_ok = number != NULL && PyList_Append(list, number) == 0;
        Py_XDECREF(number);
    }
    is_ok = is_ok && PyDict_SetItemString(dict, "loads", list) == 0 &&
            stats_put(dict, "load_ns", stats->load_ns);
    Py_XDECREF(list);
    return is_ok;
}

static PyObject *
stats_dict(const ToolCacheStats *stats, bool is_per_tool)
{
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < G_N_ELEMENTS(stats_fields); i++) {
        const StatsField *field = &stats_fields[i];
        uint64_t value = *(const uint64_t *)((const char *)stats + field->offset);
        if ((field->is_per_tool || !is_per_tool) &&
            !stats_put(dict, field->name, value)) {
            Py_CLEAR(dict);
        }
    }
    if (dict != NULL && !stats_put_loads(dict, stats)) {
        Py_CLEAR(dict);
    }
    return dict;
}

static PyObject *
stats_name(const ToolCacheToolStats *tool)
{
    ToolCacheScope scope;
    tool_cache_unscope(tool->name, tool->name_size, &scope);
    PyObject *partition = scope.partition != NULL
                              ? cachemodule_text(scope.partition, scope.partition_size)
                              : Py_NewRef(Py_None);
    PyObject *name = cachemodule_text(scope.tool, scope.tool_size);
    if (partition == NULL || name == NULL) {
        Py_XDECREF(partition);
        Py_XDECREF(name);
        return NULL;
    }
    return Py_BuildValue("(NN)", partition, name);
}

/* Fills the dict `user`; leaves the exception set when it fails. */
static void
stats_add_tool(const ToolCacheToolStats *tool, void *user)
{
    if (PyErr_Occurred()) {
        return;
    }
    PyObject *name = stats_name(tool);
    PyObject *dict = stats_dict(&tool->stats, true);
    if (name != NULL && dict != NULL) {
        PyDict_SetItem(user, name, dict);
    }
    Py_XDECREF(name);
    Py_XDECREF(dict);
}

PyObject *
cachestats_stats(PyObject *store, PyObject *unused)
{
    ToolCache *cache = ((CacheObject *)store)->cache;
    ToolCacheStats stats;
    ToolCacheLimits limits;
    tool_cache_stats(cache, &stats);
    tool_cache_limits(cache, &limits);
    PyObject *dict = stats_dict(&stats, false);
    PyObject *tools = PyDict_New();
    if (dict != NULL && tools != NULL) {
        tool_cache_stats_by_tool(cache, stats_add_tool, tools);
    }
    bool is_ok = dict != NULL && tools != NULL && !PyErr_Occurred() &&
                 stats_put(dict, "max_entries", limits.max_entries) &&
                 stats_put(dict, "max_bytes", limits.max_bytes) &&
                 PyDict_SetItemString(dict, "tools", tools) == 0;
    Py_XDECREF(tools);
    if (!is_ok) {
        Py_CLEAR(dict);
    }
    return dict;
}
