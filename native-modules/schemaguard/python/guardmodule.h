/* SPDX-License-Identifier: MIT */
/* guardmodule.h - what the files of _ferrule_guard share.
 *
 * Purpose    the module's state, its types, and payloads as text.
 * Threads    state is one interpreter's; immutable after the module's exec.
 */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "schema-guard.h"

typedef struct {
    PyTypeObject *guard_type;
    PyTypeObject *pattern_type;
    PyTypeObject *stream_type;
    PyTypeObject *issue_type; /* or what use_issue() made of it */
} GuardState;

extern struct PyModuleDef guardmodule_definition;
extern PyType_Spec guardobject_spec;
extern PyType_Spec guardpattern_spec;
extern PyType_Spec guardstream_spec;
extern PyType_Spec guardissue_spec;

/* Guard.stream(): a new stream of the guard. */
PyObject *guardstream_new(PyTypeObject *type, SchemaGuard *guard);
/* (explanation, issues) of a report, which stays the caller's. */
PyObject *guardobject_report(PyTypeObject *issue_type, SchemaGuardReport *report);
/* One of the report's issues; takes a reference to the report. */
PyObject *guardissue_new(PyTypeObject *type, SchemaGuardReport *report, size_t index);

/* A payload's bytes, followed by a NUL; `owned` keeps them. */
typedef struct {
    const char *text;
    size_t length;
    PyObject *owned; /* or NULL: the payload itself does */
    bool is_fixed;   /* nobody can change the bytes while the lock is released */
} GuardText;

/* The bytes of a payload that holds them as they are, bytes or a str of ASCII; NULL: it
 * does not. */
static inline const char *
guardtext_peek(PyObject *payload, size_t *ret_length)
{
    if (PyBytes_Check(payload)) {
        *ret_length = (size_t)PyBytes_GET_SIZE(payload);
        return PyBytes_AS_STRING(payload);
    }
    if (PyUnicode_Check(payload) && PyUnicode_IS_COMPACT_ASCII(payload)) {
        *ret_length = (size_t)PyUnicode_GET_LENGTH(payload);
        return (const char *)PyUnicode_1BYTE_DATA(payload);
    }
    return NULL;
}

/* Takes str, bytes or bytearray. Returns false with an exception set. */
bool guardtext_get(PyObject *payload, GuardText *ret_text);

static inline void
guardtext_clear(GuardText *self)
{
    Py_XDECREF(self->owned);
}

enum {
    /* A payload this large takes longer than giving the lock away and getting it back
     * from a waiting thread. */
    GUARD_RELEASE_MIN = 64 << 10
};

/* Options of the constructor and of check(); offers are borrowed from `resources`. */
typedef struct {
    SchemaGuardOptions options;
    SchemaGuardOffer *offers; /* freed with PyMem_Free() */
} GuardOptions;

enum {
    GUARD_OPTION_VALUES = 7
};

/* Reads (draft, assert_formats, resources, max_depth, max_bytes, allow_duplicates,
 * mask); the last may be NULL. */
bool guardoptions_read(PyObject *const *values, GuardOptions *ret_options);

PyObject *guardcheck_check(PyObject *module, PyObject *args);
extern const char guardcheck_check_doc[];
