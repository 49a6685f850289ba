/* SPDX-License-Identifier: MIT */
#include "launcher-plan.h"

static void
free_agent(void *data)
{
    LauncherAgent *agent = data;
    g_free(agent->name);
    g_free(agent->script);
    g_free(agent->vendor);
    g_strfreev(agent->args);
    g_strfreev(agent->env);
    host_config_clear(&agent->config);
    g_free(agent);
}

LauncherPlan *
launcher_plan_new(void)
{
    LauncherPlan *plan = g_new0(LauncherPlan, 1);
    plan->agents = g_ptr_array_new_with_free_func(free_agent);
    return plan;
}

void
launcher_plan_free(LauncherPlan *plan)
{
    if (plan == NULL)
        return;
    g_ptr_array_unref(plan->agents);
    g_free(plan->file);
    g_free(plan);
}

LauncherAgent *
launcher_plan_add(LauncherPlan *plan, const char *name)
{
    LauncherAgent *agent = g_new0(LauncherAgent, 1);
    agent->name = g_strdup(name);
    agent->args = g_new0(char *, 1);
    agent->env = g_new0(char *, 1);
    agent->workers = 1;
    g_ptr_array_add(plan->agents, agent);
    return agent;
}

unsigned
launcher_plan_workers(const LauncherPlan *plan)
{
    unsigned count = 0;
    for (guint i = 0; i < plan->agents->len; i++) {
        const LauncherAgent *agent = plan->agents->pdata[i];
        count += agent->workers;
    }
    return count;
}

char *
launcher_plan_label(const LauncherAgent *agent, unsigned worker)
{
    return agent->workers == 1 ? g_strdup(agent->name)
                               : g_strdup_printf("%s[%u]", agent->name, worker);
}
