/* SPDX-License-Identifier: MIT */
/* worker-module.c - `_ferrule_interpreters`: interpreters with their own GIL. */
#include "worker-private.h"

static int
module_exec(PyObject *module)
{
    /* Its first import takes the modules that must be there before a second
     * interpreter, see inittab.c. */
    PyObject *interpreters = PyImport_ImportModule("_interpreters");
    if (interpreters == NULL)
        return -1;
    Py_DECREF(interpreters);
    PyObject *type = PyType_FromModuleAndSpec(module, &worker_interpreter_spec, NULL);
    return type == NULL ? -1 : PyModule_Add(module, "Interpreter", type);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ferrule_interpreters",
    .m_doc = "Interpreters with their own GIL, called with bytes.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__ferrule_interpreters(void)
{
    return PyModuleDef_Init(&module_def);
}
