/* SPDX-License-Identifier: MIT */
/* cli-installed.c - the agent that an executable of this name starts.
 *
 * The command of an installed agent is a link to the runtime: bin/hello leads to
 * lib/ferrule/ferrule, and the agent is lib/ferrule-agents/hello, beside the runtime.
 * So neither a shell nor another program stands between a person and the agent, no path
 * has to be quoted, and both always are of one version.
 */
#include <string.h>
#include <sys/auxv.h>

#include "cli-private.h"
#include "own-path.h"

#define OWN_NAME "ferrule"

enum {
    LINKS_MAX = 8 /* from the name that was called to that of an agent */
};

/* LIB/ferrule-agents of a runtime LIB/ferrule/ferrule. */
static char *
agents_folder(const char *executable)
{
    g_autofree char *folder = g_path_get_dirname(executable);
    g_autofree char *above = g_path_get_dirname(folder);
    return g_build_filename(above, "ferrule-agents", NULL);
}

/* Where the link `path` leads, or NULL. */
static char *
follow(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    if (target == NULL || g_path_is_absolute(target))
        return g_steal_pointer(&target);
    return g_build_filename(folder, target, NULL);
}

char *
cli_installed_find(void)
{
    /* Not argv[0], which is whatever the caller likes. */
    g_autofree char *path = g_strdup((const char *)getauxval(AT_EXECFN));
    g_autofree char *folder = NULL;
    for (int i = 0; i < LINKS_MAX && path != NULL; i++) {
        g_autofree char *name = g_path_get_basename(path);
        if (strcmp(name, OWN_NAME) == 0)
            return NULL;
        if (folder == NULL) {
            g_autofree char *executable = own_path_find();
            folder = agents_folder(executable);
        }
        g_autofree char *agent = g_build_filename(folder, name, NULL);
        if (g_file_test(agent, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&agent);
        char *next = follow(path);
        g_free(path);
        path = next;
    }
    return NULL;
}
