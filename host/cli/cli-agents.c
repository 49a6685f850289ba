/* SPDX-License-Identifier: MIT */
/* cli-agents.c - agents in parallel, as the command line asks for them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli-private.h"

unsigned
cli_agents_workers(const char *value, GError **error)
{
    char *end;
    errno = 0;
    uint64_t count = g_ascii_strtoull(value, &end, 10);
    if (g_ascii_isdigit(value[0]) && *end == '\0' && errno == 0 && count >= 1 &&
        count <= LAUNCHER_WORKERS_MAX)
        return (unsigned)count;
    cli_text_refuse(error, "--workers: expected a number from 1 to %d, got \"%.40s\"",
                    LAUNCHER_WORKERS_MAX, value);
    return 0;
}

/* The command line as the kernel keeps it: words that lie behind each other. */
static void
find_title(LauncherPlan *plan, int argc, char **argv)
{
    char *end = argv[0] + strlen(argv[0]);
    for (int i = 1; i < argc && argv[i] == end + 1; i++)
        end = argv[i] + strlen(argv[i]);
    plan->title = argv[0];
    plan->title_size = (size_t)(end - argv[0]) + 1;
}

/* What an agent is called that nobody named: its file, or its folder. */
static char *
name_of(const char *target)
{
    g_autofree char *path = g_canonicalize_filename(target, NULL);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = g_utf8_make_valid(base, -1);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name && strcmp(dot, ".py") == 0)
        *dot = '\0';
    if (strlen(name) > LAUNCHER_NAME_MAX)
        *g_utf8_find_prev_char(name, name + LAUNCHER_NAME_MAX + 1) = '\0';
    for (char *at = name; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at))
            *at = '?';
    return g_steal_pointer(&name);
}

static void
new_plan(Cli *cli, int argc, char **argv)
{
    cli->command = CLI_AGENTS;
    cli->plan = launcher_plan_new();
    find_title(cli->plan, argc, argv);
}

bool
cli_agents_set(Cli *cli, const char *target, int argc, char **argv, int at)
{
    g_autofree char *name = name_of(target);
    new_plan(cli, argc, argv);
    LauncherAgent *agent = launcher_plan_add(cli->plan, name);
    agent->workers = cli->workers;
    g_strfreev(agent->args);
    agent->args = g_strdupv(argv + at);
    agent->script = g_steal_pointer(&cli->script);
    agent->vendor = g_steal_pointer(&cli->vendor);
    return true;
}

void
cli_agents_set_light(Cli *cli, const char *target, int argc, char **argv, int at)
{
    cli_set_own(cli, "ferrule._light_agents", argv[0]);
    cli->is_own = false; /* limits and permissions hold */
    g_ptr_array_add(cli->python_argv, g_strdup_printf("%u", MAX(cli->workers, 1)));
    g_ptr_array_add(cli->python_argv, name_of(target));
    g_ptr_array_add(cli->python_argv, g_strdup(cli->script));
    for (; at < argc; at++)
        g_ptr_array_add(cli->python_argv, g_strdup(argv[at]));
}

bool
cli_agents_isolation(Cli *cli, const char *value, GError **error)
{
    cli->in_interpreters = strcmp(value, "interpreter") == 0;
    if (cli->in_interpreters || strcmp(value, "process") == 0)
        return true;
    return cli_text_refuse(
        error, "--isolation: expected \"process\" or \"interpreter\", got \"%.40s\"",
        value);
}

bool
cli_agents_set_file(Cli *cli, const char *path, int argc, char **argv, int at,
                    GError **error)
{
    if (at < argc)
        return cli_text_refuse(
            error, "run: %s names the arguments of its agents; \"%s\" is for nobody",
            path, argv[at]);
    if (cli->workers != 0)
        return cli_text_refuse(
            error,
            "run: %s says how many workers its agents have; --workers goes with "
            "a script",
            path);
    if (cli->in_interpreters)
        return cli_text_refuse(
            error, "run: agents of a file are processes; --isolation interpreter goes "
                   "with --workers N SCRIPT");
    if (access(path, R_OK) != 0)
        return cli_text_refuse(error, "cannot read %s: %s", path, g_strerror(errno));
    new_plan(cli, argc, argv);
    cli->plan->file = g_strdup(path);
    g_ptr_array_add(cli->python_argv, g_strdup(argv[0]));
    return true;
}
