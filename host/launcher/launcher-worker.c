/* SPDX-License-Identifier: MIT */
/* launcher-worker.c - the life of one worker: started, ended, started again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-error.h"
#include "launcher-private.h"

/* The kernel kills by the ticks it saw, we are told what was really run: where other
 * guests take a machine's time away, that is less. */
static const double CPU_SHARE_MIN = 0.5;

static void worker_ended(Launcher *launcher, LauncherWatch *watch, uint32_t events);

void
launcher_worker_init(LauncherWorker *worker, Launcher *launcher,
                     const LauncherAgent *agent, unsigned number)
{
    char *label = launcher_plan_label(agent, number);
    *worker = (LauncherWorker){
        .pidfd = {.fd = -1, .ready = worker_ended},
        .agent = agent,
        .number = number,
        .label = label,
        .out = {.watch.fd = -1, .label = label, .output = &launcher->out},
        .err = {.watch.fd = -1, .label = label, .output = &launcher->err},
        .last_code = -1,
    };
    worker->out.line = g_string_new(NULL);
    worker->err.line = g_string_new(NULL);
}

void
launcher_worker_clear(LauncherWorker *worker, Launcher *launcher)
{
    launcher_watch_close(launcher, &worker->pidfd);
    launcher_watch_close(launcher, &worker->out.watch);
    launcher_watch_close(launcher, &worker->err.watch);
    g_string_free(worker->out.line, TRUE);
    g_string_free(worker->err.line, TRUE);
    g_free(worker->label);
}

/* ---- the end ------------------------------------------------------------------ */

static void
finish(LauncherWorker *worker, Launcher *launcher, LauncherState state)
{
    worker->state = state;
    if (launcher->first_failure == 0 && worker->last_code > 0)
        launcher->first_failure = worker->last_code;
}

static bool
may_start_again(const LauncherWorker *worker, const Launcher *launcher)
{
    if (launcher->stop_signal != 0 || worker->agent->restart == LAUNCHER_RESTART_NEVER)
        return false;
    return worker->last_code != 0 || worker->agent->restart == LAUNCHER_RESTART_ALWAYS;
}

/* The pause before the next start. Who ends at once waits, so that a mistake in an
 * agent does not keep a core busy. */
static int64_t
pause_ms(const LauncherWorker *worker, bool at_once)
{
    if (!at_once)
        return 0;
    unsigned doublings = worker->at_once > 0 ? worker->at_once - 1 : 0;
    return MIN((int64_t)LAUNCHER_BACK_OFF_MS << MIN(doublings, 16),
               LAUNCHER_BACK_OFF_MAX_MS);
}

/* It has ended with last_code: again, or for good? */
static void
settle(LauncherWorker *worker, Launcher *launcher)
{
    int64_t now = launcher_now_ms();
    bool at_once = now - worker->started_ms < LAUNCHER_IMMEDIATE_MS;
    worker->at_once = at_once && worker->last_code != 0 ? worker->at_once + 1 : 0;
    if (!may_start_again(worker, launcher)) {
        finish(worker, launcher, LAUNCHER_STATE_DONE);
        return;
    }
    if (worker->at_once == LAUNCHER_CRASHES_MAX) {
        launcher_say(launcher, worker,
                     "given up: %d times in a row it failed within %d ms of its start",
                     LAUNCHER_CRASHES_MAX, LAUNCHER_IMMEDIATE_MS);
        finish(worker, launcher, LAUNCHER_STATE_GIVEN_UP);
        return;
    }
    worker->state = LAUNCHER_STATE_WAITING;
    worker->due_ms = now + pause_ms(worker, at_once);
}

/* The kernel kills who reaches this limit, and says nothing. */
static bool
has_used_up(const LauncherWorker *worker, int status, double used)
{
    uint64_t limit = worker->agent->config.cpu;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !worker->is_stopped &&
           limit != 0 && used >= (double)limit * CPU_SHARE_MIN;
}

