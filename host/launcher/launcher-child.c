/* SPDX-License-Identifier: MIT */
/* launcher-child.c - from the fork to the agent: what a worker is made of. */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "host-error.h"
#include "launcher-private.h"
#include "sandbox.h"

/* Die with the parent, however it dies. */
static void
follow_parent(const Launcher *launcher)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher->pid)
        _exit(HOST_ERROR_INTERNAL); /* it died before that */
    setpgid(0, 0);
}

static void
take_streams(const Launcher *launcher, int out, int err)
{
    dup2(launcher->nowhere, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    close_range((unsigned)launcher->descriptor_base, ~0U, 0);
}

/* What `ps` and `top` show. The kernel takes 15 bytes for the one, and what was the
 * command line for the other. */
static void
take_name(const Launcher *launcher, const LauncherWorker *worker)
{
    const LauncherPlan *plan = launcher->plan;
    prctl(PR_SET_NAME, worker->label);
    if (plan->title == NULL)
        return;
    memset(plan->title, 0, plan->title_size);
    g_strlcpy(plan->title, "ferrule: ", plan->title_size);
    g_strlcat(plan->title, worker->label, plan->title_size);
}

/* Limits and permissions. 0, or the exit code; the message is printed. */
static int
confine(const LauncherAgent *agent)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SandboxPlan) plan = sandbox_plan_new(&agent->config);
    return sandbox_plan_apply(plan, &error) ? 0 : host_error_report(error);
}

void
launcher_child_run(const Launcher *launcher, const LauncherWorker *worker, int out,
                   int err)
{
    follow_parent(launcher);
    take_streams(launcher, out, err);
    take_name(launcher, worker);
    setrlimit(RLIMIT_NOFILE, &launcher->files_before);
    sigprocmask(SIG_SETMASK, &launcher->mask_before, NULL);
    int code = confine(worker->agent);
    exit(code != 0 ? code : launcher->seams->run(worker->agent, worker->number));
}
