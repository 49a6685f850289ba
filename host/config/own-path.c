/* SPDX-License-Identifier: MIT */
#include "own-path.h"

#include <glib.h>
#include <sys/auxv.h>

char *
own_path_find(void)
{
    char *path = g_file_read_link("/proc/self/exe", NULL);
    if (path != NULL)
        return path;
    /* No /proc: what the kernel was given to execute. */
    return g_canonicalize_filename((const char *)getauxval(AT_EXECFN), NULL);
}
