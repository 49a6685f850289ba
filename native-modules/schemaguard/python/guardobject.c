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

/* draft names, in the order of SchemaGuardDraft */
static bool
read_draft(PyObject *name, SchemaGuardDraft *ret_draft)
{
    static const char *const names[] = {"draft-04", "draft-06", "draft-07", "2019-09",
                                        "2020-12"};
    *ret_draft = SCHEMA_GUARD_DRAFT_AUTO;
    if (name == Py_None) {
        return true;
    }
    for (size_t i = 0; PyUnicode_Check(name) && i < G_N_ELEMENTS(names); i++) {
        if (PyUnicode_CompareWithASCIIString(name, names[i]) == 0) {
            *ret_draft = (SchemaGuardDraft)(SCHEMA_GUARD_DRAFT_4 + i);
            return true;
        }
    }
    PyErr_Format(PyExc_ValueError,
                 "unknown draft %R: known are \"2020-12\", \"2019-09\", \"draft-07\", "
                 "\"draft-06\", \"draft-04\"",
                 name);
    return false;
}

/* resources: a tuple of (uri as bytes, text as bytes). */
static bool
read_offers(PyObject *resources, GuardOptions *options)
{
    Py_ssize_t count = PyTuple_GET_SIZE(resources);
    options->offers = PyMem_Calloc((size_t)count + 1, sizeof *options->offers);
    if (options->offers == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        SchemaGuardOffer *offer = &options->offers[i];
        Py_ssize_t length;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(resources, i), "yy#", &offer->uri,
                              &offer->text, &length)) {
            return false;
        }
        offer->length = (size_t)length;
    }
    options->options.offers = options->offers;
    options->options.offer_count = (size_t)count;
    return true;
}

bool
guardobject_options(PyObject *const *values, GuardOptions *ret_options)
{
    *ret_options = (GuardOptions){0};
    SchemaGuardOptions *options = &ret_options->options;
    int asserts = PyObject_IsTrue(values[1]);
    int duplicates = PyObject_IsTrue(values[5]);
    unsigned long depth = PyLong_AsUnsignedLong(values[3]);
    options->bytes_max = PyLong_AsSize_t(values[4]);
    if (asserts < 0 || duplicates < 0 || PyErr_Occurred()) {
        return false;
    }
    options->ignores_formats = !asserts;
    options->allows_duplicates = duplicates > 0;
    options->depth_max = depth > 1u << 20 ? 1u << 20 : (unsigned)depth;
    return read_draft(values[0], &options->draft) &&
           read_offers(values[2], ret_options);
}

/* Guard(schema, draft, assert_formats, resources, max_depth, max_bytes, duplicates) */
static int
guard_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    GuardObject *object = (GuardObject *)self;
    const char *schema;
    Py_ssize_t length;
    PyObject *values[6];
    if (!PyArg_ParseTuple(args, "y#OOO!OOO", &schema, &length, &values[0], &values[1],
                          &PyTuple_Type, &values[2], &values[3], &values[4],
                          &values[5])) {
        return -1;
    }
    if (object->guard != NULL) {
        PyErr_SetString(PyExc_ValueError, "a guard cannot be initialised twice");
        return -1;
    }
    GuardOptions options;
    GError *error = NULL;
    if (guardobject_options(values, &options)) {
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

static PyObject *
guard_is_valid(PyObject *self, PyObject *payload)
{
    SchemaGuard *guard = get_guard(self);
    GuardText text;
    if (guard == NULL || !guardtext_get(payload, &text)) {
        return NULL;
    }
    bool ok = is_valid(guard, &text);
    guardtext_clear(&text);
    return Py_NewRef(ok ? Py_True : Py_False);
}

/* Has the Python half raise InvalidPayload. */
static PyObject *
refuse(PyObject *self, PyObject *payload)
{
    return PyObject_CallMethod(self, "_refuse", "O", payload);
}

PyDoc_STRVAR(guard_validate_doc,
             "validate(payload, /)\n--\n\n"
             "Raise InvalidPayload with all errors unless the payload is valid.");

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
             "loads(payload, /)\n--\n\n"
             "Return what json.loads() does, or raise InvalidPayload.");

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
issue_tuple(const SchemaGuardIssue *issue)
{
    return Py_BuildValue("(sssssnnnzzzz)", issue->code, issue->keyword,
                         issue->instance_path, issue->schema_path, issue->message,
                         (Py_ssize_t)issue->offset, (Py_ssize_t)issue->line,
                         (Py_ssize_t)issue->column, issue->expected, issue->got,
                         issue->nearest, issue->branch);
}

