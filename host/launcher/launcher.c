/* SPDX-License-Identifier: MIT */
/* launcher.c - the loop: signals, ends of agents, what they print, who asks. */
#include "launcher-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host-error.h"

enum {
    DESCRIPTORS_A_WORKER = 3,
    DESCRIPTORS_BASE_MIN = 16,
    DESCRIPTORS_OWN = 16 + LAUNCHER_CLIENTS_MAX +
                      2 * LAUNCHER_CHANNELS_MAX, /* socket, epoll, pipes being made */
    STARTS_A_ROUND = 8, /* then ends, output and clients have their turn */
    EVENTS_MAX = 64
};

int64_t
launcher_now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

void
launcher_say(Launcher *launcher, const LauncherWorker *worker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *line =
        worker == NULL ? g_strdup_printf("ferrule: %s", message)
                       : g_strdup_printf("ferrule: %s: %s", worker->label, message);
    launcher_output_line(&launcher->err, NULL, line, strlen(line));
}

void
launcher_stop(Launcher *launcher, int number)
{
    bool is_first = launcher->stop_signal == 0;
    launcher->is_hurried = !is_first;
    if (is_first)
        launcher->stop_signal = number;
    for (unsigned i = 0; i < launcher->worker_count; i++) {
        if (is_first)
            launcher_worker_stop(&launcher->workers[i], launcher, number);
        else
            launcher_worker_kill(&launcher->workers[i]);
    }
}

/* ---- set-up ------------------------------------------------------------------- */

static bool
refuse(GError **error, const char *what)
{
    g_set_error(error, HOST_ERROR, HOST_ERROR_INTERNAL, "cannot run agents: %s: %s",
                what, g_strerror(errno));
    return false;
}

static int
highest_descriptor(void)
{
    int highest = STDERR_FILENO;
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
        highest = MAX(highest, atoi(name));
    return highest;
}

/* Three descriptors a worker: the usual soft limit of 1,024 is for 300 of them. The
 * agents get back the limit that was in force. */
static bool
raise_file_limit(Launcher *launcher, GError **error)
{
    rlim_t wanted = (rlim_t)launcher->descriptor_base + DESCRIPTORS_OWN +
                    (rlim_t)launcher->worker_count * DESCRIPTORS_A_WORKER;
    if (getrlimit(RLIMIT_NOFILE, &launcher->files_before) != 0)
        return refuse(error, "open files");
    struct rlimit limit = launcher->files_before;
    if (limit.rlim_cur >= wanted)
        return true;
    if (limit.rlim_max < wanted) {
        g_set_error(error, HOST_ERROR, HOST_ERROR_POLICY,
                    "%u workers need %llu open files, this session may have %llu; "
                    "raise `ulimit -n` or run fewer",
                    launcher->worker_count, (unsigned long long)wanted,
                    (unsigned long long)limit.rlim_max);
        return false;
    }
    limit.rlim_cur = wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 || refuse(error, "open files");
}

static void
signals_ready(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    struct signalfd_siginfo info;
    if (read(watch->fd, &info, sizeof info) == (ssize_t)sizeof info)
        launcher_stop(launcher, (int)info.ssi_signo);
}

static bool
take_signals(Launcher *launcher, GError **error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &launcher->mask_before);
    /* An ignored SIGCHLD, inherited from whoever started us, would reap for us. */
    signal(SIGCHLD, SIG_DFL);
    launcher->signals.fd =
        launcher_watch_adopt(launcher, signalfd(-1, &signals, SFD_CLOEXEC));
    launcher->signals.ready = signals_ready;
    return (launcher->signals.fd >= 0 &&
            launcher_watch_on(launcher, &launcher->signals, EPOLLIN)) ||
           refuse(error, "signals");
}

static bool
open_descriptors(Launcher *launcher, GError **error)
{
    launcher->epoll = launcher_watch_adopt(launcher, epoll_create1(EPOLL_CLOEXEC));
    launcher->nowhere =
        launcher_watch_adopt(launcher, open("/dev/null", O_RDONLY | O_CLOEXEC));
    return (launcher->epoll >= 0 && launcher->nowhere >= 0) ||
           refuse(error, "descriptors");
}

static void
make_workers(Launcher *launcher)
{
    const GPtrArray *agents = launcher->plan->agents;
    unsigned count = 0;
    launcher->workers = g_new0(LauncherWorker, launcher->worker_count);
    for (guint i = 0; i < agents->len; i++) {
        const LauncherAgent *agent = agents->pdata[i];
        for (unsigned number = 0; number < agent->workers; number++)
            launcher_worker_init(&launcher->workers[count++], launcher, agent, number);
    }
}

