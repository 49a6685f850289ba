/* SPDX-License-Identifier: MIT */
/* agents-enter.c - a forked process becomes an agent: its `__main__`, its arguments,
 * its paths, its environment.
 *
 * In C, for Python code would write to pages of the parent's while it runs. The parent
 * rehearses it: types and tables are then as an agent leaves them.
 */
#include "agents-private.h"

#include <stdlib.h>

enum {
    REHEARSALS = 2 /* what the first one makes, the second one finds */
};

/* The old one is frozen: what it holds would not be collected at the end. */
static bool
enter_main(void)
{
    PyObject *main = PyModule_NewObject(agents_name(AGENTS_MAIN));
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed, as is what is in it */
    PyObject *builtins = PyDict_GetItem(modules, agents_name(AGENTS_BUILTINS));
    bool is_done = main != NULL && builtins != NULL &&
                   PyDict_SetItem(PyModule_GetDict(main),
                                  agents_name(AGENTS_BUILTINS_OF), builtins) == 0 &&
                   PyDict_SetItem(modules, agents_name(AGENTS_MAIN), main) == 0;
    Py_XDECREF(main);
    return is_done;
}

/* What sys calls `name`: borrowed. NULL with an exception where a module that was
 * preloaded has put something else there. */
static PyObject *
of_sys(AgentsName name, PyTypeObject *type)
{
    PyObject *found = agents_loaded(AGENTS_SYS, name);
    if (found != NULL && PyObject_TypeCheck(found, type))
        return found;
    PyErr_Format(PyExc_RuntimeError,
                 "sys.%U is no %s any more; a preloaded module has replaced it",
                 agents_name(name), type->tp_name);
    return NULL;
}

static bool
replace_all(AgentsName name, PyObject *words)
{
    PyObject *list = of_sys(name, &PyList_Type);
    return list != NULL && PyList_SetSlice(list, 0, PY_SSIZE_T_MAX, words) == 0;
}

/* [script, *args] as sys.argv has it, and after the executable in sys.orig_argv. */
static bool
enter_words(const LauncherAgent *agent)
{
    PyObject *executable = of_sys(AGENTS_EXECUTABLE, &PyUnicode_Type);
    PyObject *words = executable == NULL ? NULL : PyList_New(0);
    bool is_good = words != NULL;
    const char *word = agent->script;
    for (size_t i = 0; is_good && word != NULL; i++) {
        PyObject *text = PyUnicode_DecodeFSDefault(word);
        is_good = text != NULL && PyList_Append(words, text) == 0;
        Py_XDECREF(text);
        word = agent->args[i];
    }
    is_good = is_good && replace_all(AGENTS_ARGV, words) &&
              PyList_Insert(words, 0, executable) == 0 &&
              replace_all(AGENTS_ORIG_ARGV, words);
    Py_XDECREF(words);
    return is_good;
}

/* `folder` first, the vendored packages last. */
static bool
enter_paths(const LauncherAgent *agent, const char *folder)
{
    PyObject *path = of_sys(AGENTS_PATH, &PyList_Type);
    if (path == NULL)
        return false;
    PyObject *first = PyUnicode_DecodeFSDefault(folder);
    PyObject *last =
        agent->vendor == NULL ? NULL : PyUnicode_DecodeFSDefault(agent->vendor);
    bool is_done =
        first != NULL && PyList_Insert(path, 0, first) == 0 &&
        (agent->vendor == NULL || (last != NULL && PyList_Append(path, last) == 0));
    Py_XDECREF(first);
    Py_XDECREF(last);
    return is_done;
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

/* Set NAME=value, here and in what os.environ knows. The text is the environment's from
 * then on. */
static bool
set_variable(PyObject *known, char *text)
{
    const char *equals = strchr(text, '=');
    PyObject *name = PyBytes_FromStringAndSize(text, equals - text);
    PyObject *value = PyBytes_FromString(equals + 1);
    /* setenv() would write to what it keeps, on pages of the parent's. */
    bool is_done = name != NULL && value != NULL && putenv(text) == 0 &&
                   PyDict_SetItem(known, name, value) == 0;
    Py_XDECREF(name);
    Py_XDECREF(value);
    return is_done;
}

static bool
enter_environment(const LauncherAgent *agent, unsigned worker)
{
    g_autofree char *number = number_text(worker);
    PyObject *environ = agents_loaded(AGENTS_OS, AGENTS_ENVIRON); /* borrowed */
    PyObject *known =
        environ == NULL ? NULL : PyObject_GetAttr(environ, agents_name(AGENTS_DATA));
    if (environ == NULL)
        PyErr_SetString(PyExc_RuntimeError, "there is no os.environ any more");
    bool is_good = known != NULL;
    for (char **row = agent->env; is_good && *row != NULL; row++)
        is_good = set_variable(known, g_strdup(*row));
    is_good =
        is_good &&
        set_variable(known, g_strconcat("FERRULE_AGENT=", agent->name, NULL)) &&
        set_variable(known, g_strconcat("FERRULE_WORKER=", number, NULL)) &&
        (agent->vendor == NULL ||
         set_variable(known, g_strconcat("FERRULE_VENDOR=", agent->vendor, NULL)));
    Py_XDECREF(known);
    return is_good;
}

bool
agents_enter(const LauncherAgent *agent, unsigned worker, const char *folder)
{
    PyGC_Enable();
    return enter_main() && enter_words(agent) && enter_paths(agent, folder) &&
           enter_environment(agent, worker);
}

bool
agents_rehearse(void)
{
    char *none[] = {NULL};
    const LauncherAgent nobody = {.name = "", .script = "", .args = none, .env = none};
    PyObject *path = agents_names_make() ? of_sys(AGENTS_PATH, &PyList_Type) : NULL;
    path = path == NULL ? NULL : PySequence_List(path);
    bool is_good = path != NULL;
    for (int i = 0; is_good && i < REHEARSALS; i++) {
        agents_fork_renew();
        is_good = agents_enter(&nobody, 0, "") && PyRun_SimpleString("pass") == 0;
        PyGC_Disable();
    }
    is_good = is_good && replace_all(AGENTS_PATH, path);
    Py_XDECREF(path);
    return is_good;
}
