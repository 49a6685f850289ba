/* SPDX-License-Identifier: MIT */
/* cli-private.h - what the rooms of the command line share. */
#pragma once

#include "cli.h"

/* Texts for --help; constant. */
extern const char cli_text_main[];
extern const char cli_text_run[];
extern const char cli_text_info[];
extern const char cli_text_status[];
extern const char cli_text_top[];

bool cli_text_refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Make `text` what the command prints. */
bool cli_text_set(Cli *cli, const char *text);

/* A command line as `python` takes it: argv[1] begins with '-' or is a script. */
bool cli_parse_python(Cli *cli, int argc, char **argv, GError **error);

/* `run --workers`: the target that was found becomes cli->plan. `argv` is the whole
 * command line, the agent's arguments begin at `at`. */
bool cli_agents_set(Cli *cli, const char *target, int argc, char **argv, int at);

/* The same as interpreters of one process, run by our own code in Python. */
void cli_agents_set_light(Cli *cli, const char *target, int argc, char **argv, int at);

/* What stands behind --isolation. */
bool cli_agents_isolation(Cli *cli, const char *value, GError **error);

/* A command written in Python: `main(arguments)` of a module becomes what runs. */
void cli_set_own(Cli *cli, const char *module, const char *program);

/* `run FILE.toml`: cli->plan is to be read from there. */
bool cli_agents_set_file(Cli *cli, const char *path, int argc, char **argv, int at,
                         GError **error);

/* The number behind --workers; 0: error is set. */
unsigned cli_agents_workers(const char *value, GError **error);

/* Find out what `target` is: a script, or a folder with agent.py. Sets cli->script and
 * cli->vendor. */
bool cli_target_set(Cli *cli, const char *target, GError **error);

/* The packages of an agent are there for the interpreters that it starts, too, as those
 * of a virtual environment are: `-c`, `-m` and scripts without a `vendor` of their own.
 */
void cli_target_share_vendor(Cli *cli);

/* The script of `package`, a .ferrule, if it was opened before and is unchanged, else
 * NULL. */
char *cli_package_find(const char *package);

/* The folder of the agent whose command this process was started by, else NULL. */
char *cli_installed_find(void);

/* The entry that the manifest in `folder` names. Returns false and the error when the
 * manifest cannot be used; *ret_entry is NULL when there is none. */
bool cli_manifest_entry(const char *folder, char **ret_entry, GError **error);
