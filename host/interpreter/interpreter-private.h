/* SPDX-License-Identifier: MIT */
/* interpreter-private.h - what the rooms of host/interpreter share. */
#pragma once

#include <Python.h>

#include "interpreter.h"

/* The finder and loader of the built-in standard library. */
PyMODINIT_FUNC PyInit__ferrule_stdlib(void);

/* What the host knows, for its commands in Python. */
PyMODINIT_FUNC PyInit__ferrule_host(void);

/* Interpreters with their own GIL, called with bytes. */
PyMODINIT_FUNC PyInit__ferrule_interpreters(void);

/* Signatures and sealed texts. */
PyMODINIT_FUNC PyInit__ferrule_crypto(void);

/* Have the modules that call libraries of the system open these first. Before CPython
 * starts. */
void system_library_attach(struct _inittab *table);

/* Root of the built-in library in sys.path: the executable's own path. Set before the
 * first interpreter starts, constant while any runs. */
void stdlib_root_set(const char *executable);
const char *stdlib_root(void);

/* Decode the frozen modules: before CPython starts. */
bool interpreter_thaw(GError **error);

/* CPython's own tables of them. */
extern const struct _frozen *_PyImport_FrozenBootstrap;
extern const struct _frozen *_PyImport_FrozenStdlib;

/* Of shared-start.patch: code that further interpreters share, marshalled, each by the
 * address of what identifies it; and one's own, NULL without an exception for none. */
typedef struct {
    const void *key;
    const char *data;
    Py_ssize_t size;
} SharedSource;
int _PySharedStart_Make(const char *const *modules, const SharedSource *sources,
                        Py_ssize_t count);
void *_PySharedStart_Get(void);
PyObject *_PySharedStart_Code(const void *key);

/* Fill a PyConfig for `options`; the caller clears it. */
PyStatus interpreter_config_fill(PyConfig *config, const InterpreterOptions *options);

/* Decode the options that decide how the others are read. */
PyStatus interpreter_config_preinitialize(const InterpreterOptions *options);

/* A broken stdout ends the run quietly by SIGPIPE: install the hooks in the started
 * interpreter; after the run, end the process if it came to that. */
bool closed_stdout_watch(void);
void closed_stdout_raise(void);

/* Check the packages that a script's PEP 723 block asks for. 0: all there. Else the
 * exit code, the message is printed. */
int requirements_check(const InterpreterOptions *options);

/* Put the settings that the manifest beside the script declares into os.environ. 0:
 * done, or there are none. Else the exit code, the message is printed. */
int settings_load(const InterpreterOptions *options);

/* Let the importers look at `path`, which may be NULL; CPython keeps their answer. True
 * for a folder or an archive, which one of them takes. */
bool interpreter_ask_importer(const char *path);

/* From here on an interrupt is the script's, as KeyboardInterrupt. */
void interpreter_hand_interrupts(void);

/* exit(), quit() and help() without the rest of `site`. */
bool interpreter_add_builtins(void);

/* Have further interpreters begin on pages that are there: before CPython starts, and
 * while no thread may allocate its objects. */
void worker_arenas_populate(void);
