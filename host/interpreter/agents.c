/* SPDX-License-Identifier: MIT */
/* agents.c - several agents: one warm interpreter, forked for each. */
#include "agents-private.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "host-error.h"
#include "launcher.h"

/* Of the real-time signals, the one that nobody counts up to or down to. */
#define DUMP_SIGNAL (SIGRTMAX - 1)

/* A descriptor below 3 that is free would become one of our pipes. */
static void
fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Agents of the command line have its limits and permissions. */
static void
set_limits(LauncherPlan *plan, const HostConfig *config)
{
    for (guint i = 0; i < plan->agents->len; i++) {
        LauncherAgent *agent = plan->agents->pdata[i];
        host_config_copy(&agent->config, config);
    }
}

/* What the importers make of a path is kept: the agents, which ask the same, find it.
 */
static void
ask_importers(const LauncherPlan *plan)
{
    for (guint i = 0; i < plan->agents->len; i++) {
        const LauncherAgent *agent = plan->agents->pdata[i];
        g_autofree char *folder = g_path_get_dirname(agent->script);
        const char *const paths[] = {agent->script, folder, agent->vendor};
        for (size_t n = 0; n < G_N_ELEMENTS(paths); n++)
            interpreter_ask_importer(paths[n]);
    }
}

static void
compile_scripts(const LauncherPlan *plan)
{
    for (guint i = 0; i < plan->agents->len; i++) {
        const LauncherAgent *agent = plan->agents->pdata[i];
        agents_script_compile(agent->script);
    }
}

static bool
read_and_warm(LauncherPlan *plan, const HostConfig *config, PyObject **ret_stores,
              int *ret_desk, GError **error)
{
    PyObject *warmth = NULL;
    if (plan->file == NULL)
        set_limits(plan, config);
    else if (!agents_plan_read(plan, config, &warmth, error))
        return false;
    ask_importers(plan);
    compile_scripts(plan);
    *ret_stores = agents_warm_up(warmth, DUMP_SIGNAL, ret_desk, error);
    Py_XDECREF(warmth);
    return *ret_stores != NULL;
}

int
interpreter_run_agents(const InterpreterOptions *options, LauncherPlan *plan,
                       const HostConfig *config, GError **error)
{
    LauncherSeams seams = {.fork = agents_fork,
                           .run = agents_run,
                           .dump_signal = DUMP_SIGNAL,
                           .count_stores = agents_count_stores};
    PyObject *stores = NULL;
    fill_standard_streams();
    AgentsArenas *arenas = agents_arenas_new();
    if (!interpreter_start(options, error))
        return -1;
    int code = -1;
    if (read_and_warm(plan, config, &stores, &seams.desk, error)) {
        agents_arenas_pack(arenas);
        agents_inherit_text();
        agents_fork_begin();
        code = launcher_run(plan, &seams, error);
    }
    Py_XDECREF(stores);
    interpreter_finish();
    return code;
}
