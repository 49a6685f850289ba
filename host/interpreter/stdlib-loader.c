/* SPDX-License-Identifier: MIT */
/* stdlib-loader.c - the half of StdlibFinder that loads modules and answers about them.
 */
#include "stdlib-private.h"

#include <marshal.h>

/* "json.decoder" -> "<root>/json/decoder.py" */
PyObject *
stdlib_loader_filename(const StdlibEntry *entry)
{
    g_autofree char *tail = g_strdelimit(g_strdup(entry->name), ".", '/');
    return PyUnicode_FromFormat("%s/%s%s.py", stdlib_root(), tail,
                                entry->is_package ? "/__init__" : "");
}

/* The part of `path` behind the stdlib_root(), "" for the root itself, NULL if
 * elsewhere. */
const char *
stdlib_loader_below_root(const char *path)
{
    size_t length = strlen(stdlib_root());
    if (strncmp(path, stdlib_root(), length) != 0)
        return NULL;
    if (path[length] == '\0')
        return "";
    return path[length] == '/' ? path + length + 1 : NULL;
}

/* The entry of a module, or ImportError. `ret_entry` is set on success. */
static bool
find_module(PyObject *name, StdlibEntry *ret_entry)
{
    if (stdlib_table_find(stdlib_text(name), ret_entry) && !ret_entry->is_data)
        return true;
    PyErr_SetImportError(PyUnicode_FromFormat("no built-in module %R", name), name,
                         NULL);
    return false;
}

static void *
read_entry(const StdlibEntry *entry)
{
    g_autoptr(GError) error = NULL;
    void *buffer = PyMem_Malloc(entry->size);
    if (buffer == NULL)
        return PyErr_NoMemory();
    if (stdlib_table_read(entry, buffer, &error))
        return buffer;
    PyMem_Free(buffer);
    PyErr_SetString(PyExc_ImportError, error->message);
    return NULL;
}

static PyObject *
stored_code_of(const StdlibEntry *entry)
{
    PyObject *shared = _PySharedStart_Code(entry->name);
    if (shared != NULL || PyErr_Occurred())
        return shared;
    void *buffer = read_entry(entry);
    if (buffer == NULL)
        return NULL;
    PyObject *code = PyMarshal_ReadObjectFromString(buffer, (Py_ssize_t)entry->size);
    PyMem_Free(buffer);
    return code;
}

/* The code object of an entry, its file names made absolute. */
static PyObject *
code_of(PyObject *self, const StdlibEntry *entry, PyObject *filename)
{
    PyObject *code = stored_code_of(entry);
    if (code == NULL)
        return NULL;
    PyObject *done = PyObject_CallFunctionObjArgs(stdlib_state(self)->fix_co_filename,
                                                  code, filename, NULL);
    if (done == NULL)
        Py_CLEAR(code);
    Py_XDECREF(done);
    return code;
}

PyObject *
stdlib_loader_get_code(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    if (!find_module(name, &entry))
        return NULL;
    PyObject *filename = stdlib_loader_filename(&entry);
    if (filename == NULL)
        return NULL;
    PyObject *code = code_of(self, &entry, filename);
    Py_DECREF(filename);
    return code;
}

/* Whether the collector's permanent generation is in use, as in agents forked warm. To
 * count it takes time with its size, so it is asked about only until it is. */
static bool
has_frozen(StdlibState *state)
{
    if (!state->has_frozen) {
        PyObject *count = PyObject_CallMethod(state->gc, "get_freeze_count", NULL);
        state->has_frozen = count == NULL || PyObject_IsTrue(count) != 0;
        Py_XDECREF(count);
        PyErr_Clear();
    }
    return state->has_frozen;
}

/* Take all that is there for old without looking at it: freezing moves every generation
 * into the permanent one, unfreezing moves that into the oldest. */
