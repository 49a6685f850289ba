/* SPDX-License-Identifier: MIT */
/* settings.c - what an agent's manifest asks from its user is there before it starts.
 *
 * Whether the manifest beside the script declares settings is decided here, on the
 * bytes, so that others pay for a look at the folder and nothing else.
 */
#include "interpreter-private.h"

#include <string.h>
#include <unistd.h>

enum {
    EXIT_UNCAUGHT = 1
};

int
settings_load(const InterpreterOptions *options)
{
    if (options->script == NULL)
        return 0;
    g_autofree char *folder = g_path_get_dirname(options->script);
    g_autofree char *manifest = g_build_filename(folder, "ferrule.json", NULL);
    g_autofree char *text = NULL;
    if (access(manifest, R_OK) != 0 || /* nearly always; the text of an error costs */
        !g_file_get_contents(manifest, &text, NULL, NULL) ||
        strstr(text, "\"settings\"") == NULL)
        return 0;
    PyObject *module = PyImport_ImportModule("ferrule._installer.settings");
    PyObject *answer = NULL;
    if (module != NULL)
        answer = PyObject_CallMethod(module, "load", "s", folder);
    Py_XDECREF(module);
    int code = answer == NULL ? -1 : (int)PyLong_AsLong(answer);
    Py_XDECREF(answer);
    if (code >= 0)
        return code;
    PyErr_Print();
    return EXIT_UNCAUGHT;
}
