/* SPDX-License-Identifier: MIT */
/* main.c - the steps of a run, in order. -1 instead of an exit code: error is set. */
#include <stdio.h>

#include "cli.h"
#include "host-error.h"
#include "interpreter.h"
#include "launcher-status.h"
#include "own-path.h"
#include "report-info.h"
#include "sandbox.h"
#include "tls-roots.h"

static int
run(Cli *cli, const char *executable, GError **error)
{
    InterpreterOptions options = {
        .argc = (int)cli->python_argv->len - 1,
        .argv = (char **)cli->python_argv->pdata,
        .executable = executable,
        .script = cli->script,
        .vendor = cli->vendor,
        .with_builtins = !cli->plain,
    };
    if (!cli_load_config(cli, error))
        return -1;
    tls_roots_announce();
    if (cli->command == CLI_AGENTS)
        return interpreter_run_agents(&options, cli->plan, &cli->config, error);
    g_autoptr(SandboxPlan) plan = sandbox_plan_new(&cli->config);
    if (!interpreter_start(&options, error))
        return -1;
    if (sandbox_plan_apply(plan, error))
        return interpreter_run(&options);
    interpreter_finish();
    return -1;
}

/* Print and free `text`; NULL: error is set. */
static int
print(char *text)
{
    g_autofree char *owned = text;
    if (text == NULL)
        return -1;
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? HOST_ERROR_INTERNAL : 0;
}

static int
dispatch(Cli *cli, const char *executable, GError **error)
{
    ReportInfo facts = {executable, interpreter_native_modules(),
                        interpreter_builtin_modules()};
    switch (cli->command) {
    case CLI_TEXT:
        return print(g_steal_pointer(&cli->text));
    case CLI_RUN:
    case CLI_AGENTS:
        return run(cli, executable, error);
    case CLI_STATUS:
        return print(launcher_status_text(cli->json, error));
    case CLI_TOP:
        return launcher_status_top(error);
    case CLI_INFO:
        return print(cli->json ? report_info_json(&facts, error)
                               : report_info_text(&facts, error));
    }
    return -1;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Cli) cli = CLI_INIT;
    g_autofree char *executable = own_path_find();
    bool is_good = cli_parse(&cli, argc, argv, &error);
    int code = is_good ? dispatch(&cli, executable, &error) : -1;
    return code < 0 ? host_error_report(error) : code;
}
