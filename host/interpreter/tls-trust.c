/* SPDX-License-Identifier: MIT */
/* tls-trust.c - the system's file of trusted certificates, read when it is needed.
 *
 * ssl.create_default_context() asks OpenSSL for it, which parses all of its 140
 * certificates there and then: 40 % of the instructions until an agent's first line,
 * also of one that connects to nobody. Here the context's store keeps the file's name,
 * and the file is read before OpenSSL looks for the first issuer, or before Python
 * lists what the store holds: no verdict and no list differs.
 *
 * The linker hands us the calls of two functions (--wrap, see meson.build).
 */
#include <glib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

int __wrap_SSL_CTX_set_default_verify_paths(SSL_CTX *context);
int __wrap_X509_STORE_lock(X509_STORE *store);
int __real_X509_STORE_lock(X509_STORE *store);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int path_index = -1; /* of the stores' ex_data; set once */

/* Held while a file is read: who else verifies by the same store needs it whole. Order:
 * before OpenSSL's own locks. */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;

static void
free_path(void *store, void *path, CRYPTO_EX_DATA *data, int index, long number,
          void *pointer)
{
    g_free(path);
}

/* A child forked while another thread read starts over: the path is still there. */
static void
release_in_child(void)
{
    pthread_mutex_init(&reading, NULL);
}

static void
prepare(void)
{
    path_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE, 0, NULL, NULL,
                                         NULL, free_path);
    pthread_atfork(NULL, NULL, release_in_child);
}

/* As at once, a file that is not there or holds no certificate is no failure. */
static void
read_file(X509_STORE *store)
{
    pthread_once(&once, prepare);
    pthread_mutex_lock(&reading);
    char *path = X509_STORE_get_ex_data(store, path_index);
    if (path != NULL) {
        ERR_set_mark();
        X509_STORE_load_file(store, path);
        ERR_pop_to_mark();
        X509_STORE_set_ex_data(store, path_index, NULL);
        g_free(path);
    }
    pthread_mutex_unlock(&reading);
}

static int
get_issuer(X509 **ret_issuer, X509_STORE_CTX *check, X509 *certificate)
{
    read_file(X509_STORE_CTX_get0_store(check));
    return X509_STORE_CTX_get1_issuer(ret_issuer, check, certificate);
}

static STACK_OF(X509) * lookup_certs(X509_STORE_CTX *check, const X509_NAME *name)
{
    read_file(X509_STORE_CTX_get0_store(check));
    return X509_STORE_CTX_get1_certs(check, name);
}

/* As OpenSSL's own: what its environment names counts unless the process has more
 * rights than its user. The folder and the store are read one certificate at a time
 * anyway. */
int
__wrap_SSL_CTX_set_default_verify_paths(SSL_CTX *context)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    const char *path = secure_getenv(X509_get_default_cert_file_env());
    read_file(store); /* of an earlier call */
    if (path == NULL)
        path = X509_get_default_cert_file();
    X509_STORE_set_ex_data(store, path_index, g_strdup(path));
    X509_STORE_set_get_issuer(store, get_issuer);
    X509_STORE_set_lookup_certs(store, lookup_certs);
    return SSL_CTX_set_default_verify_dir(context) &&
           SSL_CTX_set_default_verify_store(context);
}

/* Python lists a store under its lock. */
int
__wrap_X509_STORE_lock(X509_STORE *store)
{
    read_file(store);
    return __real_X509_STORE_lock(store);
}
