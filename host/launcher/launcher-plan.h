/* SPDX-License-Identifier: MIT */
/* launcher-plan.h - which agents a launcher shall run, and how.
 *
 * Purpose    what `run --workers N SCRIPT` and `run agents.toml` both come down to.
 * Ownership  a plan owns its agents, an agent all its strings; launcher_plan_free().
 * Threads    none: complete before the first fork, constant from then on.
 * Limits     LAUNCHER_WORKERS_MAX workers of all agents together.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "host-config.h"

G_BEGIN_DECLS

enum {
    LAUNCHER_WORKERS_MAX = 1024, /* three descriptors and some 3 MB each */
    LAUNCHER_NAME_MAX = 64       /* bytes of an agent's name */
};

typedef enum {
    LAUNCHER_RESTART_NEVER,
    LAUNCHER_RESTART_ON_FAILURE,
    LAUNCHER_RESTART_ALWAYS
} LauncherRestart;

typedef struct {
    char *name;
    char *script; /* what runs: a file, or a folder with __main__.py */
    char *vendor; /* the vendored packages beside it, NULL for none */
    GStrv args;   /* without the script; never NULL */
    GStrv env;    /* NAME=value; never NULL */
    unsigned workers;
    LauncherRestart restart;
    uint64_t wall;     /* seconds a run may take; 0: no limit */
    HostConfig config; /* the other limits, and permissions */
} LauncherAgent;

typedef struct {
    char *file;        /* agents.toml, NULL when the command line says it all */
    GPtrArray *agents; /* of LauncherAgent */
    char *title;       /* this process's command line, borrowed, which the children's
                          names replace; NULL */
    size_t title_size;
} LauncherPlan;

LauncherPlan *launcher_plan_new(void);
void launcher_plan_free(LauncherPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LauncherPlan, launcher_plan_free)

/* A new agent of the plan, which owns it, with one worker and nothing else set. */
LauncherAgent *launcher_plan_add(LauncherPlan *plan, const char *name);

/* Workers of all agents. */
unsigned launcher_plan_workers(const LauncherPlan *plan);

/* "desk" when the agent has one worker, else "desk[3]". Free with g_free(). */
char *launcher_plan_label(const LauncherAgent *agent, unsigned worker);

G_END_DECLS
