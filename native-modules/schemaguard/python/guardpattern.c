/* SPDX-License-Identifier: MIT */
/* _ferrule_guard.Pattern: one ECMA-262 pattern. */
#include "guardmodule.h"

typedef struct {
    PyObject_HEAD SchemaGuardPattern *pattern; /* owned; NULL until __init__ */
} PatternObject;

static int
pattern_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    PatternObject *object = (PatternObject *)self;
    const char *source;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "s#", &source, &length)) {
        return -1;
    }
    if (object->pattern != NULL) {
        PyErr_SetString(PyExc_ValueError, "a pattern cannot be initialised twice");
        return -1;
    }
    GError *error = NULL;
    object->pattern = schema_guard_pattern_new(source, (size_t)length, &error);
    if (object->pattern == NULL) {
        PyErr_SetString(PyExc_ValueError, error->message);
        g_error_free(error);
        return -1;
    }
    return 0;
}

static void
pattern_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    schema_guard_pattern_free(((PatternObject *)self)->pattern);
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(pattern_search_doc, "search(text, /)\n--\n\n"
                                 "Whether the pattern is found in the text.");

static PyObject *
pattern_search(PyObject *self, PyObject *payload)
{
    PatternObject *object = (PatternObject *)self;
    GuardText text;
    if (object->pattern == NULL) {
        PyErr_SetString(PyExc_ValueError, "the pattern has no source yet");
        return NULL;
    }
    if (!guardtext_get(payload, &text)) {
        return NULL;
    }
    bool found = schema_guard_pattern_search(object->pattern, text.text, text.length);
    guardtext_clear(&text);
    return PyBool_FromLong(found);
}

static PyMethodDef pattern_methods[] = {
    {"search", pattern_search, METH_O, pattern_search_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(pattern_doc, "An ECMA-262 pattern, as the keyword `pattern` has it.");

static PyType_Slot pattern_slots[] = {
    {Py_tp_doc, (void *)pattern_doc}, {Py_tp_init, pattern_init},
    {Py_tp_dealloc, pattern_dealloc}, {Py_tp_methods, pattern_methods},
    {Py_tp_new, PyType_GenericNew},   {0, NULL},
};

PyType_Spec guardpattern_spec = {
    .name = "_ferrule_guard.Pattern",
    .basicsize = sizeof(PatternObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = pattern_slots,
};
