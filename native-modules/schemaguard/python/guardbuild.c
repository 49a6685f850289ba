/* SPDX-License-Identifier: MIT */
/* loads(): the objects of a text that is known to be right, without recursion. */
#include "guardbuild.h"

#include <string.h>

enum {
    STACK_FIRST = 128,
    ESCAPED_FIRST = 1024, /* bytes of a string that are unescaped on the stack */
    DEPTH_MAX = SCHEMA_GUARD_DEPTH_MAX,
    EXACT_DIGITS = 15, /* integers of so many digits are exact in a double */
    EXACT_POWER = 22,  /* and so are these powers of ten */
};

typedef struct {
    bool is_escaped;
    bool is_ascii;
} StringKind;

/* Values of the open containers, innermost last; names and values alternate in objects.
 */
typedef struct {
    const char *p;
    const char *end;
    PyObject **values;
    size_t count;
    size_t room;
    GuardNames *names;
    unsigned depth;
    size_t starts[DEPTH_MAX]; /* where the values of each open container start */
    bool is_object[DEPTH_MAX];
    PyObject *first[STACK_FIRST];
} Builder;

void
guardbuild_names_clear(GuardNames *self)
{
    for (size_t i = 0; i < GUARD_NAMES_KEPT; i++) {
        Py_CLEAR(self->names[i]);
    }
}

static bool
push(Builder *self, PyObject *value)
{
    if (value == NULL) {
        return false;
    }
    if (self->count == self->room) {
        size_t room = self->room * 2;
        bool is_first = self->values == self->first;
        PyObject **values =
            PyMem_Realloc(is_first ? NULL : self->values, room * sizeof *values);
        if (values == NULL) {
            Py_DECREF(value);
            PyErr_NoMemory();
            return false;
        }
        if (is_first) {
            memcpy(values, self->first, sizeof self->first);
        }
        self->values = values;
        self->room = room;
    }
    self->values[self->count++] = value;
    return true;
}

static inline const char *
skip_space(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
        p++;
    }
    return p;
}

static PyObject *
ascii_string(const char *text, size_t length)
{
    PyObject *string = PyUnicode_New((Py_ssize_t)length, 127);
    if (string != NULL) {
        memcpy(PyUnicode_1BYTE_DATA(string), text, length);
    }
    return string;
}

static PyObject *
escaped_string(const char *text, size_t length)
{
    char first[ESCAPED_FIRST];
    char *value = length <= sizeof first ? first : PyMem_Malloc(length);
    if (value == NULL) {
        return PyErr_NoMemory();
    }
    bool lone;
    size_t size = schema_guard_string_unescape(text, length, value, &lone);
    PyObject *string =
        PyUnicode_DecodeUTF8(value, (Py_ssize_t)size, lone ? "surrogatepass" : NULL);
    if (value != first) {
        PyMem_Free(value);
    }
    return string;
}

static PyObject *
make_string(const char *text, const char *close, const StringKind *kind)
{
    size_t length = (size_t)(close - text);
    if (kind->is_escaped) {
        return escaped_string(text, length);
    }
    return kind->is_ascii ? ascii_string(text, length)
                          : PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, NULL);
}

static bool
take_string(Builder *self)
{
    StringKind kind;
    const char *text = self->p + 1;
    const char *close =
        schema_guard_string_end(text, self->end, &kind.is_escaped, &kind.is_ascii);
    self->p = close + 1;
    return push(self, make_string(text, close, &kind));
}

/* The same name again gives the same object: short ASCII names are remembered. */
static PyObject *
remembered_name(Builder *self, const char *text, size_t length)
{
    uint64_t head = 0;
    uint64_t tail = 0;
    size_t part = length < 8 ? length : 8;
    memcpy(&head, text, part);
    memcpy(&tail, text + length - part, part);
    uint64_t hash = (head ^ tail * 31 ^ length) * 0x9E3779B97F4A7C15u;
    PyObject **slot = &self->names->names[hash >> 57];
    if (*slot != NULL && (size_t)PyUnicode_GET_LENGTH(*slot) == length &&
        memcmp(PyUnicode_1BYTE_DATA(*slot), text, length) == 0) {
        return Py_NewRef(*slot);
    }
    PyObject *name = ascii_string(text, length);
    if (name != NULL) {
        Py_XSETREF(*slot, Py_NewRef(name));
    }
    return name;
}

static bool
take_name(Builder *self)
{
    StringKind kind;
    const char *text = self->p + 1;
    const char *close =
        schema_guard_string_end(text, self->end, &kind.is_escaped, &kind.is_ascii);
    size_t length = (size_t)(close - text);
    bool is_plain = kind.is_ascii && !kind.is_escaped && length > 0 && length <= 64;
    self->p = skip_space(close + 1) + 1; /* and the colon */
    return push(self, is_plain && self->names != NULL
                          ? remembered_name(self, text, length)
                          : make_string(text, close, &kind));
}

