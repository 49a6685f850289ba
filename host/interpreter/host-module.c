/* SPDX-License-Identifier: MIT */
/* host-module.c - `_ferrule_host`: what the host knows, for its commands in Python. */
#include "interpreter-private.h"

#include "build-info.h"
#include "host-config.h"

static void
add_mistake(int line, int column, const char *reason, void *data)
{
    PyObject *list = data;
    PyObject *row =
        PyErr_Occurred() ? NULL : Py_BuildValue("(iis)", line, column, reason);
    if (row != NULL)
        PyList_Append(list, row); /* a failure leaves its exception */
    Py_XDECREF(row);
}

static PyObject *
module_check_configuration(PyObject *module, PyObject *text)
{
    const char *utf8 = PyUnicode_Check(text) ? PyUnicode_AsUTF8(text) : NULL;
    PyObject *list = utf8 == NULL ? NULL : PyList_New(0);
    if (list == NULL) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a configuration is a str");
        return NULL;
    }
    host_config_check(utf8, add_mistake, list);
    if (PyErr_Occurred())
        Py_CLEAR(list);
    return list;
}

static PyMethodDef module_methods[] = {
    {"check_configuration", module_check_configuration, METH_O,
     "check_configuration(text) -> [(line, column, what is wrong), ...]"},
    {NULL, NULL, 0, NULL},
};

static int
module_exec(PyObject *module)
{
#ifdef FERRULE_SYSTEM_LIBRARIES
    PyObject *is_self_contained = Py_False;
#else
    PyObject *is_self_contained = Py_True;
#endif
    if (PyModule_AddStringConstant(module, "version", FERRULE_VERSION) < 0)
        return -1;
    return PyModule_AddObjectRef(module, "is_self_contained", is_self_contained);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ferrule_host",
    .m_doc = "What the host knows, for its commands.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__ferrule_host(void)
{
    return PyModuleDef_Init(&module_def);
}
