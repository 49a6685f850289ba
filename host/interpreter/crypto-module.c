/* SPDX-License-Identifier: MIT */
/* crypto-module.c - `_ferrule_crypto`: Ed25519 and ChaCha20-Poly1305 of OpenSSL.
 *
 * For the signatures of packages and for secrets that no keyring holds: what the
 * standard library lacks and no more. Sizes are checked here; a wrong signature or a
 * changed text is an answer, not an exception.
 */
#include "interpreter-private.h"

#include <openssl/evp.h>

enum {
    KEY_BYTES = 32,
    SIGNATURE_BYTES = 64,
    NONCE_BYTES = 12,
    TAG_BYTES = 16
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

typedef struct {
    const unsigned char *data;
    Py_ssize_t size;
} Bytes;

static bool
check_size(Bytes bytes, Py_ssize_t size, const char *what)
{
    if (bytes.size == size)
        return true;
    PyErr_Format(PyExc_ValueError, "a %s has %zd bytes, not %zd", what, size,
                 bytes.size);
    return false;
}

static PyObject *
refuse(void)
{
    PyErr_SetString(PyExc_RuntimeError, "OpenSSL refuses");
    return NULL;
}

/* ---- Ed25519 ---------------------------------------------------------------- */

static EVP_PKEY *
key_of_seed(Bytes seed)
{
    if (!check_size(seed, KEY_BYTES, "secret key"))
        return NULL;
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, KEY_BYTES);
    return key == NULL ? (EVP_PKEY *)refuse() : key;
}

static PyObject *
crypto_public_key(PyObject *module, PyObject *args)
{
    Bytes seed;
    unsigned char public[KEY_BYTES];
    size_t size = KEY_BYTES;
    if (!PyArg_ParseTuple(args, "y#", &seed.data, &seed.size))
        return NULL;
    g_autoptr(EVP_PKEY) key = key_of_seed(seed);
    if (key == NULL)
        return NULL;
    if (EVP_PKEY_get_raw_public_key(key, public, &size) != 1)
        return refuse();
    return PyBytes_FromStringAndSize((const char *)public, KEY_BYTES);
}

static PyObject *
crypto_sign(PyObject *module, PyObject *args)
{
    Bytes seed, message;
    unsigned char signature[SIGNATURE_BYTES];
    size_t size = SIGNATURE_BYTES;
    if (!PyArg_ParseTuple(args, "y#y#", &seed.data, &seed.size, &message.data,
                          &message.size))
        return NULL;
    g_autoptr(EVP_PKEY) key = key_of_seed(seed);
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    if (key == NULL)
        return NULL;
    if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &size, message.data, (size_t)message.size) !=
            1)
        return refuse();
    return PyBytes_FromStringAndSize((const char *)signature, SIGNATURE_BYTES);
}

static PyObject *
crypto_verify(PyObject *module, PyObject *args)
{
    Bytes public, signature, message;
    if (!PyArg_ParseTuple(args, "y#y#y#", &public.data, &public.size, &signature.data,
                          &signature.size, &message.data, &message.size) ||
        !check_size(public, KEY_BYTES, "public key") ||
        !check_size(signature, SIGNATURE_BYTES, "signature"))
        return NULL;
    g_autoptr(EVP_PKEY) key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public.data, KEY_BYTES);
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    if (key == NULL || context == NULL ||
        EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
        return refuse();
    return PyBool_FromLong(EVP_DigestVerify(context, signature.data, SIGNATURE_BYTES,
                                            message.data, (size_t)message.size) == 1);
}

/* ---- ChaCha20-Poly1305 ------------------------------------------------------ */

static bool
parse_sealing(PyObject *args, Bytes *key, Bytes *nonce, Bytes *text)
{
    return PyArg_ParseTuple(args, "y#y#y#", &key->data, &key->size, &nonce->data,
                            &nonce->size, &text->data, &text->size) &&
           check_size(*key, KEY_BYTES, "key") &&
           check_size(*nonce, NONCE_BYTES, "nonce");
}

static PyObject *
crypto_seal(PyObject *module, PyObject *args)
{
    Bytes key, nonce, text;
    int size, rest;
    if (!parse_sealing(args, &key, &nonce, &text))
        return NULL;
    if (text.size > INT_MAX - TAG_BYTES)
        return PyErr_Format(PyExc_ValueError, "more than 2 GB of text");
    PyObject *sealed = PyBytes_FromStringAndSize(NULL, text.size + TAG_BYTES);
    g_autoptr(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    if (sealed == NULL)
        return NULL;
    unsigned char *out = (unsigned char *)PyBytes_AS_STRING(sealed);
    if (context != NULL &&
        EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key.data,
                           nonce.data) == 1 &&
        EVP_EncryptUpdate(context, out, &size, text.data, (int)text.size) == 1 &&
        EVP_EncryptFinal_ex(context, out + size, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
                            out + text.size) == 1)
        return sealed;
    Py_DECREF(sealed);
    return refuse();
}

/* Returns None when key or text are not those that were sealed. */
static PyObject *
crypto_unseal(PyObject *module, PyObject *args)
{
    Bytes key, nonce, sealed;
    int size, rest;
    if (!parse_sealing(args, &key, &nonce, &sealed))
        return NULL;
    if (sealed.size < TAG_BYTES || sealed.size > INT_MAX)
        Py_RETURN_NONE;
    Py_ssize_t length = sealed.size - TAG_BYTES;
    PyObject *text = PyBytes_FromStringAndSize(NULL, length);
    g_autoptr(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    if (text == NULL)
        return NULL;
    unsigned char *out = (unsigned char *)PyBytes_AS_STRING(text);
    if (context != NULL &&
        EVP_DecryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key.data,
                           nonce.data) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
                            (void *)(sealed.data + length)) == 1 &&
        EVP_DecryptUpdate(context, out, &size, sealed.data, (int)length) == 1 &&
        EVP_DecryptFinal_ex(context, out + size, &rest) == 1)
        return text;
    Py_DECREF(text);
    Py_RETURN_NONE;
}

/* ---- the module ------------------------------------------------------------- */

static PyMethodDef crypto_methods[] = {
    {"public_key", crypto_public_key, METH_VARARGS, "public_key(seed) -> bytes"},
    {"sign", crypto_sign, METH_VARARGS, "sign(seed, message) -> bytes"},
    {"verify", crypto_verify, METH_VARARGS,
     "verify(public, signature, message) -> bool"},
    {"seal", crypto_seal, METH_VARARGS, "seal(key, nonce, text) -> bytes"},
    {"unseal", crypto_unseal, METH_VARARGS,
     "unseal(key, nonce, sealed) -> bytes or None"},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot crypto_slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL},
};

static struct PyModuleDef crypto_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ferrule_crypto",
    .m_doc = "Signatures and sealed texts, by OpenSSL.",
    .m_methods = crypto_methods,
    .m_slots = crypto_slots,
};

PyMODINIT_FUNC
PyInit__ferrule_crypto(void)
{
    return PyModuleDef_Init(&crypto_def);
}
