/* SPDX-License-Identifier: MIT */
/* launcher.h - the parent that forks agents and looks after them.
 *
 * Purpose    start one process a worker from this warm one, pass on what they print
 *            line by line, restart or end them as their agent says, answer for them on
 *            a socket. It never runs a line of an agent itself.
 * Ownership  plan and seams are borrowed for the call.
 * Threads    one; the process must have no other when this is called.
 * Errors     HOST_ERROR_INTERNAL: no descriptors, no epoll. What goes wrong with one
 *            agent is printed, not returned.
 * Limits     below; LAUNCHER_WORKERS_MAX in launcher-plan.h.
 * Cost       a fork a start; two pipes and a pidfd a worker.
 * Example    LauncherSeams seams = {interpreter_fork, interpreter_run_agent};
 *            int code = launcher_run(plan, &seams, &error);   // -1: error is set
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "launcher-plan.h"

G_BEGIN_DECLS

enum {
    LAUNCHER_LINE_MAX = 64 << 10,     /* bytes of a line; a longer one is cut in two */
    LAUNCHER_QUEUE_MAX = 256 << 10,   /* bytes waiting for a slow reader; then agents
                                         wait as well */
    LAUNCHER_IMMEDIATE_MS = 1000,     /* who ends sooner than this ended at once */
    LAUNCHER_BACK_OFF_MS = 100,       /* pause after the first such end, then doubled */
    LAUNCHER_BACK_OFF_MAX_MS = 30000, /* the longest pause */
    LAUNCHER_CRASHES_MAX = 6,         /* crashes at once in a row, then given up */
    LAUNCHER_GRACE_MS = 5000,         /* from SIGTERM to SIGKILL */
    LAUNCHER_DUMP_MS = 200,           /* for a stuck agent to print its stack */
    LAUNCHER_CHANNELS_MAX = 64,       /* two descriptors each */
    LAUNCHER_CHANNEL_NAME_MAX = 128,  /* bytes */
    LAUNCHER_CLIENTS_MAX = 16         /* who may ask for the status at a time */
};

/* Counters of one named store, over all agents. */
typedef struct {
    char *name;
    uint64_t entries, max_entries, bytes, hits, misses, evictions;
} LauncherStore;

/* What the launcher cannot do itself. */
typedef struct {
    /* fork(2), with the interpreter told before and after. */
    pid_t (*fork)(void);
    /* In the child, whose descriptors and limits are in place: run the agent. The
     * result is the exit code. */
    int (*run)(const LauncherAgent *agent, unsigned worker);
    /* The signal that makes a child print its Python stack on stderr. */
    int dump_signal;
    /* Append a LauncherStore for each store of the run; NULL: there are none. */
    void (*count_stores)(GArray *stores);
    /* The end of a socket pair, whose other one the agents inherit, at which they ask
     * for channels; the launcher takes it over. 0: none. */
    int desk;
} LauncherSeams;

/* Run all agents to their end. Returns the exit code: 0 when all ended well, else that
 * of the first that failed, 128 + number for a signal; -1 with `error` set when it
 * could not start. In a child it does not return. */
int launcher_run(const LauncherPlan *plan, const LauncherSeams *seams, GError **error);

G_END_DECLS
