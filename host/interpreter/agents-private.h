/* SPDX-License-Identifier: MIT */
/* agents-private.h - the rooms behind interpreter_run_agents(). */
#pragma once

#include "interpreter-private.h"
#include "launcher-plan.h"

/* Fill `plan` from plan->file; each agent begins with the limits and permissions of
 * `config`. *ret_warmth is what the file wants loaded before the fork: a new reference.
 * HOST_ERROR_CONFIG: every mistake with its place. */
bool agents_plan_read(LauncherPlan *plan, const HostConfig *config,
                      PyObject **ret_warmth, GError **error);

/* Import what agents share, open their stores, freeze: ferrule._warm.up(). `warmth` is
 * what agents_plan_read() gave, or NULL for the defaults. The result has to live as
 * long as agents are forked; NULL: error is set. *ret_desk: see LauncherSeams. */
PyObject *agents_warm_up(PyObject *warmth, int dump_signal, int *ret_desk,
                         GError **error);

enum {
    AGENTS_HUGE_PAGE = 2 << 20 /* bytes */
};

/* Where the next huge page begins, `address` itself if one does there. */
static inline char *
agents_round_up(char *address)
{
    return address + (-(uintptr_t)address & (AGENTS_HUGE_PAGE - 1));
}

/* Where the parent's objects are, so that a fork is cheap: before CPython starts, and
 * when all is loaded. As long as the process has objects. */
typedef struct AgentsArenas AgentsArenas;
AgentsArenas *agents_arenas_new(void);
void agents_arenas_pack(AgentsArenas *arenas);

/* Let a fork copy where the code's pages are; once, when all is loaded. */
void agents_inherit_text(void);

/* Make all objects immortal, once and for all. */
void agents_freeze(void);

/* Fill what is free between the objects, so that an agent allocates on new pages. */
void agents_fill_holes(void);

/* LauncherSeams.count_stores: what ferrule._warm.store_counters() says. */
void agents_count_stores(GArray *stores);

/* Turn the exception `type_name` of the module `module` that was raised into an error
 * of the configuration; any other is printed and becomes an internal one. */
bool agents_warm_refuse(const char *module, GError **error);

/* Names by which a child finds things, as strings that the parent has made: borrowed.
 */
typedef enum {
    AGENTS_ARGV,
    AGENTS_BUILTINS,
    AGENTS_BUILTINS_OF,
    AGENTS_CACHED,
    AGENTS_COMPILED,
    AGENTS_DATA,
    AGENTS_ENVIRON,
    AGENTS_EXECUTABLE,
    AGENTS_FILE,
    AGENTS_GAUSS_NEXT,
    AGENTS_GENERATOR,
    AGENTS_LOADER,
    AGENTS_MAIN,
    AGENTS_MAIN_THREAD,
    AGENTS_NATIVE_ID,
    AGENTS_ORIG_ARGV,
    AGENTS_OS,
    AGENTS_PATH,
    AGENTS_RANDOM,
    AGENTS_RANDOM_CORE,
    AGENTS_RANDOM_TYPE,
    AGENTS_SCRIPTS,
    AGENTS_SEED,
    AGENTS_SYS,
    AGENTS_THREADING,
    AGENTS_NAMES
} AgentsName;

/* Once, before the freeze. False: an exception says why. */
bool agents_names_make(void);
PyObject *agents_name(AgentsName name);

/* What a module that the parent has imported calls `name`: borrowed, NULL without an
 * exception if nothing. An import would write to a dozen pages of the parent's. */
PyObject *agents_loaded(AgentsName module, AgentsName name);

/* In the parent, before the freeze: compile a script for the agents that will run it.
 * One that cannot be is left to them. */
void agents_script_compile(const char *script);

/* A script that the parent has compiled, and that asks for no packages: the parent's
 * objects, which stay. */
typedef struct {
    PyObject *code, *file, *loader;
} AgentsScript;

/* Whether `script` is still the file that was compiled. Sets no exception. */
bool agents_script_find(const char *script, AgentsScript *ret_script);

/* In a forked child: run a script as `__main__`, one that was found or any file. Gives
 * the exit code, or ends the process as the script asked. */
int agents_script_run(const AgentsScript *script);
int agents_script_run_file(const char *script);

/* The script's absolute path, which `__file__` and tracebacks have, as with CPython's
 * own Py_RunMain(): a script may change the folder. To be freed. */
char *agents_script_path(const char *script);

/* fork(2), as os.fork() does it, but for what only threads need; from then on. */
void agents_fork_begin(void);
pid_t agents_fork(void);

/* Of a child: its thread's number, its randomness. */
void agents_fork_renew(void);

/* In a forked child: become the agent. `folder` is where its modules are looked for
 * first. False: an exception says why. */
bool agents_enter(const LauncherAgent *agent, unsigned worker, const char *folder);

/* In the parent: do what every agent does first. The interpreter writes into type
 * caches and tables while it learns it, and each page that an agent writes to is copied
 * for it. False: an exception says why. */
bool agents_rehearse(void);

/* In a forked child: run the agent as `ferrule run SCRIPT` would. Gives the exit code,
 * or ends the process as the script asked. */
int agents_run(const LauncherAgent *agent, unsigned worker);
