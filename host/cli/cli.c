/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <string.h>

#include "build-info.h"
#include "cli-private.h"
#include "host-error.h"

/* ---- run -------------------------------------------------------------------- */

/* `--flag`, `--flag value` or `--flag=value` at argv[*at]; moves *at behind it. */
static bool
take_flag(Cli *cli, int argc, char **argv, int *at, GError **error)
{
    const char *word = argv[*at];
    const char *equals = strchr(word, '=');
    g_autofree char *flag = equals == NULL
                                ? g_strdup(word + 2)
                                : g_strndup(word + 2, (size_t)(equals - word) - 2);
    bool takes_value = true, is_workers = strcmp(flag, "workers") == 0;
    bool is_isolation = strcmp(flag, "isolation") == 0;
    if (!g_str_has_prefix(word, "--") ||
        !(is_workers || is_isolation || host_config_has_flag(flag, &takes_value)))
        return cli_text_refuse(
            error, "run: unknown option %s; `ferrule run --help` lists them", word);
    if (!takes_value && equals != NULL)
        return cli_text_refuse(error, "run: --%s takes no value", flag);
    const char *value = equals == NULL ? NULL : equals + 1;
    if (takes_value && value == NULL) {
        if (*at + 1 >= argc)
            return cli_text_refuse(error, "run: --%s needs a value", flag);
        value = argv[++*at];
    }
    ++*at;
    if (is_workers)
        return (cli->workers = cli_agents_workers(value, error)) != 0;
    if (is_isolation)
        return cli_agents_isolation(cli, value, error);
    g_ptr_array_add(cli->flags, g_steal_pointer(&flag));
    g_ptr_array_add(cli->flags, g_strdup(value));
    return true;
}

/* What runs is found; the agent's arguments begin at `at`. */
static bool
set_target(Cli *cli, const char *target, int argc, char **argv, int at, GError **error)
{
    if (!cli_target_set(cli, target, error))
        return false;
    if (cli->package != NULL)
        return true;
    if (cli->in_interpreters) {
        cli_agents_set_light(cli, target, argc, argv, at);
        return true;
    }
    g_ptr_array_add(cli->python_argv, g_strdup(argv[0]));
    if (cli->workers != 0)
        return cli_agents_set(cli, target, argc, argv, at);
    /* A name that looks like an option would be one to CPython. */
    g_ptr_array_add(cli->python_argv, cli->script[0] == '-'
                                          ? g_strconcat("./", cli->script, NULL)
                                          : g_strdup(cli->script));
    for (; at < argc; at++)
        g_ptr_array_add(cli->python_argv, g_strdup(argv[at]));
    return true;
}

static bool
parse_run(Cli *cli, int argc, char **argv, GError **error)
{
    int at = 2;
    cli->command = CLI_RUN;
    while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
            return cli_text_set(cli, cli_text_run);
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (!take_flag(cli, argc, argv, &at, error))
            return false;
    }
    if (at >= argc)
        return cli_text_refuse(
            error,
            "run: which script? ferrule run SCRIPT|FOLDER|FILE.ferrule [ARGS...]");
    if (g_str_has_suffix(argv[at], ".toml"))
        return cli_agents_set_file(cli, argv[at], argc, argv, at + 1, error);
    return set_target(cli, argv[at], argc, argv, at + 1, error);
}

/* ---- other commands --------------------------------------------------------- */

/* A command that has no more options than --json and --help. */
static bool
parse_report(Cli *cli, int argc, char **argv, CliCommand command, const char *help,
             GError **error)
{
    cli->command = command;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0 && command != CLI_TOP)
            cli->json = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return cli_text_set(cli, help);
        else
            return cli_text_refuse(error, "%s: unknown option %s; there is only %s",
                                   argv[1], argv[i],
                                   command == CLI_TOP ? "--help" : "--json");
    }
    return true;
}

static bool
parse_info(Cli *cli, int argc, char **argv, GError **error)
{
    return parse_report(cli, argc, argv, CLI_INFO, cli_text_info, error);
}

static bool
parse_status(Cli *cli, int argc, char **argv, GError **error)
{
    return parse_report(cli, argc, argv, CLI_STATUS, cli_text_status, error);
}

static bool
parse_top(Cli *cli, int argc, char **argv, GError **error)
{
    return parse_report(cli, argc, argv, CLI_TOP, cli_text_top, error);
}

/* Commands written in Python: `main(arguments)` of a module, which gives the exit code
 * and has its own --help. Isolated: the folder they are called in is nothing to them.
 */
void
cli_set_own(Cli *cli, const char *module, const char *program)
{
    cli->command = CLI_RUN;
    cli->is_own = true;
    g_ptr_array_set_size(cli->python_argv, 0);
    g_ptr_array_add(cli->python_argv, g_strdup(program));
    g_ptr_array_add(cli->python_argv, g_strdup("-Ic"));
    g_ptr_array_add(cli->python_argv,
                    g_strdup_printf("import sys, %s as own\n"
                                    "sys.exit(own.main(sys.argv[1:]))",
                                    module));
}

