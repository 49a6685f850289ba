/* SPDX-License-Identifier: MIT */
/* host-error.h - why the host itself gives up.
 *
 * The code of an error in this domain is the exit code of the process, so that a
 * message and its code cannot disagree. Library code returns the error; only main
 * prints it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HOST_ERROR (host_error_quark())
GQuark host_error_quark(void);

typedef enum {
    HOST_ERROR_NONE = 0,
    HOST_ERROR_USAGE = 2,    /* the command line */
    HOST_ERROR_CONFIG = 3,   /* configuration, manifest, missing packages */
    HOST_ERROR_POLICY = 4,   /* a limit or permission that cannot be enforced */
    HOST_ERROR_INTERNAL = 70 /* anything that is not the user's doing */
} HostError;

/* Print `ferrule: message` on stderr and give the exit code. NULL is internal. */
int host_error_report(const GError *error);

G_END_DECLS
