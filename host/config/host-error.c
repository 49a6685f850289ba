/* SPDX-License-Identifier: MIT */
#include "host-error.h"

#include <stdio.h>

G_DEFINE_QUARK(ferrule - host - error, host_error)

int
host_error_report(const GError *error)
{
    fprintf(stderr, "ferrule: %s\n", error == NULL ? "internal error" : error->message);
    return error != NULL && error->domain == HOST_ERROR ? error->code
                                                        : HOST_ERROR_INTERNAL;
}
