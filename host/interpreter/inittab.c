/* SPDX-License-Identifier: MIT */
/* The built-in modules, chosen at link time: this table replaces the one of
 * libpython.a (its config.o is never pulled), so a row that is not here is code that
 * is not in the executable. */
#include <Python.h>

#include "interpreter-private.h"

#include "registry.h"

/* clang-format off */
#define STDLIB_MODULES(X) \
    X(_abc) X(_asyncio) X(_bisect) X(_blake2) X(_bz2) X(_codecs) X(_collections) \
    X(_contextvars) X(_csv) X(_ctypes) X(_datetime) X(_decimal) X(_elementtree) \
    X(_functools) X(_hashlib) X(_heapq) X(_interpchannels) \
    X(_interpqueues) X(_io) X(_json) X(_locale) X(_lsprof) X(_lzma) X(_md5) \
    X(_multiprocessing) X(_opcode) X(_operator) X(_pickle) X(_posixshmem) \
    X(_posixsubprocess) X(_queue) X(_random) X(_sha1) X(_sha2) X(_sha3) X(_signal) \
    X(_socket) X(_sre) X(_ssl) X(_stat) X(_statistics) X(_struct) X(_suggestions) \
    X(_symtable) X(_sysconfig) X(_thread) X(_tracemalloc) X(_typing) X(_weakref) \
    X(_zoneinfo) X(array) X(atexit) X(binascii) X(cmath) X(errno) X(faulthandler) \
    X(fcntl) X(grp) X(itertools) X(math) X(mmap) X(posix) X(pwd) X(pyexpat) \
    X(resource) X(select) X(syslog) X(termios) X(time) X(unicodedata) X(zlib)

/* Modules of the core whose functions have names of their own. */
#define CORE_MODULES(X) \
    X(marshal, PyMarshal_Init) X(_imp, PyInit__imp) X(_ast, PyInit__ast) \
    X(_tokenize, PyInit__tokenize) X(gc, PyInit_gc) X(_warnings, _PyWarnings_Init) \
    X(_string, PyInit__string)
/* clang-format on */

#define DECLARE(name) extern PyObject *PyInit_##name(void);
STDLIB_MODULES(DECLARE)
#define DECLARE_CORE(name, function) extern PyObject *function(void);
CORE_MODULES(DECLARE_CORE)
extern PyObject *PyInit__interpreters(void);

/* _datetime keeps static types: own-GIL interpreters that import it at the same time
 * crash 3.13.5. Whoever can create an interpreter imports `_interpreters` first, so
 * that is when the main interpreter takes _datetime, and keeps it. */
static PyObject *
init_interpreters(void)
{
    if (PyInterpreterState_Get() == PyInterpreterState_Main()) {
        PyObject *module = PyImport_ImportModule("_datetime");
        if (module == NULL)
            return NULL;
        Py_DECREF(module);
    }
    return PyInit__interpreters();
}

/* Modules whose first import does something before. */
#define WRAPPED_MODULES(X) X(_interpreters, init_interpreters)

/* The host's own. */
#define OUR_MODULES(X) \
    X(_ferrule_crypto) X(_ferrule_host) X(_ferrule_interpreters) X(_ferrule_stdlib)

#define ROW(name)                {#name, PyInit_##name},
#define ROW_CORE(name, function) {#name, function},
struct _inittab _PyImport_Inittab[] = {
    STDLIB_MODULES(ROW) CORE_MODULES(ROW_CORE) WRAPPED_MODULES(ROW_CORE)
        OUR_MODULES(ROW){"builtins", NULL}, /* for sys.builtin_module_names */
    {"sys", NULL},
    {NULL, NULL},
};

#define NAME(name)                #name,
#define NAME_CORE(name, function) #name,
const char *const *
interpreter_builtin_modules(void)
{
    static const char *const names[] = {
        STDLIB_MODULES(NAME) CORE_MODULES(NAME_CORE) WRAPPED_MODULES(NAME_CORE)
            OUR_MODULES(NAME) "builtins",
        "sys",
        NULL,
    };
    return names;
}

const char *const *
interpreter_native_modules(void)
{
    enum {
        ROWS_MAX = 16
    };
    static const char *rows[2 * ROWS_MAX + 1];
    size_t count = 0;
    for (const NativeModule *module = native_modules; module->name != NULL; module++) {
        g_assert(count < 2 * ROWS_MAX);
        rows[count++] = module->name;
        rows[count++] = module->summary;
    }
    return rows;
}
