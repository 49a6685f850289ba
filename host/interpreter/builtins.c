/* SPDX-License-Identifier: MIT */
/* builtins.c - exit(), quit(), help(), copyright: what scripts expect of `site`, and
 * nothing else of it. */
#include "interpreter-private.h"

static bool
add(PyObject *builtins, PyObject *source, const char *type, const char *name,
    PyObject *arguments)
{
    PyObject *factory = PyObject_GetAttrString(source, type);
    PyObject *value = NULL;
    if (factory != NULL && arguments != NULL)
        value = PyObject_CallObject(factory, arguments);
    bool done = value != NULL && PyDict_SetItemString(builtins, name, value) == 0;
    Py_XDECREF(factory);
    Py_XDECREF(value);
    Py_XDECREF(arguments);
    return done;
}

bool
interpreter_add_builtins(void)
{
    PyObject *source = PyImport_ImportModule("_sitebuiltins");
    if (source == NULL)
        return false;
    PyObject *builtins = PyEval_GetBuiltins(); /* borrowed */
    const char *end = "Ctrl-D (i.e. EOF)";
    bool done =
        add(builtins, source, "Quitter", "exit", Py_BuildValue("(ss)", "exit", end)) &&
        add(builtins, source, "Quitter", "quit", Py_BuildValue("(ss)", "quit", end)) &&
        add(builtins, source, "_Helper", "help", PyTuple_New(0));
    Py_DECREF(source);
    return done;
}
