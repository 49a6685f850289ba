/* SPDX-License-Identifier: MIT */
/* cli.h - the command line, understood.
 *
 * Purpose    turn argv into one Cli: which command, with which settings, and for a run
 *            the command line that CPython gets.
 * Ownership  a Cli owns all it holds; cli_clear() frees it. `argv` is borrowed.
 * Threads    none: used once at start-up.
 * Errors     HOST_ERROR_USAGE: what was wrong and what to write instead.
 * Limits     those of the kernel on arguments.
 * Cost       linear in argc.
 * Example    g_auto(Cli) cli = CLI_INIT;
 *            if (!cli_parse(&cli, argc, argv, &error))
 *                return host_error_report(error);
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "host-config.h"
#include "launcher-plan.h"

G_BEGIN_DECLS

typedef enum {
    CLI_TEXT, /* print `text` and end with 0 */
    CLI_RUN,
    CLI_AGENTS, /* several in parallel: `plan` */
    CLI_STATUS,
    CLI_TOP,
    CLI_INFO
} CliCommand;

typedef struct {
    CliCommand command;
    bool json;
    bool plain;             /* -S: no exit(), quit(), help() */
    bool is_own;            /* a command of ours in Python: no limits apply */
    HostConfig config;      /* flags only until cli_load_config() */
    GPtrArray *python_argv; /* of char *, NULL at the end; CLI_RUN */
    char *script;           /* what runs, NULL for -c, -m, - */
    char *vendor;           /* the vendored packages beside it, NULL for none */
    char *package;          /* a .ferrule that has to be opened first, NULL for none */
    char *text;             /* CLI_TEXT */
    unsigned workers;       /* --workers; 0: not given */
    bool in_interpreters;   /* --isolation interpreter */
    LauncherPlan *plan;     /* CLI_AGENTS */
    GPtrArray *flags;       /* pairs of flag and value, NULL for none; CLI_RUN */
} Cli;

#define CLI_INIT \
    {            \
    }

bool cli_parse(Cli *cli, int argc, char **argv, GError **error);

/* Fill cli->config: file < environment < flag. */
bool cli_load_config(Cli *cli, GError **error);

/* What SCRIPT or FOLDER means: what runs, or NULL for a package that was not opened
 * yet, and the vendored packages beside it or NULL. Both to be freed with g_free(). */
bool cli_find_target(const char *target, char **ret_script, char **ret_vendor,
                     GError **error);

void cli_clear(Cli *cli);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Cli, cli_clear)

G_END_DECLS
