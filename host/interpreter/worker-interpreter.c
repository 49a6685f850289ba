/* SPDX-License-Identifier: MIT */
/* worker-interpreter.c - an interpreter with its own GIL, called with bytes.
 *
 * A thread of the calling interpreter makes one, calls into it and ends it; while it is
 * in there it does not hold its own interpreter's GIL. Nothing but bytes crosses: the
 * arguments are seen in place, as memory views that end with the call; a result is
 * copied once, into the caller's bytes object.
 *
 * The thread state is kept between calls, so that what belongs to a thread there
 * (threading.local, the current thread, the running event loop) stays.
 */
#include "worker-private.h"

/* Results up to this size are copied once more on their way, which is cheaper than to
 * enter the worker again for letting go of them. */
#define WORKER_COPY_MAX (64 * 1024)

typedef struct {
    PyObject_HEAD PyThreadState *state; /* in the worker; NULL when ended */
    PyObject *entry;                    /* the worker's: what call() calls */
    unsigned long thread;               /* the only one that may enter */
} WorkerInterpreter;

/* What a call brought back: parts, or the reason why there are none. A part without an
 * object is a copy in C memory, else the object is the worker's. */
typedef struct {
    Py_buffer *parts;
    Py_ssize_t count;
    char *error;
} WorkerReply;

/* The pending exception as "Type: text"; owned by the caller. */
static char *
take_error(void)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *text = error == NULL ? NULL : PyObject_Str(error);
    const char *utf8 = text == NULL ? NULL : PyUnicode_AsUTF8(text);
    PyErr_Clear();
    char *said =
        g_strdup_printf("%s: %s", error == NULL ? "?" : Py_TYPE(error)->tp_name,
                        utf8 == NULL ? "(no text)" : utf8);
    Py_XDECREF(text);
    Py_XDECREF(error);
    return said;
}

/* ---- in the worker ------------------------------------------------------------- */

static void
copy_part(Py_buffer *part)
{
    void *copy = g_memdup2(part->buf, (gsize)part->len);
    Py_ssize_t size = part->len;
    PyBuffer_Release(part);
    *part = (Py_buffer){.buf = copy, .len = size};
}

/* Take hold of the parts of `said`, a tuple of bytes-like objects. */
static bool
take_parts(WorkerReply *reply, PyObject *said)
{
    if (!PyTuple_Check(said)) {
        PyErr_SetString(PyExc_TypeError, "the entry returns a tuple of bytes");
        return false;
    }
    Py_ssize_t total = 0;
    reply->parts = g_new0(Py_buffer, (gsize)PyTuple_GET_SIZE(said) + 1);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(said); i++) {
        Py_buffer *part = &reply->parts[i];
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(said, i), part, PyBUF_SIMPLE) < 0)
            return false;
        total += part->len;
        reply->count++;
    }
    for (Py_ssize_t i = 0; i < reply->count && total <= WORKER_COPY_MAX; i++)
        copy_part(&reply->parts[i]);
    return true;
}

/* End the views: the entry, which is ours, keeps nothing made from one either, and so
 * nothing in the worker sees the caller's memory after this. */
static bool
end_views(PyObject **views, Py_ssize_t count)
{
    bool ended = true;
    PyObject *raised = PyErr_GetRaisedException();
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *done = PyObject_CallMethod(views[i], "release", NULL);
        ended = ended && done != NULL;
        Py_XDECREF(done);
        Py_DECREF(views[i]);
    }
    if (ended)
        PyErr_SetRaisedException(raised);
    else
        Py_XDECREF(raised);
    return ended;
}

static PyObject *
call_entry(PyObject *entry, const Py_buffer *buffers, Py_ssize_t count)
{
    g_autofree PyObject **views = g_new0(PyObject *, (gsize)count + 1);
    for (Py_ssize_t i = 0; i < count; i++) {
        views[i] = PyMemoryView_FromMemory(buffers[i].buf, buffers[i].len, PyBUF_READ);
        if (views[i] == NULL) {
            end_views(views, i);
            return NULL;
        }
    }
    PyObject *said = PyObject_Vectorcall(entry, views, (size_t)count, NULL);
    if (!end_views(views, count))
        Py_CLEAR(said);
    return said;
}

