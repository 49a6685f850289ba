/* SPDX-License-Identifier: MIT */
/* main.c - the steps of a run, in order. */
#include <stdio.h>
#include <sys/auxv.h>

#include "cli.h"
#include "host-error.h"
#include "interpreter.h"
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
        return host_error_report(*error);
    g_autoptr(SandboxPlan) plan = sandbox_plan_new(&cli->config);
    tls_roots_announce();
    if (!interpreter_start(&options, error))
        return host_error_report(*error);
    if (!sandbox_plan_apply(plan, error)) {
        interpreter_finish();
        return host_error_report(*error);
    }
    return interpreter_run(&options);
}

static int
info(const Cli *cli, const char *executable, GError **error)
{
    ReportInfo facts = {executable, interpreter_native_modules(),
                        interpreter_builtin_modules()};
    g_autofree char *text =
        cli->json ? report_info_json(&facts, error) : report_info_text(&facts, error);
    if (text == NULL)
        return host_error_report(*error);
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? HOST_ERROR_INTERNAL : 0;
}

/* Where this file is: the stdlib's root, and sys.executable. */
static char *
own_path(GError **error)
{
    char *path = g_file_read_link("/proc/self/exe", error);
    if (path != NULL)
        return path;
    /* No /proc: what the kernel was given to execute. */
    g_clear_error(error);
    return g_canonicalize_filename((const char *)getauxval(AT_EXECFN), NULL);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Cli) cli = CLI_INIT;
    g_autofree char *executable = own_path(&error);
    if (executable == NULL || !cli_parse(&cli, argc, argv, &error))
        return host_error_report(error);
    switch (cli.command) {
    case CLI_TEXT:
        return fputs(cli.text, stdout) < 0 || fflush(stdout) != 0 ? HOST_ERROR_INTERNAL
                                                                  : 0;
    case CLI_RUN:
        return run(&cli, executable, &error);
    case CLI_INFO:
        return info(&cli, executable, &error);
    }
    return HOST_ERROR_INTERNAL;
}
