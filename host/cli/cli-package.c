/* SPDX-License-Identifier: MIT */
/* cli-package.c - a package of an agent, FILE.ferrule, that was opened before.
 *
 * installer/ferrule_installer/opening.py checks a package and unpacks it into the
 * user's cache; then it makes a link there, named after the identity of the file, that
 * leads to the script. Any change of the file changes its ctime and so its identity.
 */
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-private.h"

static uint64_t
nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

char *
cli_package_find(const char *package)
{
    struct stat seen;
    if (stat(package, &seen) != 0)
        return NULL;
    g_autofree char *name = g_strdup_printf(
        "%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64,
        (uint64_t)seen.st_dev, (uint64_t)seen.st_ino, (uint64_t)seen.st_size,
        nanoseconds(seen.st_mtim), nanoseconds(seen.st_ctim));
    g_autofree char *links =
        g_build_filename(g_get_user_cache_dir(), "ferrule", "agents", "opened", NULL);
    g_autofree char *link = g_build_filename(links, name, NULL);
    g_autofree char *script = g_file_read_link(link, NULL);
    if (script == NULL)
        return NULL;
    g_autofree char *path = g_canonicalize_filename(script, links);
    return access(path, R_OK) == 0 ? g_steal_pointer(&path) : NULL;
}
