/* SPDX-License-Identifier: MIT */
/* worker-share.c - what every further interpreter begins with is made once.
 *
 * Names and code of the modules that it imports first are handed to CPython here,
 * which keeps them (shared-start.patch) and gives each interpreter code objects of its
 * own that refer to them.
 */
#include "worker-private.h"

#include "stdlib-private.h"

/* Built-in modules: their names and their classes'. */
static const char *const modules[] = {
    "_abc",      "_codecs",  "_ferrule_stdlib", "_imp", "_io",     "_thread",
    "_warnings", "_weakref", "builtins",        "gc",   "marshal", "posix",
    "sys",       NULL,
};

/* Modules of the library that are not frozen. */
static const char *const library[] = {
    "encodings",
    "encodings.utf_8",
    "ferrule._interpreter_worker",
    "ferrule._light_agent",
};

static void
add_frozen(GArray *sources, const struct _frozen *frozen)
{
    for (; frozen->name != NULL; frozen++) {
        SharedSource source = {frozen->code, (const char *)frozen->code, frozen->size};
        if (strcmp(frozen->name, "zipimport") != 0)
            g_array_append_val(sources, source);
    }
}

/* The code, which the caller frees; NULL if there is none, which an import will say. */
static char *
add_library(GArray *sources, const char *name)
{
    StdlibEntry entry;
    if (!stdlib_table_find(name, &entry))
        return NULL;
    char *data = g_malloc(entry.size);
    SharedSource source = {entry.name, data, (Py_ssize_t)entry.size};
    if (stdlib_table_read(&entry, data, NULL))
        g_array_append_val(sources, source);
    return data;
}

void
worker_share_start(void)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main() || _PySharedStart_Get())
        return;
    g_autoptr(GArray) sources = g_array_new(false, false, sizeof(SharedSource));
    char *data[G_N_ELEMENTS(library)];
    add_frozen(sources, _PyImport_FrozenBootstrap);
    add_frozen(sources, _PyImport_FrozenStdlib);
    for (size_t i = 0; i < G_N_ELEMENTS(library); i++)
        data[i] = add_library(sources, library[i]);
    if (_PySharedStart_Make(modules, (SharedSource *)(void *)sources->data,
                            (Py_ssize_t)sources->len) < 0)
        PyErr_Clear(); /* each then begins with its own */
    for (size_t i = 0; i < G_N_ELEMENTS(library); i++)
        g_free(data[i]);
}
