/* SPDX-License-Identifier: MIT */
/* registry.h - the native modules that are built into the executable.
 *
 * Purpose    the one list of our own built-in modules: adding a module is one row
 *            in registry.c and one folder here.
 * Ownership  the table is constant and lives for ever.
 * Threads    immutable, any thread.
 * Example    for (const NativeModule *m = native_modules; m->name != NULL; m++)
 *                add_to_inittab(m->name, m->init);
 */
#pragma once

#include <Python.h>

typedef struct {
    const char *name; /* flat: dotted inittab names assert in debug builds */
    PyObject *(*init)(void);
    const char *summary; /* one line, shown by `ferrule info` */
} NativeModule;

/* Ends with a row whose name is NULL. */
extern const NativeModule native_modules[];