static PyObject *
report_list(const SchemaGuardReport *report)
{
    size_t count = schema_guard_report_count(report);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *item = issue_tuple(schema_guard_report_at(report, i));
        if (item == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, item);
    }
    return list;
}

PyObject *
guardobject_report(SchemaGuardReport *report)
{
    PyObject *list = report_list(report);
    return list != NULL
               ? Py_BuildValue("(sN)", schema_guard_report_explain(report), list)
               : NULL;
}

PyDoc_STRVAR(
    guard_report_doc,
    "report(payload, /)\n--\n\n"
    "Return (explanation, issues), issues as tuples of code, keyword, "
    "instance_path, schema_path, message, offset, line, column, expected, got, "
    "nearest, branch.");

static PyObject *
guard_report(PyObject *self, PyObject *payload)
{
    SchemaGuard *guard = get_guard(self);
    GuardText text;
    if (guard == NULL || !guardtext_get(payload, &text)) {
        return NULL;
    }
    if (is_valid(guard, &text)) {
        guardtext_clear(&text);
        return Py_BuildValue("(s[])", "");
    }
    g_autoptr(SchemaGuardReport) report =
        schema_guard_report(guard, text.text, text.length);
    guardtext_clear(&text);
    return guardobject_report(report);
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

const char guardobject_check_doc[] =
    "check(schema, draft, assert_formats, resources, max_depth, max_bytes, duplicates, "
    "/)\n--\n\nReturn what is wrong or suspicious about a schema, as tuples of "
    "is_error, code, message, pointer, offset, line, column.";

static PyObject *
check_list(const SchemaGuardCheck *check)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < schema_guard_check_count(check); i++) {
        const SchemaGuardProblem *problem = schema_guard_check_at(check, i);
        PyObject *item = Py_BuildValue(
            "(Nsssnnn)", PyBool_FromLong(problem->is_error), problem->code,
            problem->message, problem->pointer, (Py_ssize_t)problem->offset,
            (Py_ssize_t)problem->line, (Py_ssize_t)problem->column);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    return list;
}

PyObject *
guardobject_check(PyObject *module, PyObject *args)
{
    const char *schema;
    Py_ssize_t length;
    PyObject *values[6];
    if (!PyArg_ParseTuple(args, "y#OOO!OOO", &schema, &length, &values[0], &values[1],
                          &PyTuple_Type, &values[2], &values[3], &values[4],
                          &values[5])) {
        return NULL;
    }
    GuardOptions options;
    PyObject *list = NULL;
    if (guardobject_options(values, &options)) {
        g_autoptr(SchemaGuardCheck) check =
            schema_guard_check(schema, (size_t)length, &options.options);
        list = check_list(check);
    }
    PyMem_Free(options.offers);
    return list;
}

static PyMethodDef guard_methods[] = {
    {"is_valid", guard_is_valid, METH_O, guard_is_valid_doc},
    {"validate", guard_validate, METH_O, guard_validate_doc},
    {"loads", guard_loads, METH_O, guard_loads_doc},
    {"is_valid_object", guard_is_valid_object, METH_O, guard_is_valid_object_doc},
    {"report", guard_report, METH_O, guard_report_doc},
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
