/* SPDX-License-Identifier: MIT */
/* stdlib-module.c - the importer of the built-in standard library.
 *
 * The library looks like an archive at the executable's own path: `/opt/ferrule` is on
 * sys.path, `json` is `/opt/ferrule/json/__init__.py`. One type, StdlibFinder, is both
 * the path entry finder of that archive (or of a package's folder in it) and the loader
 * of its modules (PEP 451), as zipimporter is for a zip file.
 */
#include "interpreter-private.h"

#include <marshal.h>

#include "stdlib-table.h"

typedef struct {
    PyTypeObject *finder_type;
    PyObject *module_spec;     /* importlib's ModuleSpec */
    PyObject *fix_co_filename; /* _imp._fix_co_filename */
} ModuleState;

typedef struct {
    PyObject_HEAD PyObject *path; /* str: the sys.path entry */
    PyObject *prefix;             /* str: dotted, with a final dot unless empty */
} FinderObject;

/* Constant while any interpreter runs, see stdlib_module_set_root(). */
static const char *root;

void
stdlib_module_set_root(const char *executable)
{
    root = executable;
}

const char *
stdlib_module_root(void)
{
    return root;
}

static ModuleState *
state_of(PyObject *self)
{
    return PyType_GetModuleState(Py_TYPE(self));
}

/* ---- paths ------------------------------------------------------------------ */

/* "json.decoder" -> "<root>/json/decoder.py" */
static PyObject *
filename_of(const StdlibEntry *entry)
{
    g_autofree char *tail = g_strdelimit(g_strdup(entry->name), ".", '/');
    return PyUnicode_FromFormat("%s/%s%s.py", root, tail,
                                entry->is_package ? "/__init__" : "");
}

