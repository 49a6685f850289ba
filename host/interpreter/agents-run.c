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

/* Not printf(): what that reads are pages that an agent does not need otherwise. */
static char *
number_text(unsigned number)
{
    char digits[16], *first = digits + sizeof digits - 1;
    *first = '\0';
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return g_strdup(first);
}

/* Set NAME=value, here and in `variables`, of which os.environ is made. The text is the
 * environment's from then on. */
static bool
set_variable(PyObject *variables, char *text)
{
    const char *equals = strchr(text, '=');
    PyObject *name = PyBytes_FromStringAndSize(text, equals - text);
    PyObject *value = PyBytes_FromString(equals + 1);
    /* setenv() would write to what it keeps, on pages of the parent's. */
    bool is_done = name != NULL && value != NULL && putenv(text) == 0 &&
                   PyDict_SetItem(variables, name, value) == 0;
    Py_XDECREF(name);
    Py_XDECREF(value);
    return is_done;
}

/* {name: value} of what was set. */
static PyObject *
set_environment(const LauncherAgent *agent, unsigned worker)
{
    PyObject *variables = PyDict_New();
    g_autofree char *number = number_text(worker);
    bool is_good = variables != NULL;
    for (char **row = agent->env; is_good && *row != NULL; row++)
        is_good = set_variable(variables, g_strdup(*row));
    is_good =
        is_good &&
        set_variable(variables, g_strconcat("FERRULE_AGENT=", agent->name, NULL)) &&
        set_variable(variables, g_strconcat("FERRULE_WORKER=", number, NULL)) &&
        (agent->vendor == NULL ||
         set_variable(variables, g_strconcat("FERRULE_VENDOR=", agent->vendor, NULL)));
    if (!is_good)
        Py_CLEAR(variables);
    return variables;
}

/* ferrule._warm.enter() */
static bool
enter(const LauncherAgent *agent, unsigned worker, bool is_importable)
{
    g_autofree char *folder = first_search_path(agent->script, is_importable);
    PyObject *function = agents_loaded("ferrule._warm", "enter"); /* borrowed */
    PyObject *words = words_of(agent), *env = set_environment(agent, worker);
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
    AgentsScript script;
    bool is_found = !has_importer && agents_script_find(agent->script, &script);
    int code = is_found ? 0 : requirements_check(&options);
    if (code == 0)
        code = settings_load(&options);
    if (code == 0) {
        interpreter_hand_interrupts();
        code = is_found       ? agents_script_run(&script)
               : has_importer ? run_main_module()
                              : agents_script_run_file(agent->script);
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
