/* SPDX-License-Identifier: MIT */
/* _ferrule_guard.Stream: one payload in pieces. */
#include "guardmodule.h"

typedef struct {
    PyObject_HEAD SchemaGuardStream *stream; /* owned; NULL until guardstream_new() */
#ifdef Py_GIL_DISABLED
    PyMutex lock; /* guards stream */
#endif
} StreamObject;

#ifdef Py_GIL_DISABLED
#define STREAM_LOCK(self)   PyMutex_Lock(&((StreamObject *)(self))->lock)
#define STREAM_UNLOCK(self) PyMutex_Unlock(&((StreamObject *)(self))->lock)
#else
#define STREAM_LOCK(self)   ((void)0)
#define STREAM_UNLOCK(self) ((void)0)
#endif

PyObject *
guardstream_new(PyTypeObject *type, SchemaGuard *guard)
{
    PyObject *self = type->tp_alloc(type, 0);
    if (self != NULL) {
        ((StreamObject *)self)->stream = schema_guard_stream_new(guard);
    }
    return self;
}

static void
stream_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    schema_guard_stream_free(((StreamObject *)self)->stream);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
state_name(SchemaGuardStreamState state)
{
    static const char *const names[] = {"valid-so-far", "invalid", "complete"};
    return PyUnicode_InternFromString(names[state]);
}

PyDoc_STRVAR(stream_feed_doc,
             "feed(chunk, /)\n--\n\n"
             "Add a piece of the payload, which may end anywhere (bytes: even inside a "
             "character).\nReturn \"valid-so-far\", \"invalid\" or \"complete\".");

static PyObject *
stream_feed(PyObject *self, PyObject *chunk)
{
    GuardText text;
    if (!guardtext_get(chunk, &text)) {
        return NULL;
    }
    STREAM_LOCK(self);
    SchemaGuardStreamState state = schema_guard_stream_feed(
        ((StreamObject *)self)->stream, text.text, text.length);
    STREAM_UNLOCK(self);
    guardtext_clear(&text);
    return state_name(state);
}

PyDoc_STRVAR(stream_finish_doc,
             "finish()\n--\n\n"
             "Say that nothing follows. Return \"invalid\" or \"complete\".");

static PyObject *
stream_finish(PyObject *self, PyObject *unused)
{
    STREAM_LOCK(self);
    SchemaGuardStreamState state =
        schema_guard_stream_finish(((StreamObject *)self)->stream);
    STREAM_UNLOCK(self);
    return state_name(state);
}

PyDoc_STRVAR(stream_report_doc,
             "report()\n--\n\nReturn (explanation, issues) of what has come so far.");

static PyObject *
stream_report(PyObject *self, PyObject *unused)
{
    STREAM_LOCK(self);
    g_autoptr(SchemaGuardReport) report =
        schema_guard_stream_report(((StreamObject *)self)->stream);
    STREAM_UNLOCK(self);
    GuardState *state = PyType_GetModuleState(Py_TYPE(self));
    return guardobject_report(state->issue_type, report);
}

static PyMethodDef stream_methods[] = {
    {"feed", stream_feed, METH_O, stream_feed_doc},
    {"finish", stream_finish, METH_NOARGS, stream_finish_doc},
    {"report", stream_report, METH_NOARGS, stream_report_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(stream_doc, "One payload in pieces; see ferrule.guard.Stream.");

static PyType_Slot stream_slots[] = {
    {Py_tp_doc, (void *)stream_doc},
    {Py_tp_dealloc, stream_dealloc},
    {Py_tp_methods, stream_methods},
    {0, NULL},
};

PyType_Spec guardstream_spec = {
    .name = "_ferrule_guard.Stream",
    .basicsize = sizeof(StreamObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = stream_slots,
};
