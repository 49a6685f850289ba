/* SPDX-License-Identifier: MIT */
/* agents-warm.c - what the parent loads once for all agents, within a time.
 *
 * An import may hang in a C call that no Python signal handler interrupts, so the alarm
 * ends the process itself, after the stack said where it hangs.
 */
#include "agents-private.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <unistd.h>

#include "host-error.h"

enum {
    PRELOAD_SECONDS = 30
};

/* Set before the alarm, constant until it is off. */
static int alarm_dump_signal;

static void
preload_hangs(int number)
{
    static const char text[] = "ferrule: the preload does not end; it is here "
                               "(preload_timeout gives it longer):\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) > 0)
        raise(alarm_dump_signal);
    _exit(HOST_ERROR_CONFIG);
}

/* The seconds that the launcher file gives, or ours. */
static unsigned
seconds_of(PyObject *warmth)
{
    PyObject *timeout = PyObject_GetAttrString(warmth, "timeout");
    long seconds = timeout == NULL || timeout == Py_None ? 0 : PyLong_AsLong(timeout);
    Py_XDECREF(timeout);
    PyErr_Clear();
    return seconds > 0 ? (unsigned)seconds : PRELOAD_SECONDS;
}

bool
agents_warm_refuse(const char *module_name, GError **error)
{
    PyObject *raised = PyErr_GetRaisedException();
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *refused =
        module == NULL ? NULL : PyObject_GetAttrString(module, "Refused");
    bool is_refused = raised != NULL && refused != NULL &&
                      PyErr_GivenExceptionMatches(raised, refused);
    PyObject *text = is_refused ? PyObject_Str(raised) : NULL;
    PyObject *bytes = text == NULL ? NULL : PyUnicode_EncodeFSDefault(text);
    if (bytes != NULL)
        g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG, "%s",
                    PyBytes_AS_STRING(bytes));
    else {
        g_set_error(error, HOST_ERROR, HOST_ERROR_INTERNAL,
                    "cannot prepare the agents");
        PyErr_SetRaisedException(Py_XNewRef(raised));
        PyErr_Print();
    }
    Py_XDECREF(bytes);
    Py_XDECREF(text);
    Py_XDECREF(refused);
    Py_XDECREF(module);
    Py_XDECREF(raised);
    return false;
}

/* What is loaded stays; in a form that forks cheaply. */
static bool
settle(PyObject *module)
{
    PyObject *done =
        agents_rehearse() ? PyObject_CallMethod(module, "settle", NULL) : NULL;
    Py_XDECREF(done);
    return done != NULL;
}

PyObject *
agents_warm_up(PyObject *warmth, int dump_signal, int *ret_desk, GError **error)
{
    const char *module_name = "ferrule._warm";
#ifndef FERRULE_SYSTEM_LIBRARIES
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); /* see system-library.c */
#endif
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *stores = NULL, *kept;
    PyObject *wanted = module == NULL   ? NULL
                       : warmth == NULL ? PyObject_CallMethod(module, "Warmth", NULL)
                                        : Py_NewRef(warmth);
    if (wanted != NULL) {
        alarm_dump_signal = dump_signal;
        PyOS_sighandler_t before = PyOS_setsig(SIGALRM, preload_hangs);
        alarm(seconds_of(wanted));
        stores = PyObject_CallMethod(module, "up", "Oi", wanted, dump_signal);
        if (stores != NULL && !settle(module))
            Py_CLEAR(stores);
        alarm(0);
        PyOS_setsig(SIGALRM, before);
    }
    Py_XDECREF(wanted);
    Py_XDECREF(module);
    if (stores == NULL || !PyArg_ParseTuple(stores, "Oi", &kept, ret_desk))
        agents_warm_refuse(module_name, error);
    else {
        agents_freeze();
        agents_fill_holes();
    }
    return stores;
}
