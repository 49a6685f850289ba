/* SPDX-License-Identifier: MIT */
/* _ferrule_guard.Guard: one compiled schema. */
#include "guardbuild.h"

typedef struct {
    PyObject_HEAD SchemaGuard *guard; /* owned; NULL until __init__ */
    GuardNames *names; /* guarded by the interpreter lock; NULL until needed */
} GuardObject;

static SchemaGuard *
get_guard(PyObject *self)
{
    SchemaGuard *guard = ((GuardObject *)self)->guard;
    if (guard == NULL) {
        PyErr_SetString(PyExc_ValueError, "the guard has no schema yet");
    }
    return guard;
}

/* Guard(schema, draft, assert_formats, resources, max_depth, max_bytes, duplicates,
 * mask=None) */
static int
guard_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    GuardObject *object = (GuardObject *)self;
    const char *schema;
    Py_ssize_t length;
    PyObject *values[GUARD_OPTION_VALUES] = {NULL};
    if (!PyArg_ParseTuple(args, "y#OOO!OOO|O", &schema, &length, &values[0], &values[1],
                          &PyTuple_Type, &values[2], &values[3], &values[4], &values[5],
                          &values[6])) {
        return -1;
    }
    if (object->guard != NULL) {
        PyErr_SetString(PyExc_ValueError, "a guard cannot be initialised twice");
        return -1;
    }
    GuardOptions options;
    GError *error = NULL;
    if (guardoptions_read(values, &options)) {
        object->guard =
            schema_guard_new(schema, (size_t)length, &options.options, &error);
    }
    PyMem_Free(options.offers);
    if (error != NULL) {
        PyErr_SetString(PyExc_ValueError, error->message);
        g_error_free(error);
    }
    return object->guard != NULL ? 0 : -1;
}

static void
guard_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    schema_guard_unref(((GuardObject *)self)->guard);
    GuardNames *names = ((GuardObject *)self)->names;
    if (names != NULL) {
        guardbuild_names_clear(names);
        PyMem_Free(names);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static bool
is_valid(SchemaGuard *guard, const GuardText *text)
{
    bool ok;
    if (text->length < GUARD_RELEASE_MIN || !text->is_fixed) {
        return schema_guard_is_valid(guard, text->text, text->length);
    }
    Py_BEGIN_ALLOW_THREADS;
    ok = schema_guard_is_valid(guard, text->text, text->length);
    Py_END_ALLOW_THREADS;
    return ok;
}

PyDoc_STRVAR(guard_is_valid_doc,
             "is_valid(payload, /)\n--\n\n"
             "Whether the payload (str or bytes) is JSON and fits the schema.");

/* Any payload, of any size. */
static __attribute__((noinline)) PyObject *
is_any_valid(SchemaGuard *guard, PyObject *payload)
{
    GuardText text;
    if (guard == NULL || !guardtext_get(payload, &text)) {
        return NULL;
    }
    bool ok = is_valid(guard, &text);
    guardtext_clear(&text);
    return PyBool_FromLong(ok);
}

static PyObject *
guard_is_valid(PyObject *self, PyObject *payload)
{
    SchemaGuard *guard = get_guard(self);
    size_t length;
    const char *text = guardtext_peek(payload, &length);
    if (guard == NULL || text == NULL || length >= GUARD_RELEASE_MIN) {
        return is_any_valid(guard, payload);
    }
    if (schema_guard_is_valid(guard, text, length)) {
        Py_RETURN_TRUE;
    }
    Py_RETURN_FALSE;
}

/* Has the Python half raise InvalidPayload. */
static PyObject *
refuse(PyObject *self, PyObject *payload)
{
    return PyObject_CallMethod(self, "_refuse", "O", payload);
}

PyDoc_STRVAR(
    guard_validate_doc,
    "validate(payload, /, *, repair=False)\n--\n\n"
    "Raise InvalidPayload with all errors unless the payload is valid. repair: "
    "as repair().");

static PyObject *
guard_validate(PyObject *self, PyObject *payload)
{
    SchemaGuard *guard = get_guard(self);
    GuardText text;
    if (guard == NULL || !guardtext_get(payload, &text)) {
        return NULL;
    }
    bool ok = is_valid(guard, &text);
    guardtext_clear(&text);
    return ok ? Py_NewRef(Py_None) : refuse(self, payload);
}

/* NULL when there is no memory, or no lock to guard them. */
static GuardNames *
remembered_names(GuardObject *self)
{
#ifdef Py_GIL_DISABLED
    return NULL;
#else
    if (self->names == NULL) {
        self->names = PyMem_Calloc(1, sizeof *self->names);
    }
    return self->names;
#endif
}

PyDoc_STRVAR(guard_loads_doc,
             "loads(payload, /, *, repair=False)\n--\n\n"
             "Return what json.loads() does, or raise InvalidPayload. repair: as "
             "repair().");

static PyObject *
guard_loads(PyObject *self, PyObject *payload)
{
    SchemaGuard *guard = get_guard(self);
    GuardText text;
    if (guard == NULL || !guardtext_get(payload, &text)) {
        return NULL;
    }
    PyObject *value = NULL;
    bool ok = is_valid(guard, &text);
    if (ok) {
        GuardNames *names = remembered_names((GuardObject *)self);
        value = guardbuild_value(text.text, text.length, names);
    }
    guardtext_clear(&text);
    return ok ? value : refuse(self, payload);
}

PyDoc_STRVAR(guard_is_valid_object_doc,
             "is_valid_object(obj, /)\n--\n\n"
             "Whether an object that is parsed already fits the schema.");

static PyObject *
guard_is_valid_object(PyObject *self, PyObject *object)
{
    SchemaGuard *guard = get_guard(self);
    if (guard == NULL) {
        return NULL;
    }
    GuardWriter writer;
    GuardWrite result = guardwrite_value(&writer, object);
    bool ok = result == GUARD_WRITE_OK &&
              schema_guard_is_valid(guard, writer.bytes, writer.length);
    guardwrite_clear(&writer);
    return result == GUARD_WRITE_ERROR ? NULL : PyBool_FromLong(ok);
}

static PyObject *
issue_list(PyTypeObject *type, SchemaGuardReport *report)
{
    size_t count = schema_guard_report_count(report);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *item = guardissue_new(type, report, i);
        if (item == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, item);
    }
    return list;
}

