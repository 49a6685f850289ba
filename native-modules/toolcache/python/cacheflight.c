/* SPDX-License-Identifier: MIT */
/* The type Flight: one's part in loading a missing key. A leader that forgets to end it
 * - its coroutine was dropped, its interpreter is going - hands over when the object
 * goes. */
#include "cachemodule.h"

typedef struct {
    PyObject ob_base;
    PyObject *store; /* owned: keeps the mapping */
    ToolCacheFlight flight;
    ToolCacheFlightState state;
} FlightObject;

static const char *const flight_states[] = {
    [TOOL_CACHE_FLIGHT_LEAD] = "lead",     [TOOL_CACHE_FLIGHT_WAIT] = "wait",
    [TOOL_CACHE_FLIGHT_OWN] = "own",       [TOOL_CACHE_FLIGHT_DONE] = "done",
    [TOOL_CACHE_FLIGHT_FAILED] = "failed", [TOOL_CACHE_FLIGHT_TIMEOUT] = "timeout",
};

static ToolCache *
flight_cache(const FlightObject *self)
{
    return ((CacheObject *)self->store)->cache;
}

const char cacheflight_join_doc[] =
    "_join($self, tool, args, /)\n--\n\n"
    "Return a Flight for a missing key: its state is 'lead', 'wait' or 'own'.";

PyObject *
cacheflight_join(PyObject *store, PyObject *const *args, Py_ssize_t count)
{
    CacheObject *object = (CacheObject *)store;
    CacheArguments arguments;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "_join() takes tool and args");
        return NULL;
    }
    PyTypeObject *type = object->state->flight_type;
    FlightObject *self = (FlightObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->store = Py_NewRef(store);
    self->state = TOOL_CACHE_FLIGHT_DONE;
    if (!cachemodule_key(object, args[0], args[1], &arguments)) {
        Py_DECREF(self);
        return NULL;
    }
    GError *error = NULL;
    ToolCacheFlightState state =
        tool_cache_flight_join(object->cache, &arguments.key, &self->flight, &error);
    cachemodule_key_clear(&arguments);
    if (state == TOOL_CACHE_FLIGHT_INVALID) {
        Py_DECREF(self);
        return cachemodule_raise(error);
    }
    self->state = state;
    return (PyObject *)self;
}

PyDoc_STRVAR(
    flight_wait_doc,
    "wait($self, seconds, /)\n--\n\n"
    "Sleep without the interpreter lock until the leader is done, at most\n"
    "`seconds`. Returns (state, text): 'lead' (it is gone: take over), 'done',\n"
    "'failed' with what it ended with, or 'timeout'.");

static PyObject *
flight_wait(PyObject *object, PyObject *seconds)
{
    FlightObject *self = (FlightObject *)object;
    char text[TOOL_CACHE_FLIGHT_TEXT];
    size_t size = 0;
    ToolCacheFlightState state;
    uint64_t timeout_ns;
    if (!cachemodule_seconds("a time to wait", seconds, &timeout_ns)) {
        return NULL;
    }
    timeout_ns = MIN(timeout_ns, (uint64_t)INT64_MAX / 4);
    ToolCacheFlight flight = self->flight;
    Py_BEGIN_ALLOW_THREADS state = tool_cache_flight_wait(
        flight_cache(self), &flight, (int64_t)timeout_ns, text, &size);
    Py_END_ALLOW_THREADS if (state == TOOL_CACHE_FLIGHT_LEAD)
    {
        self->flight = flight;
        self->state = state;
    }
    PyObject *result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
    return result == NULL ? NULL : Py_BuildValue("(sN)", flight_states[state], result);
}

PyDoc_STRVAR(flight_end_doc,
             "end($self, failure=None, /)\n--\n\n"
             "The leader is done; failure: what the waiters are told, or None.");

static PyObject *
flight_end(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    FlightObject *self = (FlightObject *)object;
    const char *text = NULL;
    Py_ssize_t size = 0;
    if (count > 0 && args[0] != Py_None) {
        text = PyUnicode_AsUTF8AndSize(args[0], &size);
        if (text == NULL) {
            return NULL;
        }
    }
    if (self->state == TOOL_CACHE_FLIGHT_LEAD) {
        self->state = TOOL_CACHE_FLIGHT_DONE;
        tool_cache_flight_end(flight_cache(self), &self->flight, text, (size_t)size);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(flight_abandon_doc, "abandon($self, /)\n--\n\n"
                                 "The leader did not load: the others look again.");

static PyObject *
flight_abandon(PyObject *object, PyObject *unused)
{
    FlightObject *self = (FlightObject *)object;
    if (self->state == TOOL_CACHE_FLIGHT_LEAD) {
        self->state = TOOL_CACHE_FLIGHT_DONE;
        tool_cache_flight_abandon(flight_cache(self), &self->flight);
    }
    Py_RETURN_NONE;
}

static void
flight_dealloc(PyObject *object)
{
    FlightObject *self = (FlightObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->state == TOOL_CACHE_FLIGHT_LEAD) {
        tool_cache_flight_abandon(flight_cache(self), &self->flight);
    }
    Py_XDECREF(self->store);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *
flight_get_state(PyObject *object, void *unused)
{
    return PyUnicode_FromString(flight_states[((FlightObject *)object)->state]);
}

/* Names the turn: the same for all that wait for one leader. */
static PyObject *
flight_get_key(PyObject *object, void *unused)
{
    const ToolCacheFlight *flight = &((FlightObject *)object)->flight;
    return Py_BuildValue("(KII)", (unsigned long long)flight->hash, flight->slot,
                         flight->turn);
}

static PyMethodDef flight_methods[] = {
    {"wait", flight_wait, METH_O, flight_wait_doc},
    {"end", (PyCFunction)(void (*)(void))flight_end, METH_FASTCALL, flight_end_doc},
    {"abandon", flight_abandon, METH_NOARGS, flight_abandon_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef flight_getset[] = {
    {"state", flight_get_state, NULL, "'lead', 'wait', 'own' or 'done'", NULL},
    {"key", flight_get_key, NULL, "what all that wait for one leader share", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot flight_slots[] = {
    {Py_tp_dealloc, flight_dealloc},
    {Py_tp_methods, flight_methods},
    {Py_tp_getset, flight_getset},
    {0, NULL},
};

PyType_Spec cacheflight_spec = {
    .name = "_ferrule_cache.Flight",
    .basicsize = sizeof(FlightObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = flight_slots,
};
