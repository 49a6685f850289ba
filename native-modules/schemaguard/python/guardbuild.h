/* SPDX-License-Identifier: MIT */
/* guardbuild.h - Python objects from JSON, JSON from Python objects.
 *
 * Threads    called with the interpreter lock held.
 */
#pragma once

#include "guardmodule.h"

enum {
    GUARD_NAMES_KEPT = 128 /* member names a guard remembers as str objects */
};

/* str objects of member names, by hash; owned. */
typedef struct {
    PyObject *names[GUARD_NAMES_KEPT];
} GuardNames;

void guardbuild_names_clear(GuardNames *self);

/* Builds what json.loads() would from text that the engine has found valid. Returns
 * NULL with an exception set. */
PyObject *guardbuild_value(const char *text, size_t length, GuardNames *names);

/* JSON being written: `bytes` is followed by a NUL. */
typedef struct {
    char *bytes; /* `first` or from PyMem_Malloc() */
    size_t length;
    size_t room;
    char first[512];
} GuardWriter;

typedef enum {
    GUARD_WRITE_OK,
    GUARD_WRITE_NOT_JSON, /* NaN, or nested beyond all limits */
    GUARD_WRITE_ERROR,    /* an exception is set */
} GuardWrite;

/* Writes the object as json.dumps() would. The writer is cleared by the caller. */
GuardWrite guardwrite_value(GuardWriter *self, PyObject *object);
void guardwrite_clear(GuardWriter *self);
