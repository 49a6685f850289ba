/* SPDX-License-Identifier: MIT */
/* _ferrule_guard - the schema guard for Python. */
#include "guardmodule.h"

PyDoc_STRVAR(module_use_issue_doc,
             "use_issue(type, /)\n--\n\nMake issues of this subclass of Issue.");

static PyObject *
module_use_issue(PyObject *module, PyObject *type)
{
    GuardState *state = PyModule_GetState(module);
    if (!PyType_Check(type) ||
        !PyType_IsSubtype((PyTypeObject *)type, state->issue_type)) {
        PyErr_SetString(PyExc_TypeError, "not a subclass of Issue");
        return NULL;
    }
    Py_XSETREF(state->issue_type, (PyTypeObject *)Py_NewRef(type));
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"use_issue", module_use_issue, METH_O, module_use_issue_doc},
    {"check", guardcheck_check, METH_VARARGS, guardcheck_check_doc},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject *
add_type(PyObject *module, PyType_Spec *spec)
{
    PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    if (type != NULL && PyModule_AddType(module, type) < 0) {
        Py_CLEAR(type);
    }
    return type;
}

static int
module_exec(PyObject *module)
{
    GuardState *state = PyModule_GetState(module);
    state->guard_type = add_type(module, &guardobject_spec);
    state->pattern_type = add_type(module, &guardpattern_spec);
    state->stream_type = add_type(module, &guardstream_spec);
    state->issue_type = add_type(module, &guardissue_spec);
    bool ok = state->guard_type && state->pattern_type && state->stream_type &&
              state->issue_type &&
              PyModule_AddIntConstant(module, "DEPTH_MAX", SCHEMA_GUARD_DEPTH_MAX) == 0;
    return ok ? 0 : -1;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    GuardState *state = PyModule_GetState(module);
    Py_VISIT(state->guard_type);
    Py_VISIT(state->pattern_type);
    Py_VISIT(state->stream_type);
    Py_VISIT(state->issue_type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    GuardState *state = PyModule_GetState(module);
    Py_CLEAR(state->guard_type);
    Py_CLEAR(state->pattern_type);
    Py_CLEAR(state->stream_type);
    Py_CLEAR(state->issue_type);
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

PyModuleDef guardmodule_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ferrule_guard",
    .m_doc = "JSON Schema, from bytes to verdict.",
    .m_size = sizeof(GuardState),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__ferrule_guard(void);

PyMODINIT_FUNC
PyInit__ferrule_guard(void)
{
    return PyModuleDef_Init(&guardmodule_definition);
}
