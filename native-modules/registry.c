/* SPDX-License-Identifier: MIT */
#include "registry.h"

PyMODINIT_FUNC PyInit__ferrule_cache(void);
PyMODINIT_FUNC PyInit__ferrule_guard(void);

const NativeModule native_modules[] = {
    {"_ferrule_cache", PyInit__ferrule_cache, "tool-result cache in shared memory"},
    {"_ferrule_guard", PyInit__ferrule_guard, "JSON Schema guard, bytes to verdict"},
    {NULL, NULL, NULL},
};
