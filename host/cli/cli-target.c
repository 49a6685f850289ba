/* SPDX-License-Identifier: MIT */
/* cli-target.c - what SCRIPT or FOLDER on a command line means. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli-private.h"

#define PACKAGE_SUFFIX ".ferrule"

/* Where the packages of the agent are that started this process. */
#define VENDOR_VARIABLE "FERRULE_VENDOR"

/* The file in a folder that runs: what its manifest says, agent.py, else what
 * `python FOLDER` would take. */
static char *
entry_of_folder(const char *folder, GError **error)
{
    char *entry;
    if (!cli_manifest_entry(folder, &entry, error) || entry != NULL)
        return entry;
    g_autofree char *agent = g_build_filename(folder, "agent.py", NULL);
    g_autofree char *main_file = g_build_filename(folder, "__main__.py", NULL);
    if (access(agent, F_OK) == 0)
        return g_steal_pointer(&agent);
    if (access(main_file, F_OK) == 0)
        return g_strdup(folder);
    cli_text_refuse(error, "%s has no agent.py: name the script that shall run",
                    folder);
    return NULL;
}

static char *
inherited_vendor(void)
{
    const char *folder = g_getenv(VENDOR_VARIABLE);
    return folder == NULL || *folder == '\0' ? NULL : g_strdup(folder);
}

/* `vendor` beside the script itself, also when it is called by a link; where there is
 * none, that of the agent whose helper the script is. */
static char *
vendor_folder(const char *script)
{
    g_autofree char *real = g_canonicalize_filename(script, NULL);
    char *resolved = realpath(script, NULL);
    bool is_folder = g_file_test(script, G_FILE_TEST_IS_DIR);
    const char *path = resolved == NULL ? real : resolved;
    g_autofree char *folder = is_folder ? g_strdup(path) : g_path_get_dirname(path);
    free(resolved);
    g_autofree char *vendor = g_build_filename(folder, "vendor", NULL);
    if (!g_file_test(vendor, G_FILE_TEST_IS_DIR))
        return inherited_vendor();
    return g_steal_pointer(&vendor);
}

void
cli_target_share_vendor(Cli *cli)
{
    if (cli->command == CLI_RUN && cli->script == NULL && !cli->is_own)
        cli->vendor = inherited_vendor();
    if (cli->vendor != NULL)
        g_setenv(VENDOR_VARIABLE, cli->vendor, TRUE);
}

bool
cli_find_target(const char *target, char **ret_script, char **ret_vendor,
                GError **error)
{
    if (access(target, F_OK) != 0)
        return cli_text_refuse(error, "cannot run %s: %s", target, g_strerror(errno));
    if (access(target, R_OK) != 0)
        return cli_text_refuse(error, "cannot read %s: %s", target, g_strerror(errno));
    g_autofree char *script = NULL;
    if (g_file_test(target, G_FILE_TEST_IS_DIR))
        script = entry_of_folder(target, error);
    else if (!g_str_has_suffix(target, PACKAGE_SUFFIX))
        script = g_strdup(target);
    else if ((script = cli_package_find(target)) == NULL) {
        *ret_script = *ret_vendor = NULL;
        return true;
    }
    if (script == NULL)
        return false;
    if (access(script, R_OK) != 0)
        return cli_text_refuse(error, "cannot read %s: %s", script, g_strerror(errno));
    *ret_vendor = vendor_folder(script);
    *ret_script = g_steal_pointer(&script);
    return true;
}

bool
cli_target_set(Cli *cli, const char *target, GError **error)
{
    if (!cli_find_target(target, &cli->script, &cli->vendor, error))
        return false;
    if (cli->script == NULL)
        cli->package = g_strdup(target);
    return true;
}
