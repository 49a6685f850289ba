/* SPDX-License-Identifier: MIT */
/* agents-run.c - a script in a forked child: what Py_RunMain() does, with another
 * script than the interpreter was started for. */
#include "agents-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    EXIT_UNCAUGHT = 1,
    EXIT_NOT_FLUSHED = 120 /* CPython's own, when stdout cannot be written */
};

extern int _Py_EndsWithProcess; /* of quick-end.patch */

/* sys.path[0]: the folder of the script itself, also when it is called by a link; the
 * script, when it is a folder or an archive with __main__.py. */
static char *
first_search_path(const char *script, bool is_importable)
{
    char *real = realpath(script, NULL);
    const char *path = real == NULL ? script : real;
    char *folder =
        is_importable ? agents_script_path(script) : g_path_get_dirname(path);
    free(real);
    return folder;
}

PyObject *
agents_loaded(const char *module_name, const char *name)
{
    PyObject *modules = PyImport_GetModuleDict();                  /* borrowed */
    PyObject *module = PyDict_GetItemString(modules, module_name); /* borrowed */
    return module == NULL || !PyModule_Check(module)
               ? NULL
               : PyDict_GetItemString(PyModule_GetDict(module), name);
}

/* [script, *args] as sys.argv has it. */
static PyObject *
words_of(const LauncherAgent *agent)
{
    PyObject *words = PyList_New(0);
    const char *word = agent->script;
    for (size_t i = 0; words != NULL && word != NULL; i++) {
        PyObject *text = PyUnicode_DecodeFSDefault(word);
        if (text == NULL || PyList_Append(words, text) != 0)
            Py_CLEAR(words);
        Py_XDECREF(text);
        word = agent->args[i];
    }
    return words;
}

static bool
append_variable(PyObject *list, const char *name, size_t size, const char *value)
{
    PyObject *pair = Py_BuildValue("(y#y)", name, (Py_ssize_t)size, value);
    bool is_done = pair != NULL && PyList_Append(list, pair) == 0;
    Py_XDECREF(pair);
    return is_done;
}

/* [(name, value), ...] */
static PyObject *
environment_of(const LauncherAgent *agent, unsigned worker)
{
    PyObject *list = PyList_New(0);
    g_autofree char *number = g_strdup_printf("%u", worker);
    bool is_good = list != NULL;
    for (char **row = agent->env; is_good && *row != NULL; row++) {
        const char *equals = strchr(*row, '=');
        is_good = append_variable(list, *row, (size_t)(equals - *row), equals + 1);
    }
    is_good = is_good && append_variable(list, "FERRULE_AGENT", 13, agent->name) &&
              append_variable(list, "FERRULE_WORKER", 14, number) &&
              (agent->vendor == NULL ||
               append_variable(list, "FERRULE_VENDOR", 14, agent->vendor));
    if (!is_good)
        Py_CLEAR(list);
    return list;
}

/* ferrule._warm.enter() */
static bool
enter(const LauncherAgent *agent, unsigned worker, bool is_importable)
{
    g_autofree char *folder = first_search_path(agent->script, is_importable);
    PyObject *function = agents_loaded("ferrule._warm", "enter"); /* borrowed */
    PyObject *words = words_of(agent), *env = environment_of(agent, worker);
    PyObject *path = PyUnicode_DecodeFSDefault(folder);
    PyObject *vendor = agent->vendor == NULL ? Py_NewRef(Py_None)
                                             : PyUnicode_DecodeFSDefault(agent->vendor);
    PyObject *done = NULL;
    if (function != NULL && words != NULL && env != NULL && path != NULL &&
        vendor != NULL)
        done = PyObject_CallFunctionObjArgs(function, path, words, vendor, env, NULL);
    Py_XDECREF(words);
    Py_XDECREF(env);
    Py_XDECREF(path);
    Py_XDECREF(vendor);
    Py_XDECREF(done);
    return done != NULL;
}

static int
run_main_module(void)
{
    PyObject *runpy = PyImport_ImportModule("runpy");
    PyObject *done = runpy == NULL ? NULL
                                   : PyObject_CallMethod(runpy, "_run_module_as_main",
                                                         "sO", "__main__", Py_False);
    Py_XDECREF(runpy);
    if (done == NULL) {
        PyErr_Print(); /* ends the process for a SystemExit */
        return EXIT_UNCAUGHT;
    }
    Py_DECREF(done);
    return 0;
}

/* Whether what ended the script was ^C: the process then ends by that signal. */
static bool
was_interrupted(int code)
{
    PyObject *last = PySys_GetObject("last_exc"); /* borrowed */
    return code != 0 && last != NULL &&
           PyErr_GivenExceptionMatches(last, PyExc_KeyboardInterrupt);
}

int
agents_run(const LauncherAgent *agent, unsigned worker)
{
    _Py_EndsWithProcess = 1;
    InterpreterOptions options = {.script = agent->script, .vendor = agent->vendor};
    /* A folder or an archive, which an importer takes. */
    bool has_importer = interpreter_ask_importer(agent->script);
    if (!enter(agent, worker, has_importer)) {
        PyErr_Print();
        return EXIT_UNCAUGHT;
    }
    int code = requirements_check(&options);
    if (code == 0)
        code = settings_load(&options);
    if (code == 0) {
        interpreter_hand_interrupts();
        code = has_importer ? run_main_module() : agents_script_run(agent->script);
    }
    bool is_interrupted = was_interrupted(code);
    if (Py_FinalizeEx() < 0)
        code = EXIT_NOT_FLUSHED;
    closed_stdout_raise();
    if (is_interrupted) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    return code;
}
