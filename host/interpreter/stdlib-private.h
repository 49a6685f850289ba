/* SPDX-License-Identifier: MIT */
/* stdlib-private.h - what finder, loader and module of the built-in library share. */
#pragma once

#include "interpreter-private.h"

#include "stdlib-table.h"

typedef struct {
    PyTypeObject *finder_type;
    PyObject *module_spec;     /* importlib's ModuleSpec */
    PyObject *fix_co_filename; /* _imp._fix_co_filename */
    PyObject *gc;              /* the module of that name */
    bool has_frozen;           /* gc.get_freeze_count() was seen above 0 */
} StdlibState;

typedef struct {
    PyObject_HEAD PyObject *path; /* str: the sys.path entry */
    PyObject *prefix;             /* str: dotted, with a final dot unless empty */
} StdlibFinder;

extern PyType_Spec stdlib_finder_spec;

/* A module's name or a path as C text. One that C or UTF-8 cannot hold is the name of
 * nothing here: "". */
static inline const char *
stdlib_text(PyObject *name)
{
    Py_ssize_t length;
    const char *text =
        PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &length) : NULL;
    if (text != NULL && strlen(text) == (size_t)length)
        return text;
    PyErr_Clear();
    return "";
}

/* State of the module that a finder's type belongs to. */
static inline StdlibState *
stdlib_state(PyObject *self)
{
    return PyType_GetModuleState(Py_TYPE(self));
}

/* The part of `path` behind the root, "" for the root itself, NULL if elsewhere. */
const char *stdlib_loader_below_root(const char *path);

/* "json.decoder" -> "<root>/json/decoder.py" */
PyObject *stdlib_loader_filename(const StdlibEntry *entry);

/* Enter a finder for `path` in sys.path_importer_cache, where zipimport would otherwise
 * open the executable to see whether it is a zip file. */
bool stdlib_finder_cache(PyTypeObject *type, PyObject *path);

/* Import a module; one of the library's without its package: an import would look for
 * both on every path, by Python code that has not run yet. A new reference. */
PyObject *stdlib_loader_load_alone(const char *name);

/* Methods of the finder that load, METH_O unless said otherwise (PEP 451, PEP 302). */
PyObject *stdlib_loader_create_module(PyObject *self, PyObject *spec);
PyObject *stdlib_loader_exec_module(PyObject *self, PyObject *module);
PyObject *stdlib_loader_get_code(PyObject *self, PyObject *name);
PyObject *stdlib_loader_get_source(PyObject *self, PyObject *name);
PyObject *stdlib_loader_get_filename(PyObject *self, PyObject *name);
PyObject *stdlib_loader_is_package(PyObject *self, PyObject *name);
PyObject *stdlib_loader_get_data(PyObject *self, PyObject *path);
PyObject *stdlib_loader_get_resource_reader(PyObject *self, PyObject *name);
