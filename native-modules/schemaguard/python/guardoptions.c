/* SPDX-License-Identifier: MIT */
/* The options of the constructor and of check(). */
#include "guardmodule.h"

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
guardoptions_read(PyObject *const *values, GuardOptions *ret_options)
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
    if (values[6] != NULL && values[6] != Py_None) {
        options->mask = PyUnicode_AsUTF8(values[6]);
        if (options->mask == NULL) {
            return false;
        }
    }
    return read_draft(values[0], &options->draft) &&
           read_offers(values[2], ret_options);
}
