/* SPDX-License-Identifier: MIT */
/* agents-names.c - what a child finds things by.
 *
 * The parent makes these strings. Made in a child, each would be read from a page of
 * constants that it does not need otherwise, hashed, and missed by the type caches.
 */
#include "agents-private.h"

static const char *const texts[AGENTS_NAMES] = {
    [AGENTS_ARGV] = "argv",
    [AGENTS_BUILTINS] = "builtins",
    [AGENTS_BUILTINS_OF] = "__builtins__",
    [AGENTS_CACHED] = "__cached__",
    [AGENTS_COMPILED] = "compiled",
    [AGENTS_DATA] = "_data",
    [AGENTS_ENVIRON] = "environ",
    [AGENTS_EXECUTABLE] = "executable",
    [AGENTS_FILE] = "__file__",
    [AGENTS_GAUSS_NEXT] = "gauss_next",
    [AGENTS_GENERATOR] = "_inst",
    [AGENTS_LOADER] = "__loader__",
    [AGENTS_MAIN] = "__main__",
    [AGENTS_MAIN_THREAD] = "_main_thread",
    [AGENTS_NATIVE_ID] = "_native_id",
    [AGENTS_ORIG_ARGV] = "orig_argv",
    [AGENTS_OS] = "os",
    [AGENTS_PATH] = "path",
    [AGENTS_RANDOM] = "random",
    [AGENTS_RANDOM_CORE] = "_random",
    [AGENTS_RANDOM_TYPE] = "Random",
    [AGENTS_SCRIPTS] = "ferrule._scripts",
    [AGENTS_SEED] = "seed",
    [AGENTS_SYS] = "sys",
    [AGENTS_THREADING] = "threading",
};

/* A list, which the freeze finds. Set before the first fork, constant from then on. */
static PyObject *names;

bool
agents_names_make(void)
{
    names = PyList_New(0);
    bool is_good = names != NULL;
    for (size_t i = 0; is_good && i < AGENTS_NAMES; i++) {
        PyObject *name = PyUnicode_InternFromString(texts[i]);
        is_good = name != NULL && PyList_Append(names, name) == 0;
        Py_XDECREF(name);
    }
    return is_good;
}

PyObject *
agents_name(AgentsName name)
{
    return PyList_GET_ITEM(names, name);
}

PyObject *
agents_loaded(AgentsName module_name, AgentsName name)
{
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed */
    PyObject *module = PyDict_GetItem(modules, agents_name(module_name));
    return module == NULL || !PyModule_Check(module)
               ? NULL
               : PyDict_GetItem(PyModule_GetDict(module), agents_name(name));
}