static PyObject *
long_number(const char *text, size_t length, bool is_plain)
{
    char *copy = PyMem_Malloc(length + 1);
    if (copy == NULL) {
        return PyErr_NoMemory();
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    PyObject *number = NULL;
    if (is_plain) {
        number = PyLong_FromString(copy, NULL, 10);
    }
    else {
        double value = PyOS_string_to_double(copy, NULL, NULL);
        bool failed = value == -1.0 && PyErr_Occurred();
        number = failed ? NULL : PyFloat_FromDouble(value);
    }
    PyMem_Free(copy);
    return number;
}

/* A double that one exact multiplication or division gives (Clinger's fast path). */
static bool
exact_double(const char *p, const char *end, double *ret_value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool negative = *p == '-';
    uint64_t digits = 0;
    int count = 0;
    int scale = 0;
    bool point = false;
    for (p += negative; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        digits = digits * 10 + (uint64_t)(*p - '0');
        count += digits != 0;
        scale -= point;
        if (count > EXACT_DIGITS) {
            return false;
        }
    }
    if (p < end) {
        bool minus = p[1] == '-';
        int exponent = 0;
        for (p += 1 + (minus || p[1] == '+'); p < end && exponent < 1000; p++) {
            exponent = exponent * 10 + (*p - '0');
        }
        scale += minus ? -exponent : exponent;
    }
    if (scale < -EXACT_POWER || scale > EXACT_POWER) {
        return false;
    }
    double value =
        scale < 0 ? (double)digits / powers[-scale] : (double)digits * powers[scale];
    *ret_value = negative ? -value : value;
    return true;
}

static bool
take_number(Builder *self)
{
    const char *start = self->p;
    const char *p = start + (*start == '-');
    uint64_t digits = 0;
    while (*p >= '0' && *p <= '9') {
        digits = digits * 10 + (uint64_t)(*p++ - '0');
    }
    bool is_plain = *p != '.' && (*p | 0x20) != 'e';
    if (is_plain && p - start <= 18) {
        self->p = p;
        return push(self, PyLong_FromLongLong(*start == '-' ? -(long long)digits
                                                            : (long long)digits));
    }
    while ((*p >= '0' && *p <= '9') || *p == '.' || *p == '-' || *p == '+' ||
           (*p | 0x20) == 'e') {
        p++;
    }
    self->p = p;
    double value;
    if (!is_plain && exact_double(start, p, &value)) {
        return push(self, PyFloat_FromDouble(value));
    }
    return push(self, long_number(start, (size_t)(p - start), is_plain));
}

static PyObject *
make_list(Builder *self, size_t start)
{
    size_t count = self->count - start;
    PyObject *list = PyList_New((Py_ssize_t)count);
    if (list == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        PyList_SET_ITEM(list, (Py_ssize_t)i, self->values[start + i]);
    }
    self->count = start;
    return list;
}

static PyObject *
make_dict(Builder *self, size_t start)
{
    PyObject *dict = PyDict_New();
    for (size_t i = start; dict != NULL && i < self->count; i += 2) {
        if (PyDict_SetItem(dict, self->values[i], self->values[i + 1]) < 0) {
            Py_CLEAR(dict);
        }
    }
    while (dict != NULL && self->count > start) {
        Py_DECREF(self->values[--self->count]);
    }
    return dict;
}

static bool
close_container(Builder *self)
{
    self->p++;
    unsigned level = --self->depth;
    size_t start = self->starts[level];
    return push(self, self->is_object[level] ? make_dict(self, start)
                                             : make_list(self, start));
}

static void
open_container(Builder *self)
{
    self->is_object[self->depth] = *self->p == '{';
    self->starts[self->depth++] = self->count;
    self->p++;
}

static bool
take_constant(Builder *self, size_t length, PyObject *value)
{
    self->p += length;
    return push(self, Py_NewRef(value));
}

static bool
take_scalar(Builder *self)
{
    switch (*self->p) {
    case '"':
        return take_string(self);
    case 't':
        return take_constant(self, 4, Py_True);
    case 'f':
        return take_constant(self, 5, Py_False);
    case 'n':
        return take_constant(self, 4, Py_None);
    default:
        return take_number(self);
    }
}

/* One step: a comma, a bracket, a name with its value's beginning, or a scalar. */
static bool
step(Builder *self)
{
    self->p = skip_space(self->p);
    bool inside = self->depth > 0;
    if (inside && *self->p == ',') {
        self->p = skip_space(self->p + 1);
    }
    if (*self->p == '}' || *self->p == ']') {
        return close_container(self);
    }
    if (inside && self->is_object[self->depth - 1]) {
        if (!take_name(self)) {
            return false;
        }
        self->p = skip_space(self->p);
    }
    if (*self->p == '{' || *self->p == '[') {
        open_container(self);
        return true;
    }
    return take_scalar(self);
}

PyObject *
guardbuild_value(const char *text, size_t length, GuardNames *names)
{
    Builder builder;
    builder.p = text;
    builder.end = text + length;
    builder.values = builder.first;
    builder.count = 0;
    builder.room = STACK_FIRST;
    builder.names = names;
    builder.depth = 0;
    bool ok;
    do {
        ok = step(&builder);
    } while (ok && builder.depth > 0);
    PyObject *value = ok ? builder.values[--builder.count] : NULL;
    while (builder.count > 0) {
        Py_DECREF(builder.values[--builder.count]);
    }
    if (builder.values != builder.first) {
        PyMem_Free(builder.values);
    }
    return value;
}