/* The part of `path` behind the root, "" for the root itself, NULL if elsewhere. */
static const char *
below_root(const char *path)
{
    size_t length = strlen(root);
    if (strncmp(path, root, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return "";
    return path[length] == '/' ? path + length + 1 : NULL;
}

/* The entry of a module, or ImportError. `ret_entry` is set on success. */
static bool
find_module(PyObject *name, StdlibEntry *ret_entry)
{
    const char *text = PyUnicode_AsUTF8(name);
    if (text == NULL)
        return false;
    if (stdlib_table_find(text, ret_entry) && !ret_entry->is_data)
        return true;
    PyErr_SetImportError(PyUnicode_FromFormat("no built-in module %R", name), name,
                         NULL);
    return false;
}

/* ---- loading ---------------------------------------------------------------- */

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

/* The code object of an entry, its file names made absolute. */
static PyObject *
code_of(PyObject *self, const StdlibEntry *entry, PyObject *filename)
{
    void *buffer = read_entry(entry);
    if (buffer == NULL)
        return NULL;
    PyObject *code = PyMarshal_ReadObjectFromString(buffer, (Py_ssize_t)entry->size);
    PyMem_Free(buffer);
    if (code == NULL)
        return NULL;
    PyObject *done = PyObject_CallFunctionObjArgs(state_of(self)->fix_co_filename, code,
                                                  filename, NULL);
    if (done == NULL)
        Py_CLEAR(code);
    Py_XDECREF(done);
    return code;
}

static PyObject *
finder_get_code(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    if (!find_module(name, &entry))
        return NULL;
    PyObject *filename = filename_of(&entry);
    if (filename == NULL)
        return NULL;
    PyObject *code = code_of(self, &entry, filename);
    Py_DECREF(filename);
    return code;
}

static PyObject *
finder_exec_module(PyObject *self, PyObject *module)
{
    PyObject *name = PyObject_GetAttrString(module, "__name__");
    if (name == NULL)
        return NULL;
    PyObject *code = finder_get_code(self, name);
    Py_DECREF(name);
    if (code == NULL)
        return NULL;
    PyObject *dict = PyModule_GetDict(module);
    PyObject *result = NULL;
    if (PyDict_SetItemString(dict, "__builtins__", PyEval_GetBuiltins()) == 0)
        result = PyEval_EvalCode(code, dict, dict);
    Py_DECREF(code);
    if (result == NULL)
        return NULL;
    Py_DECREF(result);
    Py_RETURN_NONE;
}

static PyObject *
finder_create_module(PyObject *self, PyObject *spec)
{
    Py_RETURN_NONE; /* the default module object */
}

/* ---- finding ---------------------------------------------------------------- */

/* The folder of a package, as its __path__ and as a sys.path entry. */
static PyObject *
package_folder(const StdlibEntry *entry)
{
    g_autofree char *tail = g_strdelimit(g_strdup(entry->name), ".", '/');
    return PyUnicode_FromFormat("%s/%s", root, tail);
}

/* Enter the package's own finder in sys.path_importer_cache, where zipimport would
 * otherwise open the executable to see whether it is a zip file. */
static bool
cache_finder(PyTypeObject *type, PyObject *path)
{
    PyObject *cache = PySys_GetObject("path_importer_cache"); /* borrowed */
    if (cache == NULL || !PyDict_Check(cache) || PyDict_Contains(cache, path) == 1)
        return true;
    PyObject *finder = PyObject_CallOneArg((PyObject *)type, path);
    if (finder == NULL)
        return false;
    int failed = PyDict_SetItem(cache, path, finder);
    Py_DECREF(finder);
    return failed == 0;
}

static bool
set_search_locations(PyObject *self, PyObject *spec, const StdlibEntry *entry)
{
    PyObject *folder = package_folder(entry);
    if (folder == NULL)
        return false;
    PyObject *list = Py_BuildValue("[O]", folder);
    bool done = list != NULL &&
                PyObject_SetAttrString(spec, "submodule_search_locations", list) == 0 &&
                cache_finder(Py_TYPE(self), folder);
    Py_XDECREF(list);
    Py_DECREF(folder);
    return done;
}

static PyObject *
make_spec(PyObject *self, PyObject *name, const StdlibEntry *entry)
{
    PyObject *origin = filename_of(entry);
    if (origin == NULL)
        return NULL;
    PyObject *arguments = PyTuple_Pack(2, name, self);
    PyObject *keywords = Py_BuildValue("{s:O,s:O}", "origin", origin, "is_package",
                                       entry->is_package ? Py_True : Py_False);
    PyObject *spec = NULL;
    if (arguments != NULL && keywords != NULL)
        spec = PyObject_Call(state_of(self)->module_spec, arguments, keywords);
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    Py_DECREF(origin);
    if (spec == NULL)
        return NULL;
    bool done = PyObject_SetAttrString(spec, "has_location", Py_True) == 0 &&
                (!entry->is_package || set_search_locations(self, spec, entry));
    if (!done)
        Py_CLEAR(spec);
    return spec;
}

static PyObject *
finder_find_spec(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count < 1 || count > 2 || !PyUnicode_Check(args[0]))
        return PyErr_Format(PyExc_TypeError, "find_spec(fullname, target=None)");
    const char *prefix = PyUnicode_AsUTF8(((FinderObject *)self)->prefix);
    const char *name = PyUnicode_AsUTF8(args[0]);
    if (prefix == NULL || name == NULL)
        return NULL;
    /* As every path entry finder: look for the last part of the name in this folder. */
    const char *last = strrchr(name, '.');
    g_autofree char *full = g_strconcat(prefix, last == NULL ? name : last + 1, NULL);
    StdlibEntry entry;
    if (!stdlib_table_find(full, &entry) || entry.is_data)
        Py_RETURN_NONE;
    return make_spec(self, args[0], &entry);
}

static PyObject *
finder_invalidate_caches(PyObject *self, PyObject *ignored)
{
    Py_RETURN_NONE; /* constant */
}

/* ---- questions about a module ----------------------------------------------- */

static PyObject *
finder_get_source(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    if (!find_module(name, &entry))
        return NULL;
    Py_RETURN_NONE; /* the executable carries byte code only */
}

static PyObject *
finder_get_filename(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    return find_module(name, &entry) ? filename_of(&entry) : NULL;
}

static PyObject *
finder_is_package(PyObject *self, PyObject *name)
{
    StdlibEntry entry;
    return find_module(name, &entry) ? PyBool_FromLong(entry.is_package) : NULL;
}

/* Bytes of a data file by its path: absolute as in __file__, or below the root. */
static PyObject *
finder_get_data(PyObject *self, PyObject *path)
{
    const char *text = PyUnicode_AsUTF8(path);
    if (text == NULL)
        return NULL;
    const char *tail = below_root(text);
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

static PyObject *
finder_get_resource_reader(PyObject *self, PyObject *name)
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

/* [(name, is_package)] of the modules right below this folder, for pkgutil. */
static PyObject *
finder_iter_modules(PyObject *self, PyObject *args)
{
    const char *wanted = "", *prefix = PyUnicode_AsUTF8(((FinderObject *)self)->prefix);
    if (prefix == NULL || !PyArg_ParseTuple(args, "|s", &wanted))
        return NULL;
    PyObject *rows = PyList_New(0);
    size_t length = strlen(prefix);
    for (size_t i = stdlib_table_lower_bound(prefix);
         rows != NULL && i < stdlib_table_count(); i++) {
        StdlibEntry entry = stdlib_table_at(i);
        if (strncmp(entry.name, prefix, length) != 0)
            break;
        if (entry.is_data || strchr(entry.name + length, '.') != NULL)
            continue;
        PyObject *row = Py_BuildValue(
            "(NO)", PyUnicode_FromFormat("%s%s", wanted, entry.name + length),
            entry.is_package ? Py_True : Py_False);
        if (row == NULL || PyList_Append(rows, row) < 0)
            Py_CLEAR(rows);
        Py_XDECREF(row);
    }
    return rows;
}

/* Names of the data files right below a package's folder, for ferrule._resources. */
static PyObject *
finder_data_names(PyObject *self, PyObject *folder)
{
    const char *text = PyUnicode_AsUTF8(folder);
    PyObject *rows = text == NULL ? NULL : PyList_New(0);
    if (rows == NULL)
        return NULL;
    g_autofree char *prefix = g_strconcat(text, "/", NULL);
    size_t length = strlen(prefix);
    for (size_t i = stdlib_table_lower_bound(prefix);
         rows != NULL && i < stdlib_table_count(); i++) {
        StdlibEntry entry = stdlib_table_at(i);
        if (strncmp(entry.name, prefix, length) != 0)
            break;
        PyObject *name = PyUnicode_FromString(entry.name + length);
        if (name == NULL || PyList_Append(rows, name) < 0)
            Py_CLEAR(rows);
        Py_XDECREF(name);
    }
    return rows;
}

/* ---- the type --------------------------------------------------------------- */

static PyObject *
finder_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *path;
    if (!PyArg_ParseTuple(args, "U:StdlibFinder", &path))
        return NULL;
    const char *text = PyUnicode_AsUTF8(path);
    const char *tail = text == NULL ? NULL : below_root(text);
    if (tail == NULL) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ImportError, "not in the executable");
        return NULL;
    }
    FinderObject *self = (FinderObject *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    g_autofree char *dotted = g_strdelimit(g_strdup(tail), "/", '.');
    self->path = Py_NewRef(path);
    self->prefix = PyUnicode_FromFormat("%s%s", dotted, dotted[0] ? "." : "");
    if (self->prefix == NULL)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void
finder_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((FinderObject *)self)->path);
    Py_XDECREF(((FinderObject *)self)->prefix);
    type->tp_free(self);
    Py_DECREF(type);
}

