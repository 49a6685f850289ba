/* SPDX-License-Identifier: MIT */
/* interpreter-config.c - an isolated interpreter that reads a python command line.
 *
 * Isolated: no `site`, no user site, no PYTHON* variable, paths given and not searched.
 * UTF-8 mode whatever the locale says. CPython parses the command line itself, so that
 * what multiprocessing and subprocess hand to sys.executable means what it means there.
 */
#include "interpreter-private.h"

#include <unistd.h>

PyStatus
interpreter_config_preinitialize(const InterpreterOptions *options)
{
    PyPreConfig config;
    PyPreConfig_InitPythonConfig(&config);
    config.utf8_mode = 1;
    config.use_environment = 0;
    config.coerce_c_locale = 0;
    return Py_PreInitializeFromBytesArgs(&config, options->argc, options->argv);
}

/* Set several strings to `value`. */
static PyStatus
set_all(PyConfig *config, wchar_t **const fields[], size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        PyStatus status = PyConfig_SetBytesString(config, fields[i], value);
        if (PyStatus_Exception(status))
            return status;
    }
    return PyStatus_Ok();
}

static PyStatus
append_search_path(PyConfig *config, const char *path)
{
    wchar_t *wide = Py_DecodeLocale(path, NULL);
    if (wide == NULL)
        return PyStatus_NoMemory();
    PyStatus status = PyWideStringList_Append(&config->module_search_paths, wide);
    PyMem_RawFree(wide);
    return status;
}

/* sys.path: the library inside the executable, the loadable extensions beside it, the
 * script's vendored packages. CPython puts the script's folder before them. */
static PyStatus
fill_search_paths(PyConfig *config, const InterpreterOptions *options)
{
    g_autofree char *folder = g_path_get_dirname(options->executable);
    g_autofree char *modules = g_build_filename(folder, "modules", NULL);
    const char *const paths[] = {options->executable, modules, options->vendor};
    config->module_search_paths_set = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(paths) && paths[i] != NULL; i++) {
        PyStatus status = append_search_path(config, paths[i]);
        if (PyStatus_Exception(status))
            return status;
    }
    return PyStatus_Ok();
}

static PyStatus
fill_paths(PyConfig *config, const InterpreterOptions *options)
{
    g_autofree char *folder = g_path_get_dirname(options->executable);
    wchar_t **const executables[] = {&config->executable, &config->base_executable,
                                     &config->program_name};
    wchar_t **const prefixes[] = {&config->prefix, &config->exec_prefix,
                                  &config->base_prefix, &config->base_exec_prefix,
                                  &config->home};
    PyStatus status =
        set_all(config, executables, G_N_ELEMENTS(executables), options->executable);
    if (!PyStatus_Exception(status))
        status = set_all(config, prefixes, G_N_ELEMENTS(prefixes), folder);
    if (!PyStatus_Exception(status))
        status =
            PyConfig_SetBytesString(config, &config->stdlib_dir, options->executable);
    if (!PyStatus_Exception(status))
        status = fill_search_paths(config, options);
    return status;
}

PyStatus
interpreter_config_fill(PyConfig *config, const InterpreterOptions *options)
{
    PyConfig_InitPythonConfig(config);
    config->use_environment = 0;
    config->user_site_directory = 0;
    config->site_import = 0;
    config->pathconfig_warnings = 0;
    config->parse_argv = 1;
    PyStatus status = fill_paths(config, options);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesArgv(config, options->argc, options->argv);
    return status;
}
