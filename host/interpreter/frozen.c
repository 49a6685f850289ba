/* SPDX-License-Identifier: MIT */
/* The frozen modules: these tables replace those of libpython.a (its frozen.o is never
 * pulled). The byte code is in the section `.ferrule.frozen`, made by
 * host/stdlib/pack.py from CPython's own list and our patched importlib. */
#include "interpreter-private.h"

#include "frozen-table.h"
#include "stdlib-table.h"

/* The byte code, decoded before CPython starts and never written again. */
static unsigned char code[FROZEN_BYTES];

#define FROZEN_AT(offset) code + (offset)

/* Layout of CPython's private `struct _module_alias`. */
struct _module_alias {
    const char *name;
    const char *orig;
};

extern const struct _frozen *_PyImport_FrozenTest;
extern const struct _module_alias *_PyImport_FrozenAliases;

static const struct _frozen bootstrap[] = {FROZEN_BOOTSTRAP{0}};
static const struct _frozen library[] = {FROZEN_STDLIB{0}};
static const struct _frozen none[] = {{0}};
static const struct _module_alias aliases[] = {
    {"_frozen_importlib", "importlib._bootstrap"},
    {"_frozen_importlib_external", "importlib._bootstrap_external"},
    {NULL, NULL},
};

const struct _frozen *_PyImport_FrozenBootstrap = bootstrap;
const struct _frozen *_PyImport_FrozenStdlib = library;
const struct _frozen *_PyImport_FrozenTest = none;
const struct _module_alias *_PyImport_FrozenAliases = aliases;
const struct _frozen *PyImport_FrozenModules = NULL;

bool
interpreter_thaw(GError **error)
{
    return stdlib_frozen_read(code, sizeof code, error);
}
