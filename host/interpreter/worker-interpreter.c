/* SPDX-License-Identifier: MIT */
/* worker-interpreter.c - an interpreter with its own GIL, called with bytes.
 *
 * A thread of the calling interpreter makes one, calls into it and ends it; while it is
 * in there, or waits for the thread that is there in its place (batch priority), it
 * does not hold its own interpreter's GIL. Nothing but bytes crosses: the arguments are
 * seen in place, as memory views that end with the call; a result is copied once, into
 * the caller's bytes object.
 *
 * The thread state is kept between calls, so that what belongs to a thread there
 * (threading.local, the current thread, the running event loop) stays.
 */
#include "worker-private.h"

#include "stdlib-private.h"

typedef struct {
    PyObject_HEAD PyThreadState *state; /* in the worker; NULL when ended */
    PyObject *entry;                    /* the worker's: what call() calls */
    unsigned long owner;                /* the only thread that may call */
    unsigned long thread;               /* the one that enters */
    WorkerThread *helper;               /* that enters for the owner, or NULL */
} WorkerInterpreter;

/* ---- in the worker ------------------------------------------------------------- */

static PyObject *
find_entry(const char *module_name, const char *function)
{
    PyObject *module = stdlib_loader_load_alone(module_name);
    PyObject *entry = module == NULL ? NULL : PyObject_GetAttrString(module, function);
    Py_XDECREF(module);
    return entry;
}

typedef struct Visit Visit;
struct Visit {
    WorkerInterpreter *self;
    void (*what)(Visit *visit);
    WorkerReply *reply;
    const Py_buffer *buffers;
    Py_ssize_t count;
    const char *module, *function;
    char *error; /* the owner's to free */
};

static void
begin(Visit *visit)
{
    const PyInterpreterConfig config = {
        .allow_threads = 1,
        .check_multi_interp_extensions = 1,
        .gil = PyInterpreterConfig_OWN_GIL,
    };
    WorkerInterpreter *self = visit->self;
    PyStatus status = Py_NewInterpreterFromConfig(&self->state, &config);
    if (PyStatus_Exception(status)) {
        self->state = NULL;
        visit->error = g_strconcat(
            "no further interpreter: ",
            status.err_msg == NULL ? "no reason given" : status.err_msg, NULL);
        return;
    }
    self->thread = PyThread_get_thread_ident();
    self->entry = find_entry(visit->module, visit->function);
    if (self->entry != NULL)
        return;
    g_autofree char *reason = worker_take_error();
    visit->error = g_strconcat("the interpreter cannot start: ", reason, NULL);
}

static void
enter(Visit *visit)
{
    worker_call_entry(visit->self->entry, visit->buffers, visit->count, visit->reply);
}

static void
release_parts(Visit *visit)
{
    for (Py_ssize_t i = 0; i < visit->reply->count; i++)
        PyBuffer_Release(&visit->reply->parts[i]);
}

/* What belongs to the thread is cleared while the interpreter is whole; it then ends
 * in a thread state that holds nothing. */
static void
end(Visit *visit)
{
    WorkerInterpreter *self = visit->self;
    Py_CLEAR(self->entry);
    PyThreadState *last = PyThreadState_New(PyThreadState_GetInterpreter(self->state));
    if (last != NULL) {
        PyThreadState_Clear(self->state);
        PyThreadState_Swap(last);
        PyThreadState_Delete(self->state);
        self->state = last;
    }
    Py_EndInterpreter(self->state);
    self->state = NULL;
}

/* ---- on the way ---------------------------------------------------------------- */

static void
visit_here(void *data)
{
    Visit *visit = data;
    PyThreadState *before = PyThreadState_GetUnchecked();
    if (visit->self->state != NULL)
        PyThreadState_Swap(visit->self->state);
    visit->what(visit);
    PyThreadState_Swap(before);
}

static void
do_visit(Visit *visit)
{
    if (visit->self->helper == NULL) {
        visit_here(visit);
        return;
    }
    PyThreadState *caller = PyEval_SaveThread();
    worker_thread_run(visit->self->helper, visit_here, visit);
    PyEval_RestoreThread(caller);
}

/* ---- in the caller ------------------------------------------------------------- */

static bool
may_enter(WorkerInterpreter *self)
{
    const char *refusal = NULL;
    if (self->state == NULL)
        refusal = "the interpreter has ended";
    else if (self->owner != PyThread_get_thread_ident())
        refusal = "an interpreter is called by the thread that made it, and no other";
    if (refusal != NULL)
        PyErr_SetString(PyExc_RuntimeError, refusal);
    return refusal == NULL;
}

static PyObject *
reply_bytes(const WorkerReply *reply)
{
    PyObject *all = PyTuple_New(reply->count);
    for (Py_ssize_t i = 0; i < reply->count && all != NULL; i++) {
        const Py_buffer *part = &reply->parts[i];
        PyObject *bytes = PyBytes_FromStringAndSize(part->buf, part->len);
        if (bytes == NULL)
            Py_CLEAR(all);
        else
            PyTuple_SET_ITEM(all, i, bytes);
    }
    return all;
}

/* Let go of the reply; of what is the worker's, in the worker. */
static void
clear_reply(WorkerInterpreter *self, WorkerReply *reply)
{
    bool is_theirs = false;
    for (Py_ssize_t i = 0; i < reply->count; i++) {
        if (reply->parts[i].obj != NULL)
            is_theirs = true;
        else
            g_free(reply->parts[i].buf);
    }
    if (is_theirs)
        do_visit(&(Visit){self, release_parts, .reply = reply});
    g_free(reply->parts);
    g_free(reply->error);
}

