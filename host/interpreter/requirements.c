/* SPDX-License-Identifier: MIT */
/* requirements.c - a script's PEP 723 block is checked before its first line runs.
 *
 * Whether there is a block is decided here, on the bytes, so that scripts without one
 * pay for a read of the file and nothing else; reading the block is Python's work.
 */
#include "interpreter-private.h"

#include <string.h>

#define BLOCK_START     "# /// script"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum {
    EXIT_UNCAUGHT = 1
};

static bool
has_block(const char *script)
{
    g_autofree char *text = NULL;
    size_t size;
    /* A pipe can be read once, and that is CPython's turn. */
    if (!g_file_test(script, G_FILE_TEST_IS_REGULAR))
        return false;
    if (!g_file_get_contents(script, &text, &size, NULL))
        return false; /* CPython will say why */
    const char *start =
        g_str_has_prefix(text, BYTE_ORDER_MARK) ? text + strlen(BYTE_ORDER_MARK) : text;
    for (const char *at = start; (at = strstr(at, BLOCK_START)) != NULL; at++)
        if (at == start || at[-1] == '\n')
            return true;
    return false;
}

int
requirements_check(const InterpreterOptions *options)
{
    if (options->script == NULL || !has_block(options->script))
        return 0;
    PyObject *module = PyImport_ImportModule("ferrule._requirements");
    PyObject *answer = NULL;
    if (module != NULL)
        answer = PyObject_CallMethod(module, "check", "s", options->script);
    Py_XDECREF(module);
    int code = answer == NULL ? -1 : (int)PyLong_AsLong(answer);
    Py_XDECREF(answer);
    if (code >= 0)
        return code;
    PyErr_Print();
    return EXIT_UNCAUGHT;
}
