/* SPDX-License-Identifier: MIT */
/* stdlib-root.c - where the built-in library seems to be: at the executable's path. */
#include "stdlib-private.h"

/* Constant while any interpreter runs, see stdlib_root_set(). */
static const char *root;

void
stdlib_root_set(const char *executable)
{
    root = executable;
}

const char *
stdlib_root(void)
{
    return root;
}
