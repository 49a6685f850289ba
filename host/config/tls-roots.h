/* SPDX-License-Identifier: MIT */
/* tls-roots.h - where this system keeps the certificates that TLS trusts.
 *
 * OpenSSL looks in the folder it was compiled for. On a system of another family that
 * folder is missing and every HTTPS request would fail; then the first known layout
 * that exists is named to OpenSSL by SSL_CERT_FILE or SSL_CERT_DIR. Nothing is bundled:
 * roots that grow old silently are worse than an error. Variables that the user set
 * are left alone.
 */
#pragma once

#include <stdbool.h>

/* Look below `root` ("" in production, a folder in tests). True when a layout was
 * found: *ret_variable is the name to set, *ret_path the path without `root`. */
bool tls_roots_probe(const char *root, const char **ret_variable,
                     const char **ret_path);

/* Name the roots in this process's environment if OpenSSL would not find them. */
void tls_roots_announce(void);
