/* SPDX-License-Identifier: MIT */
/* agents-stores.c - the counters of the run's stores, for who asks the launcher. */
#include "agents-private.h"

#include "launcher.h"

/* One row of ferrule._warm.store_counters(). */
static void
add_store(GArray *stores, PyObject *row)
{
    const char *name;
    unsigned long long entries, max_entries, bytes, hits, misses, evictions;
    if (!PyArg_ParseTuple(row, "yKKKKKK", &name, &entries, &max_entries, &bytes, &hits,
                          &misses, &evictions))
        return;
    LauncherStore store = {g_strdup(name), entries, max_entries, bytes,
                           hits,           misses,  evictions};
    g_array_append_val(stores, store);
}

void
agents_count_stores(GArray *stores)
{
    PyObject *module = PyImport_ImportModule("ferrule._warm");
    PyObject *rows =
        module == NULL ? NULL : PyObject_CallMethod(module, "store_counters", NULL);
    Py_ssize_t count = rows != NULL && PyList_Check(rows) ? PyList_GET_SIZE(rows) : 0;
    for (Py_ssize_t i = 0; i < count; i++)
        add_store(stores, PyList_GET_ITEM(rows, i));
    Py_XDECREF(rows);
    Py_XDECREF(module);
    PyErr_Clear(); /* a damaged store is not shown; the agents are */
}
