/* SPDX-License-Identifier: MIT */
/* interpreter.h - one CPython in this process: start, run, finish.
 *
 * Purpose    the only door between the host and Python: nothing else in host/ sees
 *            Python.h.
 * Ownership  strings in InterpreterOptions are borrowed for the call.
 * Threads    all calls from the thread that started the interpreter.
 * Errors     HOST_ERROR_USAGE: CPython refused the value of an option;
 *            HOST_ERROR_INTERNAL: it did not start. Both in its own words.
 * Limits     one interpreter at a time; start and finish may be repeated.
 * Cost       start about 3 ms, finish about 1 ms.
 * Example    if (!interpreter_start(&options, &error))
 *                return host_error_report(error);
 *            int code = interpreter_run();   // finishes as well
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "launcher-plan.h"

G_BEGIN_DECLS

typedef struct {
    int argc;    /* a command line as `python` takes it: program, options, target */
    char **argv; /* and the arguments of the script */
    const char *executable; /* absolute path of this file: root of the stdlib */
    const char *script;     /* path of the script, NULL for -c, -m, - */
    const char *vendor;     /* folder that joins sys.path, NULL for none */
    bool with_builtins;     /* exit(), quit() and help() as `site` would add them */
} InterpreterOptions;

/* Bring the interpreter up to the point where the script could run. */
bool interpreter_start(const InterpreterOptions *options, GError **error);

/* Run what the command line names, finalise, and give the exit code. Does not return
 * when the run ends by SIGINT or a closed stdout: the process then ends by that
 * signal, as a shell expects. */
int interpreter_run(const InterpreterOptions *options);

/* Run several agents, each in processes forked from this one: those of plan->file, with
 * `config` as their common limits and permissions, or those the plan has already. Gives
 * the exit code of launcher_run(); -1: error is set. */
int interpreter_run_agents(const InterpreterOptions *options, LauncherPlan *plan,
                           const HostConfig *config, GError **error);

/* Finalise without running: for an interpreter that was started in vain. */
void interpreter_finish(void);

/* Names of the modules in the executable that are written in C, ending with NULL. */
const char *const *interpreter_builtin_modules(void);

/* Our own modules as name, summary, name, summary, ..., NULL. */
const char *const *interpreter_native_modules(void);

G_END_DECLS
