/* SPDX-License-Identifier: MIT */
/* life.c - life cycles of the embedding, one sub-command each.
 *
 *     life repeat N CODE     N times start, run CODE, finish; prints the growth
 *     life idle N            N times start and finish without running anything
 *     life refused N CODE    N times every command line CPython refuses, then CODE
 *     life mixed N CODE      N times: refused, idle, CODE
 *
 * Prints one JSON object on stdout; tests/embed/test_life.py reads it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interpreter.h"

enum {
    SETTLED = 10 /* cycles after which growth is counted */
};

typedef struct {
    int cycles;
    int failures;     /* starts or runs that did not end as they should */
    long settled_rss; /* bytes, after SETTLED cycles */
    long final_rss;
    char self[4096];
} Life;

static long
resident_bytes(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static bool
start(const Life *life, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    InterpreterOptions options = {
        .argc = argc, .argv = argv, .executable = life->self, .with_builtins = true};
    if (interpreter_start(&options, &error))
        return true;
    /* A failure says why: an empty message is a failure of the failure. */
    if (error == NULL || error->message[0] == '\0')
        abort();
    return false;
}

static void
run_code(Life *life, const char *code)
{
    char *argv[] = {"ferrule", "-c", (char *)code, NULL};
    InterpreterOptions options = {.argc = 3, .argv = argv, .executable = life->self};
    if (!start(life, 3, argv) || interpreter_run(&options) != 0)
        life->failures++;
}

static void
run_nothing(Life *life)
{
    char *argv[] = {"ferrule", "-c", "raise SystemExit('never run')", NULL};
    if (start(life, 3, argv))
        interpreter_finish();
    else
        life->failures++;
}

/* Each is refused at another step: reading the options before the interpreter is
 * prepared, or the configuration. */
static void
run_refused(Life *life)
{
    static const char *const options[] = {"utf8=7", "int_max_str_digits=1",
                                          "tracemalloc=-1", "cpu_count=-3"};
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        char *argv[] = {"ferrule", "-X", (char *)options[i], "-c", "pass", NULL};
        if (start(life, 5, argv)) {
            interpreter_finish();
            /* Preparing happens once a process: later its options are not read. */
            life->failures += i != 0;
        }
    }
}

static void
one_cycle(Life *life, const char *scenario, const char *code)
{
    if (strcmp(scenario, "refused") == 0 || strcmp(scenario, "mixed") == 0)
        run_refused(life);
    if (strcmp(scenario, "idle") == 0 || strcmp(scenario, "mixed") == 0)
        run_nothing(life);
    if (strcmp(scenario, "idle") != 0)
        run_code(life, code);
}

int
main(int argc, char **argv)
{
    Life life = {0};
    if (argc < 3 || readlink("/proc/self/exe", life.self, sizeof life.self - 1) < 0)
        return 2;
    int wanted = atoi(argv[2]);
    for (; life.cycles < wanted; life.cycles++) {
        if (life.cycles == SETTLED)
            life.settled_rss = resident_bytes();
        one_cycle(&life, argv[1], argc > 3 ? argv[3] : "pass");
    }
    life.final_rss = resident_bytes();
    printf("{\"cycles\": %d, \"failures\": %d, \"growth\": %ld}\n", life.cycles,
           life.failures, life.final_rss - life.settled_rss);
    return 0;
}
