/* SPDX-License-Identifier: MIT */
/* stdlib-module.c - `_ferrule_stdlib`: puts the importer in place. */
#include "stdlib-private.h"

/* Called by importlib before the first import of each interpreter. */
static PyObject *
module_install(PyObject *module, PyObject *ignored)
{
    StdlibState *state = PyModule_GetState(module);
    PyObject *hooks = PySys_GetObject("path_hooks"); /* borrowed */
    PyObject *path = PyUnicode_FromString(stdlib_root());
    bool done = path != NULL && stdlib_finder_cache(state->finder_type, path) &&
                hooks != NULL &&
                PyList_Append(hooks, (PyObject *)state->finder_type) == 0;
    Py_XDECREF(path);
    if (!done)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
module_left_out(PyObject *module, PyObject *name)
{
    const char *hint = stdlib_table_left_out(stdlib_text(name));
    return PyUnicode_FromString(hint == NULL ? "" : hint);
}

static PyMethodDef module_methods[] = {
    {"install", module_install, METH_NOARGS, "Put the finder in place."},
    {"left_out", module_left_out, METH_O,
     "left_out(name) -> what to add to the error for this module, or ''"},
    {NULL, NULL, 0, NULL},
};

static int
module_exec(PyObject *module)
{
    StdlibState *state = PyModule_GetState(module);
    PyObject *importlib = PyImport_ImportModule("_frozen_importlib");
    PyObject *imp = PyImport_ImportModule("_imp");
    state->gc = PyImport_ImportModule("gc");
    if (importlib != NULL && imp != NULL) {
        state->module_spec = PyObject_GetAttrString(importlib, "ModuleSpec");
        state->fix_co_filename = PyObject_GetAttrString(imp, "_fix_co_filename");
    }
    Py_XDECREF(importlib);
    Py_XDECREF(imp);
    if (state->module_spec == NULL || state->fix_co_filename == NULL ||
        state->gc == NULL)
        return -1;
    state->finder_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &stdlib_finder_spec, NULL);
    if (state->finder_type == NULL)
        return -1;
    return PyModule_AddType(module, state->finder_type);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    StdlibState *state = PyModule_GetState(module);
    Py_VISIT(state->finder_type);
    Py_VISIT(state->module_spec);
    Py_VISIT(state->fix_co_filename);
    Py_VISIT(state->gc);
    return 0;
}

static int
module_clear(PyObject *module)
{
    StdlibState *state = PyModule_GetState(module);
    Py_CLEAR(state->finder_type);
    Py_CLEAR(state->module_spec);
    Py_CLEAR(state->fix_co_filename);
    Py_CLEAR(state->gc);
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ferrule_stdlib",
    .m_doc = "Importer of the standard library that is built into the executable.",
    .m_size = sizeof(StdlibState),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__ferrule_stdlib(void)
{
    return PyModuleDef_Init(&module_def);
}