static PyObject *
explanation_of(SchemaGuardReport *report)
{
    const char *text = schema_guard_report_explain(report);
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *
guardobject_report(PyTypeObject *issue_type, SchemaGuardReport *report)
{
    PyObject *list = issue_list(issue_type, report);
    PyObject *text = list != NULL ? explanation_of(report) : NULL;
    if (text == NULL) {
        Py_XDECREF(list);
        return NULL;
    }
    return Py_BuildValue("(NN)", text, list);
}

/* Returns NULL with an exception set, or without one when there is nothing wrong. */
static SchemaGuardReport *
make_report(PyObject *self, PyObject *payload)
{
    SchemaGuard *guard = get_guard(self);
    GuardText text;
    SchemaGuardReport *report = NULL;
    if (guard != NULL && guardtext_get(payload, &text)) {
        if (!is_valid(guard, &text)) {
            report = schema_guard_report(guard, text.text, text.length);
        }
        guardtext_clear(&text);
    }
    return report;
}

/* The one payload of a method that needs its module. */
static PyObject *
only_argument(const char *name, PyObject *const *args, Py_ssize_t count,
              PyObject *keywords)
{
    if (count != 1 || (keywords != NULL && PyTuple_GET_SIZE(keywords) > 0)) {
        PyErr_Format(PyExc_TypeError, "%s() takes one payload", name);
        return NULL;
    }
    return args[0];
}

PyDoc_STRVAR(guard_errors_doc,
             "errors(payload, /)\n--\n\n"
             "Return every Issue of the payload; [] when it is valid.");

static PyObject *
guard_errors(PyObject *self, PyTypeObject *defining, PyObject *const *args,
             Py_ssize_t count, PyObject *keywords)
{
    PyObject *payload = only_argument("errors", args, count, keywords);
    if (payload == NULL) {
        return NULL;
    }
    GuardState *state = PyType_GetModuleState(defining);
    g_autoptr(SchemaGuardReport) report = make_report(self, payload);
    if (report == NULL) {
        return PyErr_Occurred() ? NULL : PyList_New(0);
    }
    return issue_list(state->issue_type, report);
}

PyDoc_STRVAR(guard_explain_doc,
             "explain(payload, /)\n--\n\n"
             "Return text a model can correct itself from; \"\" when valid.");

static PyObject *
guard_explain(PyObject *self, PyObject *payload)
{
    g_autoptr(SchemaGuardReport) report = make_report(self, payload);
    if (report == NULL) {
        return PyErr_Occurred() ? NULL : PyUnicode_FromStringAndSize(NULL, 0);
    }
    return explanation_of(report);
}

PyDoc_STRVAR(guard_report_doc, "report(payload, /)\n--\n\n"
                               "Return (explanation, errors).");

static PyObject *
guard_report(PyObject *self, PyTypeObject *defining, PyObject *const *args,
             Py_ssize_t count, PyObject *keywords)
{
    PyObject *payload = only_argument("report", args, count, keywords);
    if (payload == NULL) {
        return NULL;
    }
    GuardState *state = PyType_GetModuleState(defining);
    g_autoptr(SchemaGuardReport) report = make_report(self, payload);
    if (report == NULL) {
        return PyErr_Occurred() ? NULL : Py_BuildValue("(s[])", "");
    }
    return guardobject_report(state->issue_type, report);
}

PyDoc_STRVAR(guard_stream_doc, "stream()\n--\n\nReturn a stream for one payload.");

static PyObject *
guard_stream(PyObject *self, PyTypeObject *defining, PyObject *const *args,
             Py_ssize_t count, PyObject *keywords)
{
    SchemaGuard *guard = get_guard(self);
    GuardState *state = PyType_GetModuleState(defining);
    if (count > 0) {
        PyErr_SetString(PyExc_TypeError, "stream() takes no arguments");
        return NULL;
    }
    return guard != NULL ? guardstream_new(state->stream_type, guard) : NULL;
}

PyDoc_STRVAR(guard_dump_doc, "dump()\n--\n\nReturn the compiled program as text.");

static PyObject *
guard_dump(PyObject *self, PyObject *unused)
{
    SchemaGuard *guard = get_guard(self);
    if (guard == NULL) {
        return NULL;
    }
    g_autofree char *text = schema_guard_dump(guard);
    return PyUnicode_FromString(text);
}

/* A method of one payload, but for repair=True, which is Python's work. */
static PyObject *
call_repair(PyObject *self, PyCFunction plain, PyObject *const *args, Py_ssize_t count,
            PyObject *keywords)
{
    Py_ssize_t named = keywords != NULL ? PyTuple_GET_SIZE(keywords) : 0;
    bool is_repair = named == 1 && PyUnicode_CompareWithASCIIString(
                                       PyTuple_GET_ITEM(keywords, 0), "repair") == 0;
    int wants = is_repair && count == 1 ? PyObject_IsTrue(args[1]) : 0;
    if (wants < 0) {
        return NULL;
    }
    if (count != 1 || named > is_repair) {
        PyErr_SetString(PyExc_TypeError, "takes one payload, and the keyword repair");
        return NULL;
    }
    return wants > 0 ? PyObject_CallMethod(self, "repair", "O", args[0])
                     : plain(self, args[0]);
}

static PyObject *
guard_validate_call(PyObject *self, PyObject *const *args, Py_ssize_t count,
                    PyObject *keywords)
{
    return count == 1 && keywords == NULL
               ? guard_validate(self, args[0])
               : call_repair(self, guard_validate, args, count, keywords);
}

static PyObject *
guard_loads_call(PyObject *self, PyObject *const *args, Py_ssize_t count,
                 PyObject *keywords)
{
    return count == 1 && keywords == NULL
               ? guard_loads(self, args[0])
               : call_repair(self, guard_loads, args, count, keywords);
}

static PyMethodDef guard_methods[] = {
    {"is_valid", guard_is_valid, METH_O, guard_is_valid_doc},
    {"validate", (PyCFunction)(void (*)(void))guard_validate_call,
     METH_FASTCALL | METH_KEYWORDS, guard_validate_doc},
    {"loads", (PyCFunction)(void (*)(void))guard_loads_call,
     METH_FASTCALL | METH_KEYWORDS, guard_loads_doc},
    {"is_valid_object", guard_is_valid_object, METH_O, guard_is_valid_object_doc},
    {"errors", (PyCFunction)(void (*)(void))guard_errors,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, guard_errors_doc},
    {"explain", guard_explain, METH_O, guard_explain_doc},
    {"report", (PyCFunction)(void (*)(void))guard_report,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, guard_report_doc},
    {"stream", (PyCFunction)(void (*)(void))guard_stream,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, guard_stream_doc},
    {"dump", guard_dump, METH_NOARGS, guard_dump_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(guard_doc, "One compiled JSON Schema; see ferrule.SchemaGuard.");

static PyType_Slot guard_slots[] = {
    {Py_tp_doc, (void *)guard_doc}, {Py_tp_init, guard_init},
    {Py_tp_dealloc, guard_dealloc}, {Py_tp_methods, guard_methods},
    {Py_tp_new, PyType_GenericNew}, {0, NULL},
};

PyType_Spec guardobject_spec = {
    .name = "_ferrule_guard.Guard",
    .basicsize = sizeof(GuardObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = guard_slots,
};
