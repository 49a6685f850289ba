/* SPDX-License-Identifier: MIT */
/* _ferrule_cache - the tool cache for Python. */
#include "cachemodule.h"

PyObject *
cachemodule_raise(GError *error)
{
    PyObject *type = PyExc_ValueError;
    if (error->code == TOOL_CACHE_ERROR_MEMORY || error->code == TOOL_CACHE_ERROR_RUN ||
        error->code == TOOL_CACHE_ERROR_FULL) {
        type = PyExc_OSError;
    }
    PyErr_SetString(type, error->message);
    g_error_free(error);
    return NULL;
}

PyDoc_STRVAR(module_run_begin_doc,
             "run_begin()\n--\n\n"
             "Make the directory of named stores, which forked processes inherit.");

static PyObject *
module_run_begin(PyObject *module, PyObject *unused)
{
    GError *error = NULL;
    if (!tool_cache_run_begin(&error)) {
        return cachemodule_raise(error);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(module_run_names_doc, "run_names()\n--\n\n"
                                   "Return the names of the run's stores.");

static PyObject *
module_run_names(PyObject *module, PyObject *unused)
{
    g_auto(GStrv) names = tool_cache_run_names();
    PyObject *list = PyList_New(0);
    for (char **name = names; list != NULL && *name != NULL; name++) {
        PyObject *text = PyUnicode_FromString(*name);
        if (text == NULL || PyList_Append(list, text) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(text);
    }
    return list;
}

PyDoc_STRVAR(module_canonical_doc,
             "canonical(text, /)\n--\n\n"
             "Return the canonical form (RFC 8785) of JSON text.");

static PyObject *
module_canonical(PyObject *module, PyObject *text)
{
    Py_ssize_t size;
    size_t canonical_size;
    GError *error = NULL;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &size);
    if (utf8 == NULL) {
        return NULL;
    }
    g_autofree char *canonical =
        tool_cache_canonical(utf8, (size_t)size, &canonical_size, &error);
    if (canonical == NULL) {
        return cachemodule_raise(error);
    }
    return PyUnicode_DecodeUTF8(canonical, (Py_ssize_t)canonical_size, NULL);
}

static PyMethodDef module_methods[] = {
    {"run_begin", module_run_begin, METH_NOARGS, module_run_begin_doc},
    {"run_names", module_run_names, METH_NOARGS, module_run_names_doc},
    {"canonical", module_canonical, METH_O, module_canonical_doc},
    {NULL, NULL, 0, NULL},
};

static int
module_exec(PyObject *module)
{
    CacheState *state = PyModule_GetState(module);
    state->store_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &cachestore_spec, NULL);
    state->flight_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &cacheflight_spec, NULL);
    state->dumps_options =
        Py_BuildValue("(ss)", "ensure_ascii", "allow_nan"); /* both False */
    if (state->store_type == NULL || state->flight_type == NULL ||
        state->dumps_options == NULL ||
        PyModule_AddType(module, state->store_type) < 0) {
        return -1;
    }
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    CacheState *state = PyModule_GetState(module);
    Py_VISIT(state->store_type);
    Py_VISIT(state->flight_type);
    Py_VISIT(state->dumps);
    Py_VISIT(state->dumps_options);
    return 0;
}

static int
module_clear(PyObject *module)
{
    CacheState *state = PyModule_GetState(module);
    Py_CLEAR(state->store_type);
    Py_CLEAR(state->flight_type);
    Py_CLEAR(state->dumps);
    Py_CLEAR(state->dumps_options);
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

PyModuleDef cachemodule_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ferrule_cache",
    .m_doc = "Tool results shared by threads, interpreters and processes.",
    .m_size = sizeof(CacheState),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__ferrule_cache(void);

PyMODINIT_FUNC
PyInit__ferrule_cache(void)
{
    return PyModuleDef_Init(&cachemodule_definition);
}
