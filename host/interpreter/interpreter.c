/* SPDX-License-Identifier: MIT */
#include "interpreter-private.h"

#include <pthread.h>
#include <signal.h>

#include "registry.h"

G_DEFINE_QUARK(ferrule - interpreter - error, interpreter_error)

static bool
refuse(const char *what, PyStatus status, GError **error)
{
    g_set_error(error, INTERPRETER_ERROR, INTERPRETER_ERROR_START, "%s: %s", what,
                status.err_msg == NULL ? "CPython gives no reason" : status.err_msg);
    return false;
}

static bool
register_modules(GError **error)
{
    for (const NativeModule *module = native_modules; module->name != NULL; module++) {
        if (PyImport_AppendInittab(module->name, module->init) == 0)
            continue;
        g_set_error(error, INTERPRETER_ERROR, INTERPRETER_ERROR_START,
                    "no memory for the module table");
        return false;
    }
    return true;
}

/* An interrupt in the middle of initialisation would be a fatal error of CPython: hold
 * it back until the script can take it. */
static PyStatus
initialize(const PyConfig *config)
{
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    PyStatus status = Py_InitializeFromConfig(config);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
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
    stdlib_module_set_root(options->executable);
    if (!register_modules(error))
        return false;
    PyStatus status = interpreter_config_preinitialize(options);
    if (PyStatus_Exception(status))
        return refuse("cannot prepare the interpreter", status, error);
    PyConfig config;
    status = interpreter_config_fill(&config, options);
    if (!PyStatus_Exception(status))
        status = initialize(&config);
    PyConfig_Clear(&config);
    if (PyStatus_IsExit(status))
        exit(status.exitcode); /* CPython printed its usage or its version */
    if (PyStatus_Exception(status))
        return refuse("cannot start the interpreter", status, error);
    if (prepare(options))
        return true;
    g_set_error(error, INTERPRETER_ERROR, INTERPRETER_ERROR_START,
                "cannot prepare the interpreter");
    return false;
}

int
interpreter_run(const InterpreterOptions *options)
{
    int missing = requirements_check(options);
    if (missing != 0) {
        interpreter_finish();
        return missing;
    }
    int code = Py_RunMain();
    closed_stdout_raise();
    return code;
}

void
interpreter_finish(void)
{
    Py_FinalizeEx();
}
