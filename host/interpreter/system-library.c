/* SPDX-License-Identifier: MIT */
/* system-library.c - libraries of the system, opened when a module first needs one.
 *
 * The executable calls them through the jump tables that system_stubs.py makes; nothing
 * may call one before its slots are filled, and only the modules below do. Without the
 * library they raise ImportError (hashlib then uses CPython's own implementations,
 * shutil does without) and everything else works.
 *
 * Threads    interpreters may fill the slots at the same time, each with the same
 *            addresses, the first slot last: who sees it filled sees all. No lock, for
 *            one may be held where a process forks.
 */
#include "interpreter-private.h"

#include <dlfcn.h>
#include <openssl/crypto.h>

enum {
    LIBRARY_FILES_MAX = 2
};

typedef struct {
    const char *title;
    const char *package; /* Debian's name of it */
    void **slots;
    const char *names;   /* NUL-terminated each, an empty one at the end */
    const char *sonames; /* likewise, LIBRARY_FILES_MAX at most */
} Library;

/* clang-format off */
#define LIBRARIES(X) \
    X(openssl, "OpenSSL 3", "libssl3") X(pcre2, "PCRE2", "libpcre2-8-0") \
    X(lzma, "liblzma", "liblzma5") X(bzip2, "bzip2", "libbz2-1.0") \
    X(zlib, "zlib", "zlib1g")

/* Modules, and what they call. */
#define MODULES(X) \
    X(_ssl, openssl) X(_hashlib, openssl) X(_ferrule_crypto, openssl) \
    X(_ferrule_guard, pcre2) X(_lzma, lzma) X(_bz2, bzip2) \
    X(zlib, zlib) X(binascii, zlib)
/* clang-format on */

#define LIBRARY(name, title, package)                                        \
    extern void *name##_slots[];                                             \
    extern const char name##_names[], name##_sonames[];                      \
    static const Library name = {title, package, name##_slots, name##_names, \
                                 name##_sonames};
LIBRARIES(LIBRARY)

static const char *
next(const char *text)
{
    return text + strlen(text) + 1;
}

static bool
refuse(const char *module, const Library *library, const char *reason)
{
    PyErr_Format(PyExc_ImportError,
                 "%s needs %s of the system: %s; install the package %s", module,
                 library->title, reason, library->package);
    return false;
}

static void *
find(void *const files[], size_t count, const char *name)
{
    void *address = NULL;
    for (size_t i = 0; i < count && address == NULL; i++)
        address = dlsym(files[i], name);
    return address;
}

static bool
open_library(const char *module, const Library *library)
{
    if (__atomic_load_n(&library->slots[0], __ATOMIC_ACQUIRE) != NULL)
        return true;
    void *files[LIBRARY_FILES_MAX], *first = NULL;
    size_t count = 0, slot = 0;
    const char *soname = library->sonames;
    for (; *soname != '\0'; soname = next(soname)) {
        files[count] = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
        if (files[count++] == NULL)
            return refuse(module, library, dlerror());
    }
    for (const char *name = library->names; *name != '\0'; name = next(name), slot++) {
        void *address = find(files, count, name);
        if (address == NULL)
            return refuse(module, library, dlerror());
        if (slot == 0)
            first = address;
        else
            __atomic_store_n(&library->slots[slot], address, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&library->slots[0], first, __ATOMIC_RELEASE);
    /* What it would free when the process ends goes with the process; a forked agent
     * would copy 1 MB of its parent for that. */
    if (library == &openssl)
        OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    return true;
}

#define INIT(module, library)                                              \
    extern PyObject *PyInit_##module(void);                                \
    static PyObject *init_##module(void)                                   \
    {                                                                      \
        return open_library(#module, &library) ? PyInit_##module() : NULL; \
    }
MODULES(INIT)

void
system_library_attach(struct _inittab *table)
{
#define ROW(module, library) {#module, init_##module},
    static const struct _inittab rows[] = {MODULES(ROW)};
    for (; table->name != NULL; table++)
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
            if (strcmp(table->name, rows[i].name) == 0)
                table->initfunc = rows[i].initfunc;
}