/* Say how it ended, unless it ended well or as it was told to. */
static void
say_end(const LauncherWorker *worker, Launcher *launcher, int status, double used)
{
    if (has_used_up(worker, status, used))
        launcher_say(
            launcher, worker,
            "has used %.1f s of processor time, its limit is %" G_GUINT64_FORMAT
            " s; ended by signal %d (%s)",
            used, worker->agent->config.cpu, SIGKILL, strsignal(SIGKILL));
    else if (WIFSIGNALED(status) && !worker->is_stopped)
        launcher_say(launcher, worker, "ended by signal %d (%s)", WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        launcher_say(launcher, worker, "ended with code %d", WEXITSTATUS(status));
}

static double
seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void
reap(LauncherWorker *worker, Launcher *launcher)
{
    int status = 0;
    struct rusage usage = {0};
    /* Its number is ours until it is waited for: what it started and left behind goes
     * with it. */
    kill(-worker->pid, worker->is_stopped ? SIGKILL : SIGTERM);
    while (wait4(worker->pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    launcher_watch_close(launcher, &worker->pidfd);
    worker->pid = 0;
    double used = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    worker->cpu_ended += used;
    worker->last_code =
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    say_end(worker, launcher, status, used);
    if (worker->is_overdue && worker->last_code == 0)
        worker->last_code = 128 + SIGTERM;
    worker->state = LAUNCHER_STATE_DRAINING;
}

static void
drain(LauncherWorker *worker, Launcher *launcher)
{
    bool is_done = launcher_stream_finish(launcher, &worker->out);
    is_done &= launcher_stream_finish(launcher, &worker->err);
    if (is_done || launcher->is_hurried)
        settle(worker, launcher);
}

static void
worker_ended(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    LauncherWorker *worker = (LauncherWorker *)watch;
    reap(worker, launcher);
    drain(worker, launcher);
}

/* ---- the start ---------------------------------------------------------------- */

static void
close_end(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Read from a new pipe from now on. Gives the other end, -1 with errno. */
static int
open_pipe(Launcher *launcher, LauncherStream *stream)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    int ours = launcher_watch_adopt(launcher, ends[0]);
    if (ours >= 0 && fcntl(ours, F_SETFL, O_NONBLOCK) == 0 &&
        launcher_stream_start(launcher, stream, ours))
        return ends[1];
    int reason = errno;
    close_end(ours);
    close_end(ends[1]);
    errno = reason;
    return -1;
}

/* Fork with the pipes' other ends; the child does not return. */
static bool
spawn(LauncherWorker *worker, Launcher *launcher, int out, int err)
{
    pid_t pid = launcher->seams->fork();
    if (pid == 0)
        launcher_child_run(launcher, worker, out, err);
    if (pid < 0)
        return false;
    setpgid(pid, pid); /* whoever is first: signals go to the group */
    worker->pidfd.fd = launcher_watch_adopt(launcher, pidfd_open(pid, 0));
    if (worker->pidfd.fd >= 0 && launcher_watch_on(launcher, &worker->pidfd, EPOLLIN)) {
        worker->pid = pid;
        return true;
    }
    int reason = errno;
    launcher_watch_close(launcher, &worker->pidfd);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    errno = reason;
    return false;
}

static bool
start_process(LauncherWorker *worker, Launcher *launcher)
{
    int out = open_pipe(launcher, &worker->out);
    int err = out < 0 ? -1 : open_pipe(launcher, &worker->err);
    bool is_started = err >= 0 && spawn(worker, launcher, out, err);
    int reason = errno;
    if (!is_started) {
        launcher_watch_close(launcher, &worker->out.watch);
        launcher_watch_close(launcher, &worker->err.watch);
    }
    close_end(out);
    close_end(err);
    errno = reason;
    return is_started;
}

/* The system has no process for it now: try again as if it had crashed at once. */
static void
start_failed(LauncherWorker *worker, Launcher *launcher)
{
    const char *reason = g_strerror(errno);
    worker->last_code = HOST_ERROR_INTERNAL;
    if (++worker->at_once == LAUNCHER_CRASHES_MAX) {
        launcher_say(launcher, worker, "given up: cannot start a process: %s", reason);
        finish(worker, launcher, LAUNCHER_STATE_GIVEN_UP);
        return;
    }
    int64_t pause = pause_ms(worker, true);
    launcher_say(launcher, worker,
                 "cannot start a process: %s; next try in %" G_GINT64_FORMAT " ms",
                 reason, pause);
    worker->due_ms = launcher_now_ms() + pause;
}

static void
start(LauncherWorker *worker, Launcher *launcher)
{
    bool is_again = worker->started_ms != 0;
    launcher->starts_left--;
    worker->is_stopped = worker->is_overdue = false;
    if (!start_process(worker, launcher)) {
        start_failed(worker, launcher);
        return;
    }
    worker->restarts += is_again;
    worker->state = LAUNCHER_STATE_RUNNING;
    worker->started_ms = launcher_now_ms();
    worker->due_ms = worker->agent->wall == 0
                         ? 0
                         : worker->started_ms + (int64_t)worker->agent->wall * 1000;
}

/* ---- told to end -------------------------------------------------------------- */

/* Have it print where it is; then `number`. */
static void
ask_for_stack(LauncherWorker *worker, const Launcher *launcher, int number)
{
    kill(worker->pid, launcher->seams->dump_signal);
    worker->state = LAUNCHER_STATE_DUMPING;
    worker->next_signal = number;
    worker->due_ms = launcher_now_ms() + LAUNCHER_DUMP_MS;
}

static void
tell(LauncherWorker *worker, int number)
{
    worker->is_stopped = true;
    worker->state = LAUNCHER_STATE_STOPPING;
    worker->due_ms = number == SIGKILL ? 0 : launcher_now_ms() + LAUNCHER_GRACE_MS;
    kill(-worker->pid, number);
}

static void
overdue(LauncherWorker *worker, Launcher *launcher)
{
    worker->is_overdue = true;
    launcher_say(launcher, worker,
                 "has run for %" G_GUINT64_FORMAT " s, its limit; it is here:",
                 worker->agent->wall);
    ask_for_stack(worker, launcher, SIGTERM);
}

static void
obstinate(LauncherWorker *worker, Launcher *launcher)
{
    launcher_say(
        launcher, worker,
        "did not end within %d ms of being told to; it is here:", LAUNCHER_GRACE_MS);
    ask_for_stack(worker, launcher, SIGKILL);
}

void
launcher_worker_tick(LauncherWorker *worker, Launcher *launcher, int64_t now_ms)
{
    if (worker->state == LAUNCHER_STATE_DRAINING)
        drain(worker, launcher);
    if (launcher_worker_due(worker) > now_ms)
        return;
    switch (worker->state) {
    case LAUNCHER_STATE_WAITING:
        if (launcher->starts_left > 0)
            start(worker, launcher);
        break;
    case LAUNCHER_STATE_RUNNING:
        overdue(worker, launcher);
        break;
    case LAUNCHER_STATE_DUMPING:
        tell(worker, worker->next_signal);
        break;
    case LAUNCHER_STATE_STOPPING:
        obstinate(worker, launcher);
        break;
    case LAUNCHER_STATE_DRAINING:
    case LAUNCHER_STATE_DONE:
    case LAUNCHER_STATE_GIVEN_UP:
        break;
    }
}

int64_t
launcher_worker_due(const LauncherWorker *worker)
{
    bool is_timed = worker->state == LAUNCHER_STATE_WAITING ||
                    (worker->state < LAUNCHER_STATE_DRAINING && worker->due_ms != 0);
    return is_timed ? worker->due_ms : INT64_MAX;
}

void
launcher_worker_stop(LauncherWorker *worker, Launcher *launcher, int number)
{
    if (worker->state == LAUNCHER_STATE_WAITING)
        finish(worker, launcher, LAUNCHER_STATE_DONE);
    else if (worker->state == LAUNCHER_STATE_RUNNING)
        tell(worker, number);
}

void
launcher_worker_kill(LauncherWorker *worker)
{
    if (worker->pid != 0)
        tell(worker, SIGKILL);
}

bool
launcher_worker_is_over(const LauncherWorker *worker)
{
    return worker->state == LAUNCHER_STATE_DONE ||
           worker->state == LAUNCHER_STATE_GIVEN_UP;
}
