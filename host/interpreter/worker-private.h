/* SPDX-License-Identifier: MIT */
/* worker-private.h - what the files of `_ferrule_interpreters` share. */
#pragma once

#include "interpreter-private.h"

/* The type of an interpreter with its own GIL, see worker-interpreter.c. */
extern PyType_Spec worker_interpreter_spec;

/* A thread that gives way to all others, see worker-thread.c. */
typedef struct WorkerThread WorkerThread;
typedef void (*WorkerJob)(void *data);

/* NULL: there is none to be had, errno says why. */
WorkerThread *worker_thread_new(void);

/* Both wait for the thread, so call them without a GIL. */
void worker_thread_run(WorkerThread *self, WorkerJob job, void *data);
void worker_thread_free(WorkerThread *self);

/* What a call brought back: parts, or the reason why there are none. A part without an
 * object is a copy in C memory, else the object is the worker's. */
typedef struct {
    Py_buffer *parts;
    Py_ssize_t count;
    char *error;
} WorkerReply;

/* In the worker: call its entry; and the pending exception as "Type: text", which the
 * caller frees. */
void worker_call_entry(PyObject *entry, const Py_buffer *buffers, Py_ssize_t count,
                       WorkerReply *reply);
char *worker_take_error(void);

/* Have interpreters that are made from now on begin with names and code in common. Only
 * the main interpreter can; if it fails, each begins with its own. */
void worker_share_start(void);
