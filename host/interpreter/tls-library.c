/* SPDX-License-Identifier: MIT */
/* tls-library.c - the system's OpenSSL, loaded when `ssl` or `hashlib` first need it.
 *
 * The executable calls OpenSSL through the jump table that tls_stubs.py makes; nothing
 * may call it before tls_library_open() has filled the slots, and only the modules
 * below do. Without the library they raise ImportError (hashlib then uses CPython's
 * own implementations) and everything else works.
 */
#include "interpreter-private.h"

#include <dlfcn.h>
#include <pthread.h>

extern void *tls_slots[];
extern const char tls_names[];   /* NUL-terminated each, an empty one at the end */
extern const char tls_sonames[]; /* likewise; libssl first, it brings libcrypto */

extern PyObject *PyInit__ssl(void);
extern PyObject *PyInit__hashlib(void);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *missing; /* what could not be found, NULL when all is there */

static const char *
next(const char *text)
{
    return text + strlen(text) + 1;
}

static void *
find(void *const libraries[], const char *name)
{
    void *address = dlsym(libraries[0], name);
    return address != NULL ? address : dlsym(libraries[1], name);
}

static void
open_libraries(void)
{
    void *libraries[2];
    const char *soname = tls_sonames;
    for (size_t i = 0; i < 2; i++, soname = next(soname)) {
        libraries[i] = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
        if (libraries[i] == NULL) {
            missing = soname;
            return;
        }
    }
    size_t slot = 0;
    for (const char *name = tls_names; *name != '\0'; name = next(name), slot++) {
        tls_slots[slot] = find(libraries, name);
        if (tls_slots[slot] == NULL) {
            missing = name;
            return;
        }
    }
}

static bool
tls_library_open(void)
{
    pthread_once(&once, open_libraries);
    if (missing == NULL)
        return true;
    PyErr_Format(PyExc_ImportError,
                 "TLS needs OpenSSL 3 of the system, and %s is not there: install the "
                 "package libssl3",
                 missing);
    return false;
}

PyObject *
tls_library_init_ssl(void)
{
    return tls_library_open() ? PyInit__ssl() : NULL;
}

PyObject *
tls_library_init_hashlib(void)
{
    return tls_library_open() ? PyInit__hashlib() : NULL;
}

PyObject *
tls_library_init_crypto(void)
{
    return tls_library_open() ? PyInit__ferrule_crypto() : NULL;
}