static int
finder_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static PyObject *
finder_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<StdlibFinder %R>", ((FinderObject *)self)->path);
}

static PyMethodDef finder_methods[] = {
    {"find_spec", (PyCFunction)(void (*)(void))finder_find_spec, METH_FASTCALL,
     "find_spec(fullname, target=None) -> ModuleSpec or None"},
    {"invalidate_caches", finder_invalidate_caches, METH_NOARGS, "Does nothing."},
    {"create_module", finder_create_module, METH_O, "None: the default module."},
    {"exec_module", finder_exec_module, METH_O, "Run the module's code in it."},
    {"get_code", finder_get_code, METH_O, "get_code(fullname) -> code"},
    {"get_source", finder_get_source, METH_O, "None: only byte code is kept."},
    {"get_filename", finder_get_filename, METH_O, "get_filename(fullname) -> str"},
    {"is_package", finder_is_package, METH_O, "is_package(fullname) -> bool"},
    {"get_data", finder_get_data, METH_O, "get_data(path) -> bytes"},
    {"get_resource_reader", finder_get_resource_reader, METH_O,
     "A reader of the package's data files, or None."},
    {"iter_modules", finder_iter_modules, METH_VARARGS,
     "iter_modules(prefix='') -> [(name, is_package)]"},
    {"_data_names", finder_data_names, METH_O,
     "_data_names(folder) -> paths of the data files below it"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot finder_slots[] = {
    {Py_tp_new, finder_new},
    {Py_tp_dealloc, finder_dealloc},
    {Py_tp_traverse, finder_traverse},
    {Py_tp_repr, finder_repr},
    {Py_tp_methods, finder_methods},
    {Py_tp_doc, (void *)"Finder and loader of the standard library in the executable."},
    {0, NULL},
};

static PyType_Spec finder_spec = {
    .name = "_ferrule_stdlib.StdlibFinder",
    .basicsize = sizeof(FinderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = finder_slots,
};

/* ---- the module ------------------------------------------------------------- */

/* Called by importlib before the first import of each interpreter. */
static PyObject *
module_install(PyObject *module, PyObject *ignored)
{
    ModuleState *state = PyModule_GetState(module);
    PyObject *hooks = PySys_GetObject("path_hooks"); /* borrowed */
    PyObject *path = PyUnicode_FromString(root);
    bool done = path != NULL && cache_finder(state->finder_type, path) &&
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
    const char *text = PyUnicode_AsUTF8(name);
    if (text == NULL)
        return NULL;
    const char *hint = stdlib_table_left_out(text);
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
    ModuleState *state = PyModule_GetState(module);
    PyObject *importlib = PyImport_ImportModule("_frozen_importlib");
    PyObject *imp = PyImport_ImportModule("_imp");
    if (importlib != NULL && imp != NULL) {
        state->module_spec = PyObject_GetAttrString(importlib, "ModuleSpec");
        state->fix_co_filename = PyObject_GetAttrString(imp, "_fix_co_filename");
    }
    Py_XDECREF(importlib);
    Py_XDECREF(imp);
    if (state->module_spec == NULL || state->fix_co_filename == NULL)
        return -1;
    state->finder_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &finder_spec, NULL);
    if (state->finder_type == NULL)
        return -1;
    return PyModule_AddType(module, state->finder_type);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    ModuleState *state = PyModule_GetState(module);
    Py_VISIT(state->finder_type);
    Py_VISIT(state->module_spec);
    Py_VISIT(state->fix_co_filename);
    return 0;
}

static int
module_clear(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    Py_CLEAR(state->finder_type);
    Py_CLEAR(state->module_spec);
    Py_CLEAR(state->fix_co_filename);
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
    .m_size = sizeof(ModuleState),
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
