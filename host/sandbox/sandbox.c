/* SPDX-License-Identifier: MIT */
#include "sandbox.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host-error.h"
#include "sandbox-private.h"

/* What "batch" is where a sandbox around us forbids the idle policy; half of what a
 * process can do to itself. */
#define BATCH_NICE 10

/* Twice the kernel's tick at 250 Hz; 1.4 and 3 ms are usual. Longer ones make who is
 * late later. */
#define BATCH_SLICE_NS 8000000

typedef enum {
    OP_LIMIT,
    OP_BATCH,
    OP_NO_NEW_PRIVILEGES,
    OP_WRITE,
    OP_NO_NETWORK
} OpKind;

typedef struct {
    OpKind kind;
    const char *what; /* how a person calls it */
    int resource;     /* OP_LIMIT */
    rlim_t value;     /* OP_LIMIT, in the resource's unit */
} Op;

struct SandboxPlan {
    GArray *ops; /* of Op, in the order of their application */
    GStrv folders;
};

static void
add_limit(SandboxPlan *plan, const char *what, int resource, uint64_t value)
{
    if (value == 0)
        return;
    Op op = {OP_LIMIT, what, resource, (rlim_t)value};
    g_array_append_val(plan->ops, op);
}

static void
add(SandboxPlan *plan, OpKind kind, const char *what)
{
    Op op = {kind, what, 0, 0};
    g_array_append_val(plan->ops, op);
}

SandboxPlan *
sandbox_plan_new(const HostConfig *config)
{
    SandboxPlan *plan = g_new0(SandboxPlan, 1);
    plan->ops = g_array_new(FALSE, FALSE, sizeof(Op));
    plan->folders = g_strdupv(config->write);
    add_limit(plan, "memory, bytes", RLIMIT_DATA, config->memory);
    add_limit(plan, "cpu, seconds", RLIMIT_CPU, config->cpu);
    add_limit(plan, "files", RLIMIT_NOFILE, config->files);
    if (config->is_batch)
        add(plan, OP_BATCH, "priority batch");
    if (config->write != NULL || config->no_network)
        add(plan, OP_NO_NEW_PRIVILEGES, "no new privileges");
    if (config->write != NULL)
        add(plan, OP_WRITE, "write only below");
    if (config->no_network)
        add(plan, OP_NO_NETWORK, "no network");
    return plan;
}

void
sandbox_plan_free(SandboxPlan *plan)
{
    if (plan == NULL)
        return;
    g_array_unref(plan->ops);
    g_strfreev(plan->folders);
    g_free(plan);
}

char *
sandbox_plan_describe(const SandboxPlan *plan)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < plan->ops->len; i++) {
        const Op *op = &g_array_index(plan->ops, Op, i);
        g_string_append(text, op->what);
        if (op->kind == OP_LIMIT)
            g_string_append_printf(text, ": %" G_GUINT64_FORMAT, (guint64)op->value);
        for (char **folder = plan->folders; op->kind == OP_WRITE && *folder; folder++)
            g_string_append_printf(text, " %s", *folder);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static int
set_limit(const Op *op)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)op->resource, &limit) != 0)
        return -1;
    /* An operator's limit is both soft and hard; a lower one in force stays. */
    limit.rlim_cur = limit.rlim_max = MIN(op->value, limit.rlim_max);
    return setrlimit((__rlimit_resource_t)op->resource, &limit);
}

/* The first fields of the kernel's struct sched_attr, which has no wrapper in the C
 * library of Debian 12: sched_setattr(2). */
typedef struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
} SchedulingAttributes;

/* The idle policy keeps the slice that a thread had before; kernels before 6.12 know
 * none. */
static void
take_slice(int nice)
{
    SchedulingAttributes attributes = {.size = sizeof attributes,
                                       .policy = SCHED_OTHER,
                                       .nice = nice,
                                       .runtime = BATCH_SLICE_NS};
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/* Who was started with less keeps less. Whoever wakes takes the core from SCHED_IDLE at
 * once, from a nice process often only at the next tick; and where it was just given to
 * another of SCHED_IDLE, again only at the next tick, so they take longer turns than
 * the usual: `./dev bench waking`. */
int
sandbox_give_way(void)
{
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if (now == -1 && errno != 0)
        return -1;
    if (setpriority(PRIO_PROCESS, 0, MAX(now, BATCH_NICE)) != 0)
        return -1;
    take_slice(MAX(now, BATCH_NICE));
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_IDLE, &none); /* nice it is in any case */
    return 0;
}

static int
apply(const SandboxPlan *plan, const Op *op)
{
    switch (op->kind) {
    case OP_LIMIT:
        return set_limit(op);
    case OP_BATCH:
        return sandbox_give_way();
    case OP_NO_NEW_PRIVILEGES:
        return sandbox_no_new_privileges();
    case OP_WRITE:
        return sandbox_landlock_write((const char *const *)plan->folders);
    case OP_NO_NETWORK:
        return sandbox_seccomp_no_network();
    }
    return 0;
}

bool
sandbox_plan_apply(const SandboxPlan *plan, GError **error)
{
    if (plan->folders != NULL && g_strv_length(plan->folders) > SANDBOX_FOLDERS_MAX) {
        g_set_error(error, HOST_ERROR, HOST_ERROR_POLICY,
                    "write: more than %d folders; name a folder above them",
                    SANDBOX_FOLDERS_MAX);
        return false;
    }
    for (guint i = 0; i < plan->ops->len; i++) {
        const Op *op = &g_array_index(plan->ops, Op, i);
        if (apply(plan, op) == 0)
            continue;
        g_set_error(error, HOST_ERROR, HOST_ERROR_POLICY,
                    "cannot enforce \"%s\": %s; remove the setting to run without it",
                    op->what, g_strerror(errno));
        return false;
    }
    return true;
}