/* A package that was not opened yet is, and then the same command line again. */
static void
open_package(Cli *cli, int argc, char **argv)
{
    cli_set_own(cli, "ferrule._installer.opening", argv[0]);
    g_ptr_array_add(cli->python_argv, g_strdup(cli->package));
    for (int i = 0; i < argc; i++)
        g_ptr_array_add(cli->python_argv, g_strdup(argv[i]));
}

/* Its options are checked by its own code; what it runs is found here, as for `run`. */
static bool
parse_profile(Cli *cli, int argc, char **argv, GError **error)
{
    int at = 2;
    cli_set_own(cli, "ferrule._profile", argv[0]);
    for (; at < argc && argv[at][0] == '-'; at++) {
        g_ptr_array_add(cli->python_argv, g_strdup(argv[at]));
        if (strcmp(argv[at], "--html") == 0 && at + 1 < argc)
            g_ptr_array_add(cli->python_argv, g_strdup(argv[++at]));
        else if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
    }
    if (at >= argc)
        return true;
    cli->is_own = false;
    if (!cli_target_set(cli, argv[at], error))
        return false;
    for (int i = at; i < argc && cli->package == NULL; i++)
        g_ptr_array_add(cli->python_argv, g_strdup(i == at ? cli->script : argv[i]));
    return true;
}

static const struct {
    const char *name;
    bool (*parse)(Cli *cli, int argc, char **argv, GError **error);
    const char *module; /* or one written in Python */
} commands[] = {
    /* clang-format off */
    {"run", parse_run, NULL},
    {"info", parse_info, NULL},
    {"status", parse_status, NULL},
    {"top", parse_top, NULL},
    {"check", NULL, "ferrule._check"},
    {"pack", NULL, "ferrule._installer.pack"},
    {"profile", parse_profile, NULL},
    {"verify", NULL, "ferrule._installer.trust"},
    {"self", NULL, "ferrule._installer.self_command"},
    /* clang-format on */
};

static bool
parse_command(Cli *cli, size_t command, int argc, char **argv, GError **error)
{
    if (commands[command].parse != NULL)
        return commands[command].parse(cli, argc, argv, error);
    cli_set_own(cli, commands[command].module, argv[0]);
    for (int i = 2; i < argc; i++)
        g_ptr_array_add(cli->python_argv, g_strdup(argv[i]));
    return true;
}

static bool
parse(Cli *cli, int argc, char **argv, GError **error)
{
    g_autofree char *agent = cli_installed_find();
    if (agent != NULL) {
        cli->command = CLI_RUN;
        return set_target(cli, agent, argc, argv, 1, error);
    }
    if (argc < 2) {
        return cli_text_refuse(error,
                               "what shall run? ferrule run SCRIPT|FOLDER [ARGS...]; "
                               "`ferrule --help` says more");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return parse_command(cli, i, argc, argv, error);
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return cli_text_set(cli, cli_text_main);
    if (strcmp(argv[1], "--version") == 0)
        return cli_text_set(cli, "ferrule " FERRULE_VERSION " (CPython " CPYTHON_VERSION
                                 ")\n");
    return cli_parse_python(cli, argc, argv, error);
}

bool
cli_parse(Cli *cli, int argc, char **argv, GError **error)
{
    cli->python_argv = g_ptr_array_new_with_free_func(g_free);
    cli->flags = g_ptr_array_new_with_free_func(g_free);
    if (!parse(cli, argc, argv, error))
        return false;
    if (cli->package != NULL)
        open_package(cli, argc, argv);
    cli_target_share_vendor(cli);
    g_ptr_array_add(cli->python_argv, NULL);
    return true;
}

bool
cli_load_config(Cli *cli, GError **error)
{
    if (cli->is_own)
        return true;
    if (!host_config_load(&cli->config, error))
        return false;
    for (guint i = 0; i < cli->flags->len; i += 2)
        if (!host_config_set_flag(&cli->config, cli->flags->pdata[i],
                                  cli->flags->pdata[i + 1], error))
            return false;
    return true;
}

void
cli_clear(Cli *cli)
{
    host_config_clear(&cli->config);
    g_clear_pointer(&cli->python_argv, g_ptr_array_unref);
    g_clear_pointer(&cli->flags, g_ptr_array_unref);
    g_clear_pointer(&cli->script, g_free);
    g_clear_pointer(&cli->vendor, g_free);
    g_clear_pointer(&cli->package, g_free);
    g_clear_pointer(&cli->text, g_free);
    g_clear_pointer(&cli->plan, launcher_plan_free);
    *cli = (Cli)CLI_INIT;
}
