/* SPDX-License-Identifier: MIT */
/* Arguments of a call to parameters, as Python itself does it. */
#include "cachemodule.h"

static Py_ssize_t
bind_find(const CacheParameters *self, PyObject *name)
{
    for (Py_ssize_t i = 0; i < self->count; i++) {
        if (PyUnicode_CompareWithASCIIString(name, self->names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool
bind_named(const CacheParameters *self, PyObject *name, PyObject *value,
           PyObject **given)
{
    Py_ssize_t at = bind_find(self, name);
    if (at < 0) {
        PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument %R",
                     self->function, name);
        return false;
    }
    if (given[at] != NULL) {
        PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument %R",
                     self->function, name);
        return false;
    }
    given[at] = value;
    return true;
}

bool
cachemodule_bind(const CacheParameters *self, PyObject *const *args, Py_ssize_t count,
                 PyObject *names, PyObject **ret_given)
{
    Py_ssize_t named = names != NULL ? PyTuple_GET_SIZE(names) : 0;
    if (count > self->by_position) {
        PyErr_Format(PyExc_TypeError, "%s() takes %zd positional arguments, not %zd",
                     self->function, self->by_position, count);
        return false;
    }
    for (Py_ssize_t i = 0; i < self->count; i++) {
        ret_given[i] = i < count ? args[i] : NULL;
    }
    for (Py_ssize_t i = 0; i < named; i++) {
        if (!bind_named(self, PyTuple_GET_ITEM(names, i), args[count + i], ret_given)) {
            return false;
        }
    }
    for (Py_ssize_t i = 0; i < self->required; i++) {
        if (ret_given[i] == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() needs its argument '%s'",
                         self->function, self->names[i]);
            return false;
        }
    }
    return true;
}
