/* SPDX-License-Identifier: MIT */
#include "tls-roots.h"

#include <glib.h>
#include <unistd.h>

/* In the order of their use: a hashed folder is read one certificate at a time, a file
 * as a whole. */
static const struct {
    const char *variable, *path;
} layouts[] = {
    {"SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"}, /* Debian, Arch */
    {"SSL_CERT_FILE", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"}, /* Fedora */
    {"SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt"},       /* older Fedora */
    {"SSL_CERT_FILE", "/var/lib/ca-certificates/ca-bundle.pem"}, /* SUSE */
    {"SSL_CERT_FILE", "/etc/ssl/ca-bundle.pem"},                 /* older SUSE */
    {"SSL_CERT_FILE", "/etc/ssl/cert.pem"},                      /* Alpine */
    {"SSL_CERT_DIR", "/etc/ssl/certs"},                          /* hashed folder */
};

/* Where the OpenSSL of a Debian system, and our static one, look by themselves. */
#define OPENSSL_DEFAULT_FOLDER "/usr/lib/ssl/certs"

bool
tls_roots_probe(const char *root, const char **ret_variable, const char **ret_path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_autofree char *path = g_strconcat(root, layouts[i].path, NULL);
        if (access(path, R_OK) != 0)
            continue;
        *ret_variable = layouts[i].variable;
        *ret_path = layouts[i].path;
        return true;
    }
    return false;
}

void
tls_roots_announce(void)
{
    const char *variable, *path;
    if (g_getenv("SSL_CERT_FILE") != NULL || g_getenv("SSL_CERT_DIR") != NULL)
        return;
    if (access(OPENSSL_DEFAULT_FOLDER, R_OK) == 0)
        return;
    if (tls_roots_probe("", &variable, &path))
        g_setenv(variable, path, TRUE);
}
