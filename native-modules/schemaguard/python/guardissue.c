/* SPDX-License-Identifier: MIT */
/* _ferrule_guard.Issue: one thing that is wrong. What it says becomes objects when it
 * is looked at: most callers look at little of it. */
#include "guardmodule.h"

typedef enum {
    FIELD_CODE,
    FIELD_KEYWORD,
    FIELD_INSTANCE_PATH,
    FIELD_SCHEMA_PATH,
    FIELD_MESSAGE,
    FIELD_OFFSET,
    FIELD_LINE,
    FIELD_COLUMN,
    FIELD_EXPECTED,
    FIELD_GOT,
    FIELD_NEAREST,
    FIELD_BRANCH,
    FIELD_EVALUATION_PATH,
    FIELD_COUNT
} Field;

/* clang-format off */
static const char *const field_names[FIELD_COUNT] = {
    "code", "keyword", "instance_path", "schema_path", "message", "offset", "line",
    "column", "expected", "got", "nearest", "branch", "evaluation_path",
};
/* clang-format on */

typedef struct {
    PyObject_HEAD SchemaGuardReport
        *report;                   /* a reference; NULL: all values are there */
    const SchemaGuardIssue *issue; /* in the report */
    PyObject *values[FIELD_COUNT]; /* owned; NULL until looked at */
} IssueObject;

PyObject *
guardissue_new(PyTypeObject *type, SchemaGuardReport *report, size_t index)
{
    PyObject *self = type->tp_alloc(type, 0);
    if (self != NULL) {
        IssueObject *object = (IssueObject *)self;
        object->report = schema_guard_report_ref(report);
        object->issue = schema_guard_report_at(report, index);
    }
    return self;
}

static PyObject *
make_text(const char *text)
{
    /* Masks and pieces of broken payloads may hold anything. */
    return text != NULL
               ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace")
               : Py_NewRef(Py_None);
}

static PyObject *
make_value(const SchemaGuardIssue *issue, Field field)
{
    switch (field) {
    case FIELD_CODE:
        return PyUnicode_InternFromString(issue->code);
    case FIELD_KEYWORD:
        return PyUnicode_InternFromString(issue->keyword);
    case FIELD_INSTANCE_PATH:
        return make_text(issue->instance_path);
    case FIELD_SCHEMA_PATH:
        return make_text(issue->schema_path);
    case FIELD_MESSAGE:
        return make_text(issue->message);
    case FIELD_OFFSET:
        return PyLong_FromSize_t(issue->offset);
    case FIELD_LINE:
        return PyLong_FromSize_t(issue->line);
    case FIELD_COLUMN:
        return PyLong_FromSize_t(issue->column);
    case FIELD_EXPECTED:
        return make_text(issue->expected);
    case FIELD_GOT:
        return make_text(issue->got);
    case FIELD_NEAREST:
        return make_text(issue->nearest);
    case FIELD_BRANCH:
        return make_text(issue->branch);
    case FIELD_EVALUATION_PATH:
        return make_text(issue->evaluation_path);
    case FIELD_COUNT:
        break;
    }
    return Py_NewRef(Py_None);
}

static PyObject *
issue_get(PyObject *self, void *closure)
{
    IssueObject *object = (IssueObject *)self;
    Field field = (Field)(uintptr_t)closure;
    if (object->report == NULL) {
        PyObject *value = object->values[field];
        return Py_NewRef(value != NULL ? value : Py_None);
    }
#ifdef Py_GIL_DISABLED
    return make_value(object->issue, field); /* nothing to guard the memory with */
#else
    if (object->values[field] == NULL) {
        object->values[field] = make_value(object->issue, field);
    }
    return Py_XNewRef(object->values[field]);
#endif
}

/* Issue(code, keyword, ...): for copies and for unpickling. */
static int
issue_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    IssueObject *object = (IssueObject *)self;
    if (object->report != NULL || object->values[0] != NULL ||
        PyTuple_GET_SIZE(args) != FIELD_COUNT || keywords != NULL) {
        PyErr_Format(PyExc_TypeError, "an issue is made of %d values", FIELD_COUNT);
        return -1;
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        object->values[i] = Py_NewRef(PyTuple_GET_ITEM(args, i));
    }
    return 0;
}

static void
issue_dealloc(PyObject *self)
{
    IssueObject *object = (IssueObject *)self;
    PyTypeObject *type = Py_TYPE(self);
    schema_guard_report_unref(object->report);
    for (int i = 0; i < FIELD_COUNT; i++) {
        Py_XDECREF(object->values[i]);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(issue_as_dict_doc, "as_dict()\n--\n\nReturn all fields by their names.");

static PyObject *
issue_as_dict(PyObject *self, PyObject *unused)
{
    PyObject *dict = PyDict_New();
    for (int i = 0; dict != NULL && i < FIELD_COUNT; i++) {
        PyObject *value = issue_get(self, (void *)(uintptr_t)i);
        if (value == NULL || PyDict_SetItemString(dict, field_names[i], value) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    return dict;
}

static PyMethodDef issue_methods[] = {
    {"as_dict", issue_as_dict, METH_NOARGS, issue_as_dict_doc},
    {NULL, NULL, 0, NULL},
};

#define FIELD(name, field)                                              \
    {                                                                   \
        (name), issue_get, NULL, NULL, (void *)(uintptr_t)FIELD_##field \
    }

static PyGetSetDef issue_fields[] = {
    FIELD("code", CODE),
    FIELD("keyword", KEYWORD),
    FIELD("instance_path", INSTANCE_PATH),
    FIELD("schema_path", SCHEMA_PATH),
    FIELD("message", MESSAGE),
    FIELD("offset", OFFSET),
    FIELD("line", LINE),
    FIELD("column", COLUMN),
    FIELD("expected", EXPECTED),
    FIELD("got", GOT),
    FIELD("nearest", NEAREST),
    FIELD("branch", BRANCH),
    FIELD("evaluation_path", EVALUATION_PATH),
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(issue_doc, "One thing that is wrong; see ferrule.guard.Issue.");

static PyType_Slot issue_slots[] = {
    {Py_tp_doc, (void *)issue_doc},
    {Py_tp_init, issue_init},
    {Py_tp_dealloc, issue_dealloc},
    {Py_tp_methods, issue_methods},
    {Py_tp_getset, issue_fields},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL},
};

PyType_Spec guardissue_spec = {
    .name = "_ferrule_guard.Issue",
    .basicsize = sizeof(IssueObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = issue_slots,
};