static bool
begin(Launcher *launcher, GError **error)
{
    launcher->pid = getpid();
    launcher->started_ms = launcher_now_ms();
    launcher->worker_count = launcher_plan_workers(launcher->plan);
    launcher->descriptor_base = MAX(highest_descriptor() + 1, DESCRIPTORS_BASE_MIN);
    launcher_output_init(&launcher->out, STDOUT_FILENO);
    launcher_output_init(&launcher->err, STDERR_FILENO);
    make_workers(launcher);
    if (!raise_file_limit(launcher, error) || !open_descriptors(launcher, error) ||
        !take_signals(launcher, error))
        return false;
    if (!launcher_desk_open(launcher))
        return refuse(error, "channels");
    launcher_socket_open(launcher);
    return true;
}

static void
end(Launcher *launcher)
{
    launcher_socket_close(launcher);
    launcher_desk_close(launcher);
    for (unsigned i = 0; i < launcher->worker_count; i++)
        launcher_worker_clear(&launcher->workers[i], launcher);
    launcher_watch_close(launcher, &launcher->signals);
    close(launcher->nowhere);
    close(launcher->epoll);
    g_string_free(launcher->out.queue, TRUE);
    g_string_free(launcher->err.queue, TRUE);
    g_free(launcher->workers);
    setrlimit(RLIMIT_NOFILE, &launcher->files_before);
}

/* ---- the loop ----------------------------------------------------------------- */

static void
resume_streams(Launcher *launcher)
{
    for (unsigned i = 0; i < launcher->worker_count; i++) {
        LauncherWorker *worker = &launcher->workers[i];
        if (!launcher_output_is_full(&launcher->out))
            launcher_stream_resume(launcher, &worker->out);
        if (!launcher_output_is_full(&launcher->err))
            launcher_stream_resume(launcher, &worker->err);
    }
}

/* Do what is due; gives the time of the next, and whether all is over. */
static int64_t
tick(Launcher *launcher, bool *ret_is_over)
{
    int64_t now = launcher_now_ms(), next = INT64_MAX;
    *ret_is_over = true;
    launcher->starts_left = STARTS_A_ROUND;
    for (unsigned i = 0; i < launcher->worker_count; i++) {
        LauncherWorker *worker = &launcher->workers[i];
        launcher_worker_tick(worker, launcher, now);
        next = MIN(next, launcher_worker_due(worker));
        *ret_is_over &= launcher_worker_is_over(worker);
    }
    launcher_socket_tick(launcher, now);
    return next;
}

static void
flush(Launcher *launcher)
{
    launcher_output_flush(launcher, &launcher->out);
    launcher_output_flush(launcher, &launcher->err);
    resume_streams(launcher);
    if (launcher->out.is_broken && launcher->stop_signal == 0)
        launcher_stop(launcher, SIGTERM);
}

static void
wait_for_events(Launcher *launcher, int64_t until_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t left = until_ms == INT64_MAX ? -1 : MAX(until_ms - launcher_now_ms(), 0);
    int count =
        epoll_wait(launcher->epoll, events, EVENTS_MAX, (int)MIN(left, G_MAXINT));
    for (int i = 0; i < count; i++) {
        LauncherWatch *watch = events[i].data.ptr;
        if (watch->fd >= 0) /* not closed by one before it */
            watch->ready(launcher, watch, events[i].events);
    }
}

/* Nothing left to wait for: all is over and printed, or nobody waits for the rest. */
static bool
may_end(const Launcher *launcher, bool is_over)
{
    if (!launcher->is_hurried)
        return is_over && launcher->out.queue->len == 0 &&
               launcher->err.queue->len == 0;
    for (unsigned i = 0; i < launcher->worker_count; i++)
        if (launcher->workers[i].pid != 0)
            return false;
    return true;
}

static void
loop(Launcher *launcher)
{
    bool is_over = false;
    for (;;) {
        int64_t next = tick(launcher, &is_over);
        flush(launcher);
        if (may_end(launcher, is_over))
            return;
        wait_for_events(launcher, next);
    }
}

/* End as a shell expects of who was stopped by a signal, or has no reader. */
static void
end_by_signal(const Launcher *launcher, int code)
{
    int number = launcher->out.is_broken ? SIGPIPE : launcher->stop_signal;
    if (number != SIGPIPE && (number == 0 || code != 128 + number))
        return;
    signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &launcher->mask_before, NULL);
    raise(number);
}

int
launcher_run(const LauncherPlan *plan, const LauncherSeams *seams, GError **error)
{
    Launcher launcher = {.plan = plan,
                         .seams = seams,
                         .epoll = -1,
                         .nowhere = -1,
                         .signals.fd = -1,
                         .socket.watch.fd = -1,
                         .desk.watch.fd = -1};
    bool is_ready = begin(&launcher, error);
    if (is_ready)
        loop(&launcher);
    int code = launcher.first_failure;
    end(&launcher);
    if (!is_ready)
        return -1;
    end_by_signal(&launcher, code);
    sigprocmask(SIG_SETMASK, &launcher.mask_before, NULL);
    return code;
}