static PyObject *
call_with(WorkerInterpreter *self, const Py_buffer *buffers, Py_ssize_t count)
{
    WorkerReply reply = {0};
    do_visit(&(Visit){self, enter, &reply, buffers, count});
    PyObject *all = NULL;
    if (reply.error == NULL)
        all = reply_bytes(&reply);
    else
        PyErr_Format(PyExc_RuntimeError, "in the interpreter: %s", reply.error);
    clear_reply(self, &reply);
    return all;
}

static PyObject *
worker_call(PyObject *object, PyObject *const *arguments, Py_ssize_t count)
{
    WorkerInterpreter *self = (WorkerInterpreter *)object;
    if (!may_enter(self))
        return NULL;
    g_autofree Py_buffer *buffers = g_new0(Py_buffer, (gsize)count + 1);
    Py_ssize_t held = 0;
    while (held < count &&
           PyObject_GetBuffer(arguments[held], &buffers[held], PyBUF_SIMPLE) == 0)
        held++;
    PyObject *all = held == count ? call_with(self, buffers, count) : NULL;
    while (held > 0)
        PyBuffer_Release(&buffers[--held]);
    return all;
}

static void
end_helper(WorkerInterpreter *self)
{
    if (self->helper == NULL)
        return;
    PyThreadState *caller = PyEval_SaveThread();
    worker_thread_free(self->helper);
    PyEval_RestoreThread(caller);
    self->helper = NULL;
}

static void
end_interpreter(WorkerInterpreter *self)
{
    do_visit(&(Visit){self, end});
    end_helper(self);
}

static PyObject *
worker_close(PyObject *object, PyObject *ignored)
{
    WorkerInterpreter *self = (WorkerInterpreter *)object;
    if (self->state == NULL)
        Py_RETURN_NONE;
    if (!may_enter(self))
        return NULL;
    end_interpreter(self);
    Py_RETURN_NONE;
}

/* Make the interpreter and find its entry; the reason of a failure is an exception. */
static bool
start(WorkerInterpreter *self, const char *module, const char *function)
{
    worker_share_start();
    Visit visit = {self, begin, .module = module, .function = function};
    do_visit(&visit);
    if (visit.error == NULL)
        return true;
    if (self->state != NULL)
        do_visit(&(Visit){self, end});
    PyErr_SetString(PyExc_RuntimeError, visit.error);
    g_free(visit.error);
    return false;
}

static PyObject *
worker_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    const char *module, *function;
    int is_batch = 0;
    if (keywords != NULL && PyDict_GET_SIZE(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Interpreter() takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(arguments, "ss|p:Interpreter", &module, &function, &is_batch))
        return NULL;
    WorkerInterpreter *self = (WorkerInterpreter *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->owner = PyThread_get_thread_ident();
    self->helper = is_batch ? worker_thread_new() : NULL;
    bool has_threads = !is_batch || self->helper != NULL;
    if (!has_threads)
        PyErr_SetFromErrno(PyExc_OSError);
    if (has_threads && start(self, module, function))
        return (PyObject *)self;
    end_helper(self);
    Py_DECREF(self);
    return NULL;
}

static void
worker_dealloc(PyObject *object)
{
    WorkerInterpreter *self = (WorkerInterpreter *)object;
    PyTypeObject *type = Py_TYPE(object);
    /* In another thread it cannot be ended: it then stays until the process ends. */
    if (self->state != NULL && self->owner == PyThread_get_thread_ident())
        end_interpreter(self);
    type->tp_free(object);
    Py_DECREF(type);
}

/* From any thread of the caller's interpreter; who calls sees to it that the worker is
 * not closed meanwhile. Waits for the worker's GIL, not with the caller's. */
static PyObject *
worker_interrupt(PyObject *object, PyObject *ignored)
{
    WorkerInterpreter *self = (WorkerInterpreter *)object;
    if (self->state == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter has ended");
        return NULL;
    }
    PyThreadState *visitor =
        PyThreadState_New(PyThreadState_GetInterpreter(self->state));
    if (visitor == NULL)
        return PyErr_NoMemory();
    PyThreadState *caller = PyThreadState_Swap(visitor);
    PyThreadState_SetAsyncExc(self->thread, PyExc_KeyboardInterrupt);
    PyThreadState_Clear(visitor);
    PyThreadState_Swap(caller);
    PyThreadState_Delete(visitor);
    Py_RETURN_NONE;
}

static PyMethodDef worker_methods[] = {
    {"call", (PyCFunction)(void (*)(void))worker_call, METH_FASTCALL,
     "call(*buffers) -> tuple of bytes: call the entry with views of the buffers."},
    {"close", worker_close, METH_NOARGS,
     "End the interpreter: its threads are joined, its atexit functions run."},
    {"interrupt", worker_interrupt, METH_NOARGS,
     "Raise KeyboardInterrupt in the thread that is in the interpreter."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot worker_slots[] = {
    {Py_tp_new, worker_new},
    {Py_tp_dealloc, worker_dealloc},
    {Py_tp_methods, worker_methods},
    {Py_tp_doc,
     (void *)"Interpreter(module, function, is_batch=False): an interpreter with its "
             "own GIL, entered through module.function(*views) -> tuple of bytes; in "
             "a thread of its own that gives way to all others if is_batch."},
    {0, NULL},
};

PyType_Spec worker_interpreter_spec = {
    .name = "_ferrule_interpreters.Interpreter",
    .basicsize = sizeof(WorkerInterpreter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = worker_slots,
};
