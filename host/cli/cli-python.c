/* SPDX-License-Identifier: MIT */
/* cli-python.c - a command line as `python` takes it.
 *
 * CPython parses it again and acts on it; here only the target is looked for, because
 * the host has to know the script before the interpreter starts.
 */
#include <string.h>

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
        cli->plain |= *letter == 'S';
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
            cli_text_refuse(error, "unknown option %s; `ferrule --help` lists them",
                            argv[i]);
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
    if (script < argc && !cli_target_set(cli, argv[script], error))
        return false;
    for (int i = 0; i < argc && cli->package == NULL; i++)
        g_ptr_array_add(cli->python_argv,
                        g_strdup(i == script ? cli->script : argv[i]));
    return true;
}
