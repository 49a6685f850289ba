/* SPDX-License-Identifier: MIT */
/* launcher-private.h - what the rooms of the launcher share. One thread, no locks. */
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include "launcher.h"

typedef struct Launcher Launcher;
typedef struct LauncherWatch LauncherWatch;

/* ---- descriptors -------------------------------------------------------------- */

/* A descriptor in the loop. `ready` is called with EPOLL* bits. */
struct LauncherWatch {
    int fd; /* -1: none */
    bool is_on;
    void (*ready)(Launcher *launcher, LauncherWatch *watch, uint32_t events);
};

/* Take over `fd`, moved out of the agents' way; -1 and errno when that fails, `fd` is
 * closed then. */
int launcher_watch_adopt(const Launcher *launcher, int fd);
bool launcher_watch_on(Launcher *launcher, LauncherWatch *watch, uint32_t events);
/* Off before it is closed: a child may still have a copy that would keep it in. */
void launcher_watch_off(Launcher *launcher, LauncherWatch *watch);
void launcher_watch_close(Launcher *launcher, LauncherWatch *watch);

/* ---- what is printed ---------------------------------------------------------- */

/* Our own stdout or stderr. */
typedef struct {
    LauncherWatch watch; /* first: a watch is an output */
    GString *queue;      /* whole lines */
    bool is_broken;      /* nobody reads: what comes is thrown away */
} LauncherOutput;

void launcher_output_init(LauncherOutput *output, int fd);
/* Queue one line of `label`'s, `size` bytes without the newline. */
void launcher_output_line(LauncherOutput *output, const char *label, const char *text,
                          size_t size);
/* Write what can be written without waiting. False: the reader is gone. */
void launcher_output_flush(Launcher *launcher, LauncherOutput *output);
bool launcher_output_is_full(const LauncherOutput *output);

/* stdout or stderr of a worker: what has been read of its present line. */
typedef struct {
    LauncherWatch watch; /* first: a watch is a stream */
    GString *line;
    const char *label; /* borrowed */
    LauncherOutput *output;
} LauncherStream;

/* Read `fd` from now on, and own it. False with errno: it is the caller's still. */
bool launcher_stream_start(Launcher *launcher, LauncherStream *stream, int fd);
/* The agent has ended: take what is in the pipe, whoever else holds its other end.
 * False: not now, the output is full. */
bool launcher_stream_finish(Launcher *launcher, LauncherStream *stream);
/* The output has room again. */
void launcher_stream_resume(Launcher *launcher, LauncherStream *stream);

/* ---- channels ----------------------------------------------------------------- */

typedef struct LauncherChannel LauncherChannel;

typedef struct {
    LauncherWatch watch; /* first: a watch is a desk */
    LauncherChannel *channels;
    unsigned channel_count;
} LauncherDesk;

bool launcher_desk_open(Launcher *launcher);
void launcher_desk_close(Launcher *launcher);

/* ---- workers ------------------------------------------------------------------ */

typedef enum {
    LAUNCHER_STATE_WAITING,  /* to be started at `due_ms` */
    LAUNCHER_STATE_RUNNING,  /* until `due_ms`, 0: as long as it likes */
    LAUNCHER_STATE_DUMPING,  /* asked for its stack; `next_signal` at `due_ms` */
    LAUNCHER_STATE_STOPPING, /* got a signal; dumps at `due_ms`, then SIGKILL */
    LAUNCHER_STATE_DRAINING, /* has ended, what it printed is still to be passed on */
    LAUNCHER_STATE_DONE,     /* for good */
    LAUNCHER_STATE_GIVEN_UP
} LauncherState;

typedef struct {
    LauncherWatch pidfd; /* first: a watch is a worker */
    const LauncherAgent *agent;
    unsigned number;
    char *label;
    LauncherState state;
    pid_t pid; /* 0: none */
    LauncherStream out, err;
    int64_t started_ms, due_ms;
    int next_signal;   /* DUMPING */
    bool is_stopped;   /* the launcher, not the agent, made it end */
    bool is_overdue;   /* at its wall limit */
    unsigned restarts; /* starts after the first */
    unsigned at_once;  /* crashes at once, in a row */
    int last_code;     /* of its last end; -1: none yet */
    double cpu_ended;  /* seconds of its former processes */
} LauncherWorker;

void launcher_worker_init(LauncherWorker *worker, Launcher *launcher,
                          const LauncherAgent *agent, unsigned number);
void launcher_worker_clear(LauncherWorker *worker, Launcher *launcher);
/* Do what is due. */
void launcher_worker_tick(LauncherWorker *worker, Launcher *launcher, int64_t now_ms);
/* The launcher ends: pass on the signal, start no more. */
void launcher_worker_stop(LauncherWorker *worker, Launcher *launcher, int number);
/* At once, with all it started. */
void launcher_worker_kill(LauncherWorker *worker);
bool launcher_worker_is_over(const LauncherWorker *worker);
/* When to tick next; INT64_MAX: never. */
int64_t launcher_worker_due(const LauncherWorker *worker);

/* ---- the child ---------------------------------------------------------------- */

/* In a forked child: become the worker and run its agent. */
_Noreturn void launcher_child_run(const Launcher *launcher,
                                  const LauncherWorker *worker, int out, int err);

/* ---- the socket --------------------------------------------------------------- */

typedef struct {
    LauncherWatch watch; /* first: a watch is a socket */
    char *path;          /* NULL: no status can be asked for */
    GPtrArray *clients;
} LauncherSocket;

/* Best effort: without a folder of the user's own there is no status, and why is
 * said. */
void launcher_socket_open(Launcher *launcher);
void launcher_socket_close(Launcher *launcher);
/* Drop clients that are done or too slow. */
void launcher_socket_tick(Launcher *launcher, int64_t now_ms);

/* The user's runtime folder for sockets, made when it is not there. */
char *launcher_socket_folder(GError **error);

/* What a client is told. */
void launcher_report_json(const Launcher *launcher, GString *out);
void launcher_report_text(const Launcher *launcher, GString *out);

/* ---- all of it ---------------------------------------------------------------- */

struct Launcher {
    const LauncherPlan *plan;
    const LauncherSeams *seams;
    int epoll;
    int descriptor_base; /* ours are at and above this, the agents' below */
    int nowhere;         /* /dev/null, the agents' stdin */
    pid_t pid;
    sigset_t mask_before;
    struct rlimit files_before;
    LauncherWatch signals;
    LauncherOutput out, err;
    LauncherSocket socket;
    LauncherDesk desk;
    LauncherWorker *workers;
    unsigned worker_count;
    unsigned starts_left; /* in this round of the loop */
    int stop_signal;      /* 0: go on */
    bool is_hurried;      /* was told twice: end, whatever is not printed yet */
    int first_failure;    /* exit code; 0: none yet */
    int64_t started_ms;   /* monotonic */
};

/* A message of the launcher's own about a worker, or about itself when NULL. */
void launcher_say(Launcher *launcher, const LauncherWorker *worker, const char *format,
                  ...) G_GNUC_PRINTF(3, 4);
int64_t launcher_now_ms(void);
/* End everything: the first time gracefully, from the second on at once. */
void launcher_stop(Launcher *launcher, int number);
