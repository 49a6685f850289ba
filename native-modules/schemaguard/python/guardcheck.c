/* SPDX-License-Identifier: MIT */
/* check(): what is wrong with a schema itself. */
#include "guardmodule.h"

const char guardcheck_check_doc[] =
    "check(schema, draft, assert_formats, resources, max_depth, max_bytes, duplicates, "
    "mask=None, /)\n--\n\nReturn what is wrong or suspicious about a schema, as tuples "
    "of "
    "is_error, code, message, pointer, offset, line, column.";

static PyObject *
check_list(const SchemaGuardCheck *check)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < schema_guard_check_count(check); i++) {
        const SchemaGuardProblem *problem = schema_guard_check_at(check, i);
        PyObject *item = Py_BuildValue(
            "(Nsssnnn)", PyBool_FromLong(problem->is_error), problem->code,
            problem->message, problem->pointer, (Py_ssize_t)problem->offset,
            (Py_ssize_t)problem->line, (Py_ssize_t)problem->column);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(item);
    }
    return list;
}

PyObject *
guardcheck_check(PyObject *module, PyObject *args)
{
    const char *schema;
    Py_ssize_t length;
    PyObject *values[GUARD_OPTION_VALUES] = {NULL};
    if (!PyArg_ParseTuple(args, "y#OOO!OOO|O", &schema, &length, &values[0], &values[1],
                          &PyTuple_Type, &values[2], &values[3], &values[4], &values[5],
                          &values[6])) {
        return NULL;
    }
    GuardOptions options;
    PyObject *list = NULL;
    if (guardoptions_read(values, &options)) {
        g_autoptr(SchemaGuardCheck) check =
            schema_guard_check(schema, (size_t)length, &options.options);
        list = check_list(check);
    }
    PyMem_Free(options.offers);
    return list;
}
