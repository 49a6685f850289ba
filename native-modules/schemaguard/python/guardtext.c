/* SPDX-License-Identifier: MIT */
/* Payloads as text. */
#include "guardmodule.h"

/* A str with lone surrogates has no UTF-8: the bytes that come of it are refused by the
 * engine at the right place. */
static bool
get_surrogates(PyObject *payload, GuardText *text)
{
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        return false;
    }
    PyErr_Clear();
    text->owned = PyUnicode_AsEncodedString(payload, "utf-8", "surrogatepass");
    if (text->owned == NULL) {
        return false;
    }
    text->text = PyBytes_AS_STRING(text->owned);
    text->length = (size_t)PyBytes_GET_SIZE(text->owned);
    return true;
}

bool
guardtext_get(PyObject *payload, GuardText *ret_text)
{
    ret_text->owned = NULL;
    ret_text->is_fixed = true;
    ret_text->text = guardtext_peek(payload, &ret_text->length);
    if (ret_text->text != NULL) {
        return true;
    }
    if (PyUnicode_Check(payload)) {
        Py_ssize_t length;
        ret_text->text = PyUnicode_AsUTF8AndSize(payload, &length);
        ret_text->length = (size_t)length;
        return ret_text->text != NULL || get_surrogates(payload, ret_text);
    }
    if (PyByteArray_Check(payload)) {
        ret_text->text = PyByteArray_AS_STRING(payload);
        ret_text->length = (size_t)PyByteArray_GET_SIZE(payload);
        ret_text->is_fixed = false;
        return true;
    }
    PyErr_Format(PyExc_TypeError, "a payload must be str or bytes of JSON, not %s",
                 Py_TYPE(payload)->tp_name);
    return false;
}