static void
take_for_old(StdlibState *state)
{
    if (has_frozen(state))
        return;
    PyObject *frozen = PyObject_CallMethod(state->gc, "freeze", NULL);
    PyObject *old = PyObject_CallMethod(state->gc, "unfreeze", NULL);
    Py_XDECREF(frozen);
    Py_XDECREF(old);
    PyErr_Clear();
}

static PyObject *
run_code(PyObject *code, PyObject *dict)
{
    if (PyDict_SetItemString(dict, "__builtins__", PyEval_GetBuiltins()) < 0)
        return NULL;
    return PyEval_EvalCode(code, dict, dict);
}

PyObject *
stdlib_loader_load_alone(const char *name)
{
    StdlibEntry entry;
    PyObject *loaded = PyDict_GetItemString(PyImport_GetModuleDict(), name);
    if (loaded != NULL || !stdlib_table_find(name, &entry) || entry.is_data ||
        entry.is_package)
        return PyImport_ImportModule(name);
    PyObject *code = stored_code_of(&entry);
    PyObject *module = code == NULL ? NULL : PyImport_AddModuleRef(name);
    PyObject *done = module == NULL ? NULL : run_code(code, PyModule_GetDict(module));
    if (done == NULL)
        Py_CLEAR(module);
    Py_XDECREF(done);
    Py_XDECREF(code);
    return module;
}

/* Load and run a module's body. What that makes is made to stay, so the collector,
 * which would look at all of it every 2,000 objects and once more in each generation,
 * waits until the outermost body has ended, and then takes it for old. */
PyObject *
stdlib_loader_exec_module(PyObject *self, PyObject *module)
{
    PyObject *name = PyObject_GetAttrString(module, "__name__");
    if (name == NULL)
        return NULL;
    bool was_collecting = PyGC_Disable();
    PyObject *code = stdlib_loader_get_code(self, name);
    PyObject *result = code == NULL ? NULL : run_code(code, PyModule_GetDict(module));
    Py_XDECREF(code);
    Py_DECREF(name);
    if (was_collecting) {
        if (result != NULL)
            take_for_old(stdlib_state(self));
        PyGC_Enable();
    }
    if (result == NULL)
        return NULL;
    Py_DECREF(result);
    Py_RETURN_NONE;
}

PyObject *
stdlib_loader_create_module(PyObject *self, PyObject *spec)
{
    Py_RETURN_NONE; /* the default module object */
}

PyObject *
stdlib_loader_get_source(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    if (!find_module(name, &entry))
        return NULL;
    Py_RETURN_NONE; /* the executable carries byte code only */
}

PyObject *
stdlib_loader_get_filename(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    return find_module(name, &entry) ? stdlib_loader_filename(&entry) : NULL;
}

PyObject *
stdlib_loader_is_package(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    return find_module(name, &entry) ? PyBool_FromLong(entry.is_package) : NULL;
}

/* Bytes of a data file by its path: absolute as in __file__, or below the root. */
PyObject *
stdlib_loader_get_data(PyObject *self, PyObject *path)
{
    const char *text = stdlib_text(path);
    const char *tail = stdlib_loader_below_root(text);
    StdlibEntry entry;
    if (!stdlib_table_find(tail == NULL ? text : tail, &entry) || !entry.is_data) {
        PyErr_SetObject(PyExc_OSError, PyUnicode_FromFormat(
                                           "no data file %R in the executable", path));
        return NULL;
    }
    void *buffer = read_entry(&entry);
    if (buffer == NULL)
        return NULL;
    PyObject *data = PyBytes_FromStringAndSize(buffer, (Py_ssize_t)entry.size);
    PyMem_Free(buffer);
    return data;
}

PyObject *
stdlib_loader_get_resource_reader(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    if (!find_module(name, &entry))
        return NULL;
    if (!entry.is_package)
        Py_RETURN_NONE;
    PyObject *module = PyImport_ImportModule("ferrule._resources");
    if (module == NULL)
        return NULL;
    PyObject *reader = PyObject_CallMethod(module, "reader", "OO", self, name);
    Py_DECREF(module);
    return reader;
}
