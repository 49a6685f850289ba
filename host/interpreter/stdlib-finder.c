/* SPDX-License-Identifier: MIT */
/* stdlib-finder.c - the type of the importer, and the half of it that finds modules.
 *
 * The library looks like an archive at the executable's own path: `/opt/ferrule` is on
 * sys.path, `json` is `/opt/ferrule/json/__init__.py`. StdlibFinder is both the path
 * entry finder of that archive (or of a package's folder in it) and the loader of its
 * modules (PEP 451), as zipimporter is for a zip file.
 */
#include "stdlib-private.h"

/* The folder of a package, as its __path__ and as a sys.path entry. */
static PyObject *
package_folder(const StdlibEntry *entry)
{
    g_autofree char *tail = g_strdelimit(g_strdup(entry->name), ".", '/');
    return PyUnicode_FromFormat("%s/%s", stdlib_root(), tail);
}

/* Enter the package's own finder in sys.path_importer_cache, where zipimport would
 * otherwise open the executable to see whether it is a zip file. */
bool
stdlib_finder_cache(PyTypeObject *type, PyObject *path)
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
                stdlib_finder_cache(Py_TYPE(self), folder);
    Py_XDECREF(list);
    Py_DECREF(folder);
    return done;
}

static PyObject *
make_spec(PyObject *self, PyObject *name, const StdlibEntry *entry)
{
    PyObject *origin = stdlib_loader_filename(entry);
    if (origin == NULL)
        return NULL;
    PyObject *arguments = PyTuple_Pack(2, name, self);
    PyObject *keywords = Py_BuildValue("{s:O,s:O}", "origin", origin, "is_package",
                                       entry->is_package ? Py_True : Py_False);
    PyObject *spec = NULL;
    if (arguments != NULL && keywords != NULL)
        spec = PyObject_Call(stdlib_state(self)->module_spec, arguments, keywords);
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
    const char *prefix = stdlib_text(((StdlibFinder *)self)->prefix);
    const char *name = stdlib_text(args[0]);
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

/* What a listing says of one entry, or NULL without an exception to leave it out. */
typedef PyObject *(*DescribeEntry)(const StdlibEntry *entry, const char *name,
                                   const char *wanted);

/* The entries whose names begin with `prefix`, each as `describe` has it. */
static PyObject *
list_entries(const char *prefix, DescribeEntry describe, const char *wanted)
{
    PyObject *rows = PyList_New(0);
    size_t length = strlen(prefix), index = stdlib_table_lower_bound(prefix);
    for (; rows != NULL && index < stdlib_table_count(); index++) {
        StdlibEntry entry = stdlib_table_at(index);
        if (strncmp(entry.name, prefix, length) != 0)
            break;
        PyObject *row = describe(&entry, entry.name + length, wanted);
        if (row == NULL ? PyErr_Occurred() != NULL : PyList_Append(rows, row) < 0)
            Py_CLEAR(rows);
        Py_XDECREF(row);
    }
    return rows;
}

static PyObject *
describe_module(const StdlibEntry *entry, const char *name, const char *wanted)
{
    if (entry->is_data || strchr(name, '.') != NULL)
        return NULL;
    return Py_BuildValue("(NO)", PyUnicode_FromFormat("%s%s", wanted, name),
                         entry->is_package ? Py_True : Py_False);
}

static PyObject *
describe_file(const StdlibEntry *entry, const char *name, const char *wanted)
{
    return PyUnicode_FromString(name);
}

/* [(name, is_package)] of the modules right below this folder, for pkgutil. */
static PyObject *
finder_iter_modules(PyObject *self, PyObject *args)
{
    const char *wanted = "";
    if (!PyArg_ParseTuple(args, "|s", &wanted))
        return NULL;
    return list_entries(stdlib_text(((StdlibFinder *)self)->prefix), describe_module,
                        wanted);
}

/* Paths of the data files below a package's folder, for ferrule._resources. */
static PyObject *
finder_data_names(PyObject *self, PyObject *folder)
{
    g_autofree char *prefix = g_strconcat(stdlib_text(folder), "/", NULL);
    return list_entries(prefix, describe_file, NULL);
}

static PyObject *
finder_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *path;
    if (!PyArg_ParseTuple(args, "U:StdlibFinder", &path))
        return NULL;
    const char *tail = stdlib_loader_below_root(stdlib_text(path));
    if (tail == NULL) {
        PyErr_SetString(PyExc_ImportError, "not in the executable");
        return NULL;
    }
    StdlibFinder *self = (StdlibFinder *)type->tp_alloc(type, 0);
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
    Py_XDECREF(((StdlibFinder *)self)->path);
    Py_XDECREF(((StdlibFinder *)self)->prefix);
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
    return PyUnicode_FromFormat("<StdlibFinder %R>", ((StdlibFinder *)self)->path);
}

static PyMethodDef finder_methods[] = {
    {"find_spec", (PyCFunction)(void (*)(void))finder_find_spec, METH_FASTCALL,
     "find_spec(fullname, target=None) -> ModuleSpec or None"},
    {"invalidate_caches", finder_invalidate_caches, METH_NOARGS, "Does nothing."},
    {"create_module", stdlib_loader_create_module, METH_O, "None: the default module."},
    {"exec_module", stdlib_loader_exec_module, METH_O, "Run the module's code in it."},
    {"get_code", stdlib_loader_get_code, METH_O, "get_code(fullname) -> code"},
    {"get_source", stdlib_loader_get_source, METH_O, "None: only byte code is kept."},
    {"get_filename", stdlib_loader_get_filename, METH_O,
     "get_filename(fullname) -> str"},
    {"is_package", stdlib_loader_is_package, METH_O, "is_package(fullname) -> bool"},
    {"get_data", stdlib_loader_get_data, METH_O, "get_data(path) -> bytes"},
    {"get_resource_reader", stdlib_loader_get_resource_reader, METH_O,
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

PyType_Spec stdlib_finder_spec = {
    .name = "_ferrule_stdlib.StdlibFinder",
    .basicsize = sizeof(StdlibFinder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = finder_slots,
};
