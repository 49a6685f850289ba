/* SPDX-License-Identifier: MIT */
/* cli-private.h - what the rooms of the command line share. */
#pragma once

#include "cli.h"

/* Texts for --help; constant. */
extern const char cli_help_main[];
extern const char cli_help_run[];
extern const char cli_help_info[];

bool cli_usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Make `text` what the command prints. */
bool cli_set_text(Cli *cli, const char *text);

/* A command line as `python` takes it: argv[1] begins with '-' or is a script. */
bool cli_parse_python(Cli *cli, int argc, char **argv, GError **error);

/* Find out what `target` is: a script, or a folder with agent.py. Sets cli->script and
 * cli->vendor. */
bool cli_set_script(Cli *cli, const char *target, GError **error);
