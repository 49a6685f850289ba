/* SPDX-License-Identifier: MIT */
/* agents-fork.c - fork(2) for an agent, and what has to be the child's own.
 *
 * The library's hooks renew locks that another thread may have held. The launcher's
 * parent has one thread and forks outside of Python: nothing is held, nobody is lost.
 * What an agent needs of them is done here, in C: Python code would write to pages of
 * the parent's while it runs. Hooks of modules that the user preloads run as ever. A
 * fork that an agent makes itself runs all of them.
 */
#include "agents-private.h"

#include <errno.h>
#include <unistd.h>

extern int _PyOS_SkipsForkHooks; /* of forked-child.patch */

typedef enum {
    BEFORE,
    IN_CHILD,
    IN_PARENT
} Moment;

/* Lists of what the user's modules registered, for each moment; NULL when there is
 * nothing. Set before the first fork, constant from then on. */
static PyObject *users_hooks;

/* threading.main_thread().native_id, which threading's own hook sets. */
static void
renew_thread_number(void)
{
    PyObject *thread = agents_loaded(AGENTS_THREADING, AGENTS_MAIN_THREAD);
    PyObject *number = thread == NULL
                           ? NULL
                           : PyLong_FromUnsignedLong(PyThread_get_thread_native_id());
    if (number != NULL)
        PyObject_SetAttr(thread, agents_name(AGENTS_NATIVE_ID), number);
    Py_XDECREF(number);
    PyErr_Clear();
}

/* What random.seed() does, which is a method of the class below random.Random. */
static void
seed_random(void)
{
    PyObject *generator = agents_loaded(AGENTS_RANDOM, AGENTS_GENERATOR);
    PyObject *type = agents_loaded(AGENTS_RANDOM_CORE, AGENTS_RANDOM_TYPE);
    if (generator == NULL || type == NULL)
        return;
    PyObject *done =
        PyObject_CallMethodOneArg(type, agents_name(AGENTS_SEED), generator);
    PyObject *next = PyObject_GetAttr(generator, agents_name(AGENTS_GAUSS_NEXT));
    if (next != NULL && next != Py_None)
        PyObject_SetAttr(generator, agents_name(AGENTS_GAUSS_NEXT), Py_None);
    if (done == NULL)
        PyErr_WriteUnraisable(generator);
    Py_XDECREF(next);
    Py_XDECREF(done);
    PyErr_Clear();
}

static void
run_users_hooks(Moment moment)
{
    PyObject *hooks =
        users_hooks == NULL ? NULL : PyTuple_GET_ITEM(users_hooks, moment);
    Py_ssize_t count = hooks == NULL ? 0 : PyList_GET_SIZE(hooks);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *hook = PyList_GET_ITEM(hooks, moment == BEFORE ? count - 1 - i : i);
        PyObject *done = PyObject_CallNoArgs(hook);
        if (done == NULL)
            PyErr_WriteUnraisable(hook);
        Py_XDECREF(done);
    }
}

void
agents_fork_begin(void)
{
    PyObject *module = PyImport_ImportModule("ferrule._fork_hooks");
    PyObject *hooks = module == NULL ? NULL : PyObject_GetAttrString(module, "users");
    for (Moment moment = BEFORE; hooks != NULL && moment <= IN_PARENT; moment++)
        if (PyList_GET_SIZE(PyTuple_GET_ITEM(hooks, moment)) > 0)
            users_hooks = hooks;
    Py_XDECREF(hooks); /* it is immortal by now */
    Py_XDECREF(module);
    PyErr_Clear();
    _PyOS_SkipsForkHooks = 1;
}

void
agents_fork_renew(void)
{
    renew_thread_number();
    seed_random();
}

pid_t
agents_fork(void)
{
    run_users_hooks(BEFORE);
    PyOS_BeforeFork();
    pid_t pid = fork();
    int reason = errno;
    if (pid == 0) {
        PyOS_AfterFork_Child();
        _PyOS_SkipsForkHooks = 0;
        agents_fork_renew();
        run_users_hooks(IN_CHILD);
    }
    else {
        PyOS_AfterFork_Parent();
        run_users_hooks(IN_PARENT);
    }
    errno = reason;
    return pid;
}
