/* SPDX-License-Identifier: MIT */
/* agents-plan.c - the launcher file, read by Python, as a plan in C. */
#include "agents-private.h"

#include "cli.h"
#include "host-error.h"

/* A list of bytes as strings. */
static GStrv
strings_of(PyObject *list)
{
    g_autoptr(GPtrArray) strings = g_ptr_array_new();
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
        g_ptr_array_add(strings, g_strdup(PyBytes_AS_STRING(PyList_GET_ITEM(list, i))));
    g_ptr_array_add(strings, NULL);
    return (GStrv)g_ptr_array_steal(strings, NULL);
}

static void
set_limits(HostConfig *config, const HostConfig *own)
{
    if (own->memory != 0)
        config->memory = own->memory;
    if (own->cpu != 0)
        config->cpu = own->cpu;
    if (own->files != 0)
        config->files = own->files;
    config->is_batch |= own->is_batch;
}

/* One ferrule._agents_file.Agent. */
static bool
add_agent(LauncherPlan *plan, const HostConfig *config, PyObject *row, GError **error)
{
    const char *name, *script, *place;
    PyObject *args, *env;
    unsigned workers;
    int restart, is_batch;
    unsigned long long memory, cpu, files, wall;
    if (!PyArg_ParseTuple(row, "yyyO!O!IipKKKK", &name, &script, &place, &PyList_Type,
                          &args, &PyList_Type, &env, &workers, &restart, &is_batch,
                          &memory, &cpu, &files, &wall))
        return agents_warm_refuse("ferrule._agents_file", error);
    LauncherAgent *agent = launcher_plan_add(plan, name);
    if (!cli_find_target(script, &agent->script, &agent->vendor, error)) {
        g_prefix_error(error, "%s: ", place);
        (*error)->code = HOST_ERROR_CONFIG;
        return false;
    }
    if (agent->script == NULL) {
        g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG,
                    "%s: %s was not opened yet; `ferrule run` it once", place, script);
        return false;
    }
    g_strfreev(agent->args);
    g_strfreev(agent->env);
    agent->args = strings_of(args);
    agent->env = strings_of(env);
    agent->workers = workers;
    agent->restart = (LauncherRestart)restart;
    agent->wall = wall;
    host_config_copy(&agent->config, config);
    set_limits(&agent->config, &(HostConfig){.memory = memory,
                                             .cpu = cpu,
                                             .files = files,
                                             .is_batch = is_batch != 0});
    return true;
}

static bool
add_agents(LauncherPlan *plan, const HostConfig *config, PyObject *rows, GError **error)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(rows); i++)
        if (!add_agent(plan, config, PyList_GET_ITEM(rows, i), error))
            return false;
    return true;
}

bool
agents_plan_read(LauncherPlan *plan, const HostConfig *config, PyObject **ret_warmth,
                 GError **error)
{
    const char *module_name = "ferrule._agents_file";
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *path = PyUnicode_DecodeFSDefault(plan->file);
    PyObject *loaded = NULL, *rows, *warmth;
    if (module != NULL && path != NULL)
        loaded = PyObject_CallMethod(module, "load", "O", path);
    Py_XDECREF(module);
    Py_XDECREF(path);
    if (loaded == NULL ||
        !PyArg_ParseTuple(loaded, "O!O", &PyList_Type, &rows, &warmth)) {
        Py_XDECREF(loaded);
        return agents_warm_refuse(module_name, error);
    }
    bool is_good = add_agents(plan, config, rows, error);
    if (is_good)
        *ret_warmth = Py_NewRef(warmth);
    Py_DECREF(loaded);
    return is_good;
}
