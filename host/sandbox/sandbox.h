/* SPDX-License-Identifier: MIT */
/* sandbox.h - limits and permissions of a run, enforced by the kernel.
 *
 * Purpose    turn a HostConfig into an ordered, printable list of operations, then
 *            apply it in one loop. Children inherit all of it.
 * Ownership  a plan is freed with sandbox_plan_free(); it borrows nothing.
 * Threads    apply while the process has one thread.
 * Errors     HOST_ERROR_POLICY: the kernel cannot enforce what was asked; nothing is
 *            run then, and what was applied so far stays (the process ends).
 * Limits     SANDBOX_FOLDERS_MAX folders that may be written.
 * Cost       nothing when nothing was asked; else a system call an operation.
 * Example    g_autoptr(SandboxPlan) plan = sandbox_plan_new(&config);
 *            if (!sandbox_plan_apply(plan, &error)) ...
 *
 * Not promised: see SECURITY.md.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "host-config.h"

G_BEGIN_DECLS

enum {
    SANDBOX_FOLDERS_MAX = 64
};

typedef struct SandboxPlan SandboxPlan;

SandboxPlan *sandbox_plan_new(const HostConfig *config);
void sandbox_plan_free(SandboxPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SandboxPlan, sandbox_plan_free)

/* One line an operation, for people and tests; "" when there is nothing to do. Free
 * with g_free(). */
char *sandbox_plan_describe(const SandboxPlan *plan);

bool sandbox_plan_apply(const SandboxPlan *plan, GError **error);

/* Batch priority for the calling thread and what it starts, never up again: nice 10,
 * SCHED_IDLE, and turns of 8 ms among those of that kind. -1: errno says why. From any
 * thread. */
int sandbox_give_way(void);

/* What this kernel offers; 0 when it has no Landlock. */
int sandbox_landlock_abi(void);

G_END_DECLS
