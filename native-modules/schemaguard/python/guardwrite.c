/* SPDX-License-Identifier: MIT */
/* is_valid_object(): the JSON of an object, without recursion. */
#include "guardbuild.h"

#include <math.h>
#include <string.h>

enum {
    DEPTH_MAX = SCHEMA_GUARD_DEPTH_MAX + 1, /* one more than any guard accepts */
    NUMBER_ROOM = 32
};

typedef struct {
    PyObject *container; /* borrowed: nothing of Python runs while we write */
    Py_ssize_t at;
} Level;

void
guardwrite_clear(GuardWriter *self)
{
    if (self->bytes != self->first) {
        PyMem_Free(self->bytes);
    }
}

/* Makes room for `size` bytes and a NUL. */
static char *
reserve(GuardWriter *self, size_t size)
{
    if (self->room - self->length <= size) {
        size_t room = self->room * 2 + size;
        bool is_first = self->bytes == self->first;
        char *bytes = PyMem_Realloc(is_first ? NULL : self->bytes, room);
        if (bytes == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        if (is_first) {
            memcpy(bytes, self->first, self->length);
        }
        self->bytes = bytes;
        self->room = room;
    }
    return self->bytes + self->length;
}

static bool
put(GuardWriter *self, const char *bytes, size_t size)
{
    char *out = reserve(self, size);
    if (out == NULL) {
        return false;
    }
    memcpy(out, bytes, size);
    self->length += size;
    return true;
}

static bool
needs_escape(const char *text, size_t length)
{
    bool found = false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        found |= c < ' ' || c == '"' || c == '\\';
    }
    return found;
}

/* Writes the characters one by one; those that JSON cannot hold as \uXXXX. */
static bool
put_careful(GuardWriter *self, PyObject *string)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(string);
    int kind = PyUnicode_KIND(string);
    const void *data = PyUnicode_DATA(string);
    char *out = reserve(self, (size_t)length * 6 + 2);
    if (out == NULL) {
        return false;
    }
    char *to = out;
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 c = PyUnicode_READ(kind, data, i);
        if (c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = (char)c;
        }
        else if (c < ' ' || (c & 0xFFFFF800) == 0xD800) {
            to += sprintf(to, "\\u%04x", (unsigned)c);
        }
        else if (c < 0x80) {
            *to++ = (char)c;
        }
        else if (c < 0x800) {
            *to++ = (char)(0xC0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3F));
        }
        else {
            if (c >= 0x10000) {
                *to++ = (char)(0xF0 | c >> 18);
                *to++ = (char)(0x80 | (c >> 12 & 0x3F));
            }
            else {
                *to++ = (char)(0xE0 | c >> 12);
            }
            *to++ = (char)(0x80 | (c >> 6 & 0x3F));
            *to++ = (char)(0x80 | (c & 0x3F));
        }
    }
    self->length += (size_t)(to - out);
    return true;
}

static bool
put_string(GuardWriter *self, PyObject *string)
{
    if (!put(self, "\"", 1)) {
        return false;
    }
    bool ok;
    if (PyUnicode_IS_COMPACT_ASCII(string) &&
        !needs_escape((const char *)PyUnicode_1BYTE_DATA(string),
                      (size_t)PyUnicode_GET_LENGTH(string))) {
        ok = put(self, (const char *)PyUnicode_1BYTE_DATA(string),
                 (size_t)PyUnicode_GET_LENGTH(string));
    }
    else {
        ok = put_careful(self, string);
    }
    return ok && put(self, "\"", 1);
}

static bool
put_integer(GuardWriter *self, PyObject *integer)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(integer, &overflow);
    if (overflow == 0) {
        char text[NUMBER_ROOM];
        int n = snprintf(text, sizeof text, "%lld", value);
        return put(self, text, (size_t)n);
    }
    PyObject *digits = PyLong_Type.tp_repr(integer);
    if (digits == NULL) {
        return false;
    }
    bool ok = put(self, (const char *)PyUnicode_1BYTE_DATA(digits),
                  (size_t)PyUnicode_GET_LENGTH(digits));
    Py_DECREF(digits);
    return ok;
}

