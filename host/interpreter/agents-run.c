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
    g_autofree char *folder = first_search_path(agent->script, has_importer);
    if (!agents_enter(agent, worker, folder)) {
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
