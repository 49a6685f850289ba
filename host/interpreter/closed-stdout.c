/* SPDX-License-Identifier: MIT */
/* closed-stdout.c - `ferrule agent.py | head` ends quietly, by SIGPIPE.
 *
 * CPython ignores SIGPIPE, so that a peer that hangs up is an exception and not death;
 * but when the reader of stdout is gone, the traceback of BrokenPipeError and the
 * complaint of the final flush are noise. Two seams notice it: the exception hook and
 * an atexit function that flushes after all others. Both look at the descriptor itself,
 * so a broken socket stays an ordinary error.
 */
#include "interpreter-private.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* Set when stdout was found closed; read after the interpreter is gone. */
static volatile sig_atomic_t stdout_closed;

static bool
reader_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* True when the exception is a broken pipe and stdout is one. What is still buffered
 * then goes nowhere, without another complaint. */
static bool
note_closed_stdout(PyObject *exception_type)
{
    if (!PyErr_GivenExceptionMatches(exception_type, PyExc_BrokenPipeError) ||
        !reader_is_gone())
        return false;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        close(nowhere);
    }
    stdout_closed = 1;
    return true;
}

/* sys.excepthook: the one CPython came with, but for our case. */
static PyObject *
except_hook(PyObject *original, PyObject *args)
{
    if (PyTuple_GET_SIZE(args) > 0 && note_closed_stdout(PyTuple_GET_ITEM(args, 0)))
        Py_RETURN_NONE;
    return PyObject_Call(original, args, NULL);
}

static PyObject *
flush_at_exit(PyObject *self, PyObject *ignored)
{
    PyObject *out = PySys_GetObject("stdout"); /* borrowed */
    if (out == NULL || out == Py_None)
        Py_RETURN_NONE;
    PyObject *done = PyObject_CallMethod(out, "flush", NULL);
    if (done != NULL)
        return done;
    /* Anything else is found, and reported, by CPython's own flush. */
    PyObject *error = PyErr_GetRaisedException();
    note_closed_stdout((PyObject *)Py_TYPE(error));
    Py_DECREF(error);
    Py_RETURN_NONE;
}

static PyMethodDef hook_method = {
    "excepthook", except_hook, METH_VARARGS,
    "excepthook($module, exctype, value, traceback, /)\n--\n\n"
    "Report an uncaught exception on stderr."};
static PyMethodDef flush_method = {"flush_stdout", flush_at_exit, METH_NOARGS,
                                   "Flush stdout; a closed one ends the run quietly."};

static bool
install_hook(void)
{
    PyObject *original = PySys_GetObject("excepthook"); /* borrowed */
    PyObject *hook = original == NULL ? NULL : PyCFunction_New(&hook_method, original);
    bool done = hook != NULL && PySys_SetObject("excepthook", hook) == 0 &&
                PySys_SetObject("__excepthook__", hook) == 0;
    Py_XDECREF(hook);
    return done;
}

static bool
install_flush(void)
{
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *flush = PyCFunction_New(&flush_method, NULL);
    PyObject *done = NULL;
    if (atexit != NULL && flush != NULL)
        done = PyObject_CallMethod(atexit, "register", "O", flush);
    Py_XDECREF(atexit);
    Py_XDECREF(flush);
    Py_XDECREF(done);
    return done != NULL;
}

bool
closed_stdout_watch(void)
{
    stdout_closed = 0;
    return install_hook() && install_flush();
}

void
closed_stdout_raise(void)
{
    if (!stdout_closed)
        return;
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}
