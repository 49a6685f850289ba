/* SPDX-License-Identifier: MIT */
#include "interpreter-private.h"

#include <pthread.h>
#include <signal.h>

#include "host-error.h"
#include "registry.h"

static bool
refuse(const char *what, PyStatus status, GError **error)
{
    const char *reason =
        status.err_msg == NULL ? "CPython gives no reason" : status.err_msg;
    /* CPython's complaint about the value of an option names the option. */
    bool is_usage = strstr(reason, "-X") != NULL || strstr(reason, "-W") != NULL;
    g_set_error(error, HOST_ERROR, is_usage ? HOST_ERROR_USAGE : HOST_ERROR_INTERNAL,
                "%s: %s", what, reason);
    return false;
}

static bool
register_modules(GError **error)
{
    for (const NativeModule *module = native_modules; module->name != NULL; module++) {
        if (PyImport_AppendInittab(module->name, module->init) == 0)
            continue;
        g_set_error(error, HOST_ERROR, HOST_ERROR_INTERNAL,
                    "no memory for the module table");
        return false;
    }
#ifdef FERRULE_SYSTEM_LIBRARIES
    system_library_attach(PyImport_Inittab);
#endif
    return true;
}

/* An interrupt during initialisation would be a fatal error of CPython, and in its
 * first steps towards the script it is lost. So it is held back until CPython is there,
 * and ends the process in the default way until the script's turn. */
static sigset_t mask_before;

/* CPython's handler while the default one is in force, else NULL. */
static PyOS_sighandler_t python_handler;

static void
hold_interrupts(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &mask_before);
}

static void
release_interrupts(void)
{
    python_handler = PyOS_getsig(SIGINT);
    if (python_handler == SIG_IGN || python_handler == SIG_DFL)
        python_handler = NULL;
    else
        PyOS_setsig(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

void
interpreter_hand_interrupts(void)
{
    if (python_handler != NULL)
        PyOS_setsig(SIGINT, python_handler);
}

bool
interpreter_ask_importer(const char *path_name)
{
    PyObject *path = path_name == NULL ? NULL : PyUnicode_DecodeFSDefault(path_name);
    PyObject *importer = path == NULL ? NULL : PyImport_GetImporter(path);
    bool has_importer = importer != NULL && importer != Py_None;
    Py_XDECREF(path);
    Py_XDECREF(importer);
    PyErr_Clear(); /* CPython asks again and reports what it finds */
    return has_importer;
}

static bool
prepare(const InterpreterOptions *options)
{
    bool ready = closed_stdout_watch();
    if (ready && options->with_builtins)
        ready = interpreter_add_builtins();
    if (!ready)
        PyErr_Print();
    return ready;
}

bool
interpreter_start(const InterpreterOptions *options, GError **error)
{
    stdlib_root_set(options->executable);
    worker_arenas_populate();
    hold_interrupts();
    if (!interpreter_thaw(error) || !register_modules(error))
        return false;
    PyStatus status = interpreter_config_preinitialize(options);
    if (PyStatus_Exception(status))
        return refuse("cannot prepare the interpreter", status, error);
    PyConfig config;
    status = interpreter_config_fill(&config, options);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    release_interrupts();
    if (PyStatus_IsExit(status))
        exit(status.exitcode); /* CPython printed its usage or its version */
    if (PyStatus_Exception(status))
        return refuse("cannot start the interpreter", status, error);
    if (prepare(options))
        return true;
    g_set_error(error, HOST_ERROR, HOST_ERROR_INTERNAL,
                "cannot prepare the interpreter");
    return false;
}

/* The script's first step. CPython looks for signals once more just before it, and an
 * interrupt seen there ends with code 1 instead of as one. */
static PyObject *
run_first_frame(PyThreadState *thread, struct _PyInterpreterFrame *frame, int is_throw)
{
    _PyInterpreterState_SetEvalFrameFunc(PyThreadState_GetInterpreter(thread),
                                         _PyEval_EvalFrameDefault);
    interpreter_hand_interrupts();
    return _PyEval_EvalFrameDefault(thread, frame, is_throw);
}

int
interpreter_run(const InterpreterOptions *options)
{
    int missing = requirements_check(options);
    if (missing == 0)
        missing = settings_load(options);
    if (missing != 0) {
        interpreter_finish();
        return missing;
    }
    /* CPython finds the answer cached and runs no Python code before the script's. */
    interpreter_ask_importer(options->script);
    _PyInterpreterState_SetEvalFrameFunc(PyInterpreterState_Get(), run_first_frame);
    int code = Py_RunMain();
    closed_stdout_raise();
    return code;
}

void
interpreter_finish(void)
{
    Py_FinalizeEx();
}
