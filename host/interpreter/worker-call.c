/* SPDX-License-Identifier: MIT */
/* worker-call.c - what happens inside a worker: its entry is called with views of the
 * caller's bytes, and says parts of bytes. */
#include "worker-private.h"

/* Results up to this size are copied once more on their way, which is cheaper than to
 * enter the worker again for letting go of them. */
#define WORKER_COPY_MAX (64 * 1024)

char *
worker_take_error(void)
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
call_with_views(PyObject *entry, const Py_buffer *buffers, Py_ssize_t count)
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

void
worker_call_entry(PyObject *entry, const Py_buffer *buffers, Py_ssize_t count,
                  WorkerReply *reply)
{
    PyObject *said = call_with_views(entry, buffers, count);
    if (said == NULL || !take_parts(reply, said))
        reply->error = worker_take_error();
    Py_XDECREF(said);
}
