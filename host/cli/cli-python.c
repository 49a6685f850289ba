/* SPDX-License-Identifier: MIT */
/* cli-python.c - a command line as `python` takes it.
 *
 * CPython parses it again and acts on it; here only the target is looked for, because
 * the host has to know the script before the interpreter starts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-private.h"

/* Single letters without a value, and those with one. */
#define PLAIN_OPTIONS "bBdEhiIOPqRsSuvVx?"
#define VALUE_OPTIONS "WX"

typedef enum {
    WORD_OPTION,            /* nothing but options */
    WORD_OPTION_WANTS_NEXT, /* the next word is the value of an option */
    WORD_COMMAND,           /* -c or -m: no script follows */
    WORD_UNKNOWN
} WordKind;

/* What a word that begins with '-' is. */
static WordKind
kind_of(Cli *cli, const char *word)
{
    if (g_str_has_prefix(word, "--"))
        return strcmp(word, "--check-hash-based-pycs") == 0 ? WORD_OPTION_WANTS_NEXT
                                                            : WORD_UNKNOWN;
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        if (*letter == 'c' || *letter == 'm')
            return WORD_COMMAND;
        if (strchr(VALUE_OPTIONS, *letter) != NULL)
            return letter[1] == '\0' ? WORD_OPTION_WANTS_NEXT : WORD_OPTION;
        if (strchr(PLAIN_OPTIONS, *letter) == NULL)
            return WORD_UNKNOWN;
        cli->plain |= *letter == 'S' || *letter == 'I';
    }
    return WORD_OPTION;
}

/* Index of the script in argv, or argc when something else runs; -1 on error. */
static int
find_script(Cli *cli, int argc, char **argv, GError **error)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return i + 1;
        if (argv[i][0] != '-')
            return i;
        if (argv[i][1] == '\0')
            return argc; /* a program on stdin */
        switch (kind_of(cli, argv[i])) {
        case WORD_OPTION:
            break;
        case WORD_OPTION_WANTS_NEXT:
            i++;
            break;
        case WORD_COMMAND:
            return argc;
        case WORD_UNKNOWN:
            cli_usage(error, "unknown option %s; `ferrule --help` lists them", argv[i]);
            return -1;
        }
    }
    return argc;
}

bool
cli_parse_python(Cli *cli, int argc, char **argv, GError **error)
{
    int script = find_script(cli, argc, argv, error);
    if (script < 0)
        return false;
    cli->command = CLI_RUN;
    if (script < argc && !cli_set_script(cli, argv[script], error))
        return false;
    for (int i = 0; i < argc; i++)
        g_ptr_array_add(cli->python_argv,
                        g_strdup(i == script ? cli->script : argv[i]));
    return true;
}

/* The file in a folder that runs: agent.py, else what `python FOLDER` would take. */
static char *
entry_of_folder(const char *folder)
{
    g_autofree char *agent = g_build_filename(folder, "agent.py", NULL);
    g_autofree char *main_file = g_build_filename(folder, "__main__.py", NULL);
    if (access(agent, F_OK) == 0)
        return g_steal_pointer(&agent);
    return access(main_file, F_OK) == 0 ? g_strdup(folder) : NULL;
}

/* `vendor` beside the script itself, also when it is called by a link. */
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
        return NULL;
    return g_steal_pointer(&vendor);
}

bool
cli_set_script(Cli *cli, const char *target, GError **error)
{
    if (access(target, F_OK) != 0)
        return cli_usage(error, "cannot run %s: %s", target, g_strerror(errno));
    if (access(target, R_OK) != 0)
        return cli_usage(error, "cannot read %s: %s", target, g_strerror(errno));
    bool is_folder = g_file_test(target, G_FILE_TEST_IS_DIR);
    cli->script = is_folder ? entry_of_folder(target) : g_strdup(target);
    if (cli->script == NULL)
        return cli_usage(error, "%s has no agent.py: name the script that shall run",
                         target);
    if (access(cli->script, R_OK) != 0)
        return cli_usage(error, "cannot read %s: %s", cli->script, g_strerror(errno));
    cli->vendor = vendor_folder(cli->script);
    return true;
}