static void
enter(WorkerReply *reply, PyObject *entry, const Py_buffer *buffers, Py_ssize_t count)
{
    PyObject *said = call_entry(entry, buffers, count);
    if (said == NULL || !take_parts(reply, said))
        reply->error = take_error();
    Py_XDECREF(said);
}

static PyObject *
find_entry(const char *module_name, const char *function)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *entry = module == NULL ? NULL : PyObject_GetAttrString(module, function);
    Py_XDECREF(module);
    return entry;
}

/* ---- in the caller ------------------------------------------------------------- */

static bool
may_enter(WorkerInterpreter *self)
{
    const char *refusal = NULL;
    if (self->state == NULL)
        refusal = "the interpreter has ended";
    else if (self->thread != PyThread_get_thread_ident())
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
    PyThreadState *caller = NULL;
    for (Py_ssize_t i = 0; i < reply->count; i++) {
        if (reply->parts[i].obj == NULL) {
            g_free(reply->parts[i].buf);
            continue;
        }
        if (caller == NULL)
            caller = PyThreadState_Swap(self->state);
        PyBuffer_Release(&reply->parts[i]);
    }
    if (caller != NULL)
        PyThreadState_Swap(caller);
    g_free(reply->parts);
    g_free(reply->error);
}

static PyObject *
call_with(WorkerInterpreter *self, const Py_buffer *buffers, Py_ssize_t count)
{
    WorkerReply reply = {0};
    PyThreadState *caller = PyThreadState_Swap(self->state);
    enter(&reply, self->entry, buffers, count);
    PyThreadState_Swap(caller);
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

/* What belongs to the thread is cleared while the interpreter is whole; it then ends
 * in a thread state that holds nothing. */
static void
end_interpreter(WorkerInterpreter *self)
{
    PyThreadState *caller = PyThreadState_Swap(self->state);
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
    PyThreadState_Swap(caller);
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

/* Make the interpreter and find its entry; the caller's thread state is current again
 * after it. The reason of a failure is an exception of the caller's. */
static bool
start(WorkerInterpreter *self, const char *module, const char *function)
{
    const PyInterpreterConfig config = {
        .allow_threads = 1,
        .check_multi_interp_extensions = 1,
        .gil = PyInterpreterConfig_OWN_GIL,
    };
    PyThreadState *caller = PyThreadState_Get();
    PyStatus status = Py_NewInterpreterFromConfig(&self->state, &config);
    if (PyStatus_Exception(status)) {
        self->state = NULL;
        PyErr_Format(PyExc_RuntimeError, "no further interpreter: %s",
                     status.err_msg == NULL ? "no reason given" : status.err_msg);
        return false;
    }
    self->entry = find_entry(module, function);
    g_autofree char *error = self->entry == NULL ? take_error() : NULL;
    PyThreadState_Swap(caller);
    if (error == NULL)
        return true;
    end_interpreter(self);
    PyErr_Format(PyExc_RuntimeError, "the interpreter cannot start: %s", error);
    return false;
}

static PyObject *
worker_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    const char *module, *function;
    if (keywords != NULL && PyDict_GET_SIZE(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Interpreter() takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(arguments, "ss:Interpreter", &module, &function))
        return NULL;
    WorkerInterpreter *self = (WorkerInterpreter *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->thread = PyThread_get_thread_ident();
    if (!start(self, module, function))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void
worker_dealloc(PyObject *object)
{
    WorkerInterpreter *self = (WorkerInterpreter *)object;
    PyTypeObject *type = Py_TYPE(object);
    /* In another thread it cannot be ended: it then stays until the process ends. */
    if (self->state != NULL && self->thread == PyThread_get_thread_ident())
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
     (void *)"Interpreter(module, function): an interpreter with its own GIL, "
             "entered through module.function(*views) -> tuple of bytes."},
    {0, NULL},
};

PyType_Spec worker_interpreter_spec = {
    .name = "_ferrule_interpreters.Interpreter",
    .basicsize = sizeof(WorkerInterpreter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = worker_slots,
};
