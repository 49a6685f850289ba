/* SPDX-License-Identifier: MIT */
/* agents-script.c - a script file as `__main__`: compiled in the parent, run in a
 * child.
 *
 * What PyRun_AnyFile() does, with the code that ferrule._scripts has made of the file
 * before the fork, as long as it is that file.
 */
#include "agents-private.h"

#include <stdio.h>
#include <sys/stat.h>

enum {
    EXIT_UNCAUGHT = 1,
    EXIT_NO_SCRIPT = 2
};

void
agents_script_compile(const char *script)
{
    g_autofree char *path = agents_script_path(script);
    PyObject *module = PyImport_ImportModule("ferrule._scripts");
    PyObject *name = PyUnicode_DecodeFSDefault(script);
    PyObject *filename = PyUnicode_DecodeFSDefault(path);
    PyObject *done = NULL;
    if (module != NULL && name != NULL && filename != NULL)
        done = PyObject_CallMethod(module, "add", "OO", name, filename);
    if (done == NULL)
        PyErr_Clear(); /* the agent compiles it, and says what is wrong */
    Py_XDECREF(module);
    Py_XDECREF(name);
    Py_XDECREF(filename);
    Py_XDECREF(done);
}

char *
agents_script_path(const char *script)
{
    g_autofree char *folder = g_get_current_dir();
    return g_path_is_absolute(script) ? g_strdup(script)
                                      : g_build_filename(folder, script, NULL);
}

static long long
nanoseconds(struct timespec time)
{
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* What ferrule._scripts.identity() says of the file: here, for Python code would write
 * to pages of the parent's. */
static PyObject *
identity_of(const char *script)
{
    struct stat status;
    if (stat(script, &status) != 0)
        return NULL;
    return Py_BuildValue("KKLLL", (unsigned long long)status.st_dev,
                         (unsigned long long)status.st_ino, (long long)status.st_size,
                         nanoseconds(status.st_mtim), nanoseconds(status.st_ctim));
}

bool
agents_script_find(const char *script, AgentsScript *ret_script)
{
    PyObject *compiled = agents_loaded(AGENTS_SCRIPTS, AGENTS_COMPILED); /* borrowed */
    PyObject *name = PyUnicode_DecodeFSDefault(script);
    PyObject *now = identity_of(script), *then;
    PyObject *row = compiled == NULL || name == NULL || now == NULL
                        ? NULL
                        : PyDict_GetItem(compiled, name); /* borrowed */
    bool is_found = row != NULL &&
                    PyArg_ParseTuple(row, "OOOO", &then, &ret_script->code,
                                     &ret_script->file, &ret_script->loader) &&
                    PyObject_RichCompareBool(now, then, Py_EQ) == 1;
    PyErr_Clear();
    Py_XDECREF(now);
    Py_XDECREF(name);
    return is_found;
}

/* What the file is to its own code. */
static bool
name_main(PyObject *names, const AgentsScript *script)
{
    return PyDict_SetItem(names, agents_name(AGENTS_FILE), script->file) == 0 &&
           PyDict_SetItem(names, agents_name(AGENTS_CACHED), Py_None) == 0 &&
           PyDict_SetItem(names, agents_name(AGENTS_LOADER), script->loader) == 0;
}

/* As CPython does when the code has ended: exit functions see no `__file__`. */
static void
unname_main(PyObject *names)
{
    static const AgentsName given[] = {AGENTS_FILE, AGENTS_CACHED};
    for (size_t i = 0; names != NULL && i < G_N_ELEMENTS(given); i++)
        if (PyDict_DelItem(names, agents_name(given[i])) != 0)
            PyErr_Clear();
}

/* So that an error is printed behind what the script has printed. */
static void
flush_streams(void)
{
    PyObject *error = PyErr_GetRaisedException();
    static const char *const streams[] = {"stderr", "stdout"};
    for (size_t i = 0; i < G_N_ELEMENTS(streams); i++) {
        PyObject *stream = PySys_GetObject(streams[i]); /* borrowed */
        PyObject *done =
            stream == NULL ? NULL : PyObject_CallMethod(stream, "flush", NULL);
        Py_XDECREF(done);
        PyErr_Clear();
    }
    PyErr_SetRaisedException(error);
}

int
agents_script_run(const AgentsScript *script)
{
    PyObject *main =
        Py_XNewRef(PyDict_GetItem(PyImport_GetModuleDict(), agents_name(AGENTS_MAIN)));
    PyObject *names = main == NULL ? NULL : PyModule_GetDict(main); /* borrowed */
    PyObject *value = names != NULL && name_main(names, script)
                          ? PyEval_EvalCode(script->code, names, names)
                          : NULL;
    flush_streams();
    if (value == NULL)
        PyErr_Print(); /* ends the process for a SystemExit */
    unname_main(names);
    Py_XDECREF(value);
    Py_XDECREF(main);
    return value == NULL ? EXIT_UNCAUGHT : 0;
}

int
agents_script_run_file(const char *script)
{
    g_autofree char *path = agents_script_path(script);
    FILE *file = fopen(script, "rbe");
    if (file == NULL) {
        fprintf(stderr, "ferrule: cannot open %s: %s\n", script, g_strerror(errno));
        return EXIT_NO_SCRIPT;
    }
    PyCompilerFlags flags = _PyCompilerFlags_INIT;
    return PyRun_AnyFileExFlags(file, path, 1, &flags) == 0 ? 0 : EXIT_UNCAUGHT;
}