static GuardWrite
put_float(GuardWriter *self, double value)
{
    if (isnan(value)) {
        return GUARD_WRITE_NOT_JSON;
    }
    if (isinf(value)) { /* what json.loads() makes of 1e999 */
        const char *text = value > 0 ? "1e999999" : "-1e999999";
        return put(self, text, strlen(text)) ? GUARD_WRITE_OK : GUARD_WRITE_ERROR;
    }
    char *text = PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    if (text == NULL) {
        return GUARD_WRITE_ERROR;
    }
    bool ok = put(self, text, strlen(text));
    PyMem_Free(text);
    return ok ? GUARD_WRITE_OK : GUARD_WRITE_ERROR;
}

static GuardWrite
done(bool ok)
{
    return ok ? GUARD_WRITE_OK : GUARD_WRITE_ERROR;
}

static GuardWrite
put_scalar(GuardWriter *self, PyObject *object)
{
    if (PyUnicode_Check(object)) {
        return done(put_string(self, object));
    }
    if (object == Py_None) {
        return done(put(self, "null", 4));
    }
    if (PyBool_Check(object)) {
        return done(object == Py_True ? put(self, "true", 4) : put(self, "false", 5));
    }
    if (PyLong_Check(object)) {
        return done(put_integer(self, object));
    }
    if (PyFloat_Check(object)) {
        return put_float(self, PyFloat_AS_DOUBLE(object));
    }
    PyErr_Format(PyExc_TypeError, "%s is no value of JSON", Py_TYPE(object)->tp_name);
    return GUARD_WRITE_ERROR;
}

static bool
is_container(PyObject *object)
{
    return PyDict_Check(object) || PyList_Check(object) || PyTuple_Check(object);
}

/* The next item of the container, after writing what comes before it. Returns NULL at
 * the end or with an exception set. */
static PyObject *
next_item(GuardWriter *self, Level *level)
{
    PyObject *item = NULL;
    bool first = level->at == 0;
    if (PyDict_Check(level->container)) {
        PyObject *key;
        if (!PyDict_Next(level->container, &level->at, &key, &item)) {
            return NULL;
        }
        if (!PyUnicode_Check(key)) {
            PyErr_SetString(PyExc_TypeError, "the names of a JSON object must be str");
            return NULL;
        }
        bool ok =
            (first || put(self, ",", 1)) && put_string(self, key) && put(self, ":", 1);
        return ok ? item : NULL;
    }
    if (level->at >= PySequence_Fast_GET_SIZE(level->container)) {
        return NULL;
    }
    item = PySequence_Fast_GET_ITEM(level->container, level->at++);
    return first || put(self, ",", 1) ? item : NULL;
}

GuardWrite
guardwrite_value(GuardWriter *self, PyObject *object)
{
    Level levels[DEPTH_MAX];
    size_t depth = 0;
    self->bytes = self->first;
    self->length = 0;
    self->room = sizeof self->first;
    GuardWrite result = GUARD_WRITE_OK;
    while (object != NULL && result == GUARD_WRITE_OK) {
        if (!is_container(object)) {
            result = put_scalar(self, object);
        }
        else if (depth == DEPTH_MAX) {
            result = GUARD_WRITE_NOT_JSON;
        }
        else {
            levels[depth++] = (Level){object, 0};
            result = done(put(self, PyDict_Check(object) ? "{" : "[", 1));
        }
        object = NULL;
        while (result == GUARD_WRITE_OK && depth > 0 && object == NULL) {
            Level *top = &levels[depth - 1];
            object = next_item(self, top);
            if (object == NULL) {
                depth--;
                bool closed = !PyErr_Occurred() &&
                              put(self, PyDict_Check(top->container) ? "}" : "]", 1);
                result = done(closed);
            }
        }
    }
    self->bytes[self->length] = '\0';
    return result;
}
