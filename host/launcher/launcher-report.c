/* SPDX-License-Identifier: MIT */
/* launcher-report.c - how the agents are, as JSON and as a table. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json-writer.h"
#include "launcher-private.h"

typedef struct {
    uint64_t rss;     /* bytes; 0: no process */
    double cpu;       /* seconds, of all its processes so far */
    int64_t since_ms; /* how long it has been running; 0: it is not */
} Usage;

static const char *
state_name(const LauncherWorker *worker)
{
    switch (worker->state) {
    case LAUNCHER_STATE_WAITING:
        return "waiting";
    case LAUNCHER_STATE_RUNNING:
        return "running";
    case LAUNCHER_STATE_DUMPING:
    case LAUNCHER_STATE_STOPPING:
        return "stopping";
    case LAUNCHER_STATE_DRAINING:
        return "ending";
    case LAUNCHER_STATE_GIVEN_UP:
        return "given up";
    case LAUNCHER_STATE_DONE:
        break;
    }
    return worker->last_code > 0 ? "failed" : "done";
}

/* Fields of /proc/PID/FILE after the name in brackets, which may hold anything. */
static bool
read_proc(pid_t pid, const char *file, char *buffer, size_t size)
{
    char path[64];
    g_snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "re");
    if (stream == NULL)
        return false;
    size_t length = fread(buffer, 1, size - 1, stream);
    fclose(stream);
    buffer[length] = '\0';
    return length > 0;
}

static Usage
usage_of(const LauncherWorker *worker)
{
    Usage usage = {.cpu = worker->cpu_ended};
    char text[1024];
    unsigned long long pages, user, system;
    if (worker->pid == 0)
        return usage;
    usage.since_ms = launcher_now_ms() - worker->started_ms;
    if (read_proc(worker->pid, "statm", text, sizeof text) &&
        sscanf(text, "%*u %llu", &pages) == 1)
        usage.rss = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    if (!read_proc(worker->pid, "stat", text, sizeof text))
        return usage;
    const char *rest = strrchr(text, ')');
    if (rest != NULL && sscanf(rest + 1,
                               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
                               "%llu %llu",
                               &user, &system) == 2)
        usage.cpu += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    return usage;
}

static void
report_worker_json(const LauncherWorker *worker, GString *out)
{
    Usage usage = usage_of(worker);
    json_writer_open(out, NULL, '{');
    json_writer_string(out, "name", worker->agent->name);
    json_writer_number(out, "worker", worker->number);
    json_writer_string(out, "state", state_name(worker));
    if (worker->pid != 0)
        json_writer_number(out, "pid", (uint64_t)worker->pid);
    json_writer_number(out, "restarts", worker->restarts);
    json_writer_number(out, "uptime_ms", (uint64_t)usage.since_ms);
    json_writer_number(out, "rss_bytes", usage.rss);
    json_writer_number(out, "cpu_ms", (uint64_t)(usage.cpu * 1000));
    if (worker->last_code >= 0)
        json_writer_number(out, "last_exit", (uint64_t)worker->last_code);
    json_writer_close(out, '}');
}

static void
clear_store(void *data)
{
    g_free(((LauncherStore *)data)->name);
}

static GArray *
count_stores(const Launcher *launcher)
{
    GArray *stores = g_array_new(FALSE, TRUE, sizeof(LauncherStore));
    g_array_set_clear_func(stores, clear_store);
    if (launcher->seams->count_stores != NULL)
        launcher->seams->count_stores(stores);
    return stores;
}

static void
report_stores_json(const Launcher *launcher, GString *out)
{
    g_autoptr(GArray) stores = count_stores(launcher);
    json_writer_open(out, "stores", '[');
    for (guint i = 0; i < stores->len; i++) {
        const LauncherStore *store = &g_array_index(stores, LauncherStore, i);
        json_writer_open(out, NULL, '{');
        json_writer_string(out, "name", store->name);
        json_writer_number(out, "entries", store->entries);
        json_writer_number(out, "max_entries", store->max_entries);
        json_writer_number(out, "bytes", store->bytes);
        json_writer_number(out, "hits", store->hits);
        json_writer_number(out, "misses", store->misses);
        json_writer_number(out, "evictions", store->evictions);
        json_writer_close(out, '}');
    }
    json_writer_close(out, ']');
}

void
launcher_report_json(const Launcher *launcher, GString *out)
{
    json_writer_open(out, NULL, '{');
    json_writer_number(out, "pid", (uint64_t)launcher->pid);
    if (launcher->plan->file != NULL)
        json_writer_string(out, "file", launcher->plan->file);
    json_writer_number(out, "uptime_ms",
                       (uint64_t)(launcher_now_ms() - launcher->started_ms));
    json_writer_bool(out, "stopping", launcher->stop_signal != 0);
    json_writer_open(out, "agents", '[');
    for (unsigned i = 0; i < launcher->worker_count; i++)
        report_worker_json(&launcher->workers[i], out);
    json_writer_close(out, ']');
    report_stores_json(launcher, out);
    json_writer_close(out, '}');
}

static void
append_duration(GString *out, int64_t ms)
{
    int64_t s = ms / 1000;
    if (s < 60)
        g_string_append_printf(out, "%d.%d s", (int)s, (int)(ms % 1000 / 100));
    else if (s < 3600)
        g_string_append_printf(out, "%d min %d s", (int)(s / 60), (int)(s % 60));
    else
        g_string_append_printf(out, "%" G_GINT64_FORMAT " h %d min", s / 3600,
                               (int)(s % 3600 / 60));
}

static void
report_worker_text(const LauncherWorker *worker, GString *out)
{
    Usage usage = usage_of(worker);
    g_autoptr(GString) up = g_string_new(NULL);
    g_autofree char *pid =
        worker->pid == 0 ? g_strdup("-") : g_strdup_printf("%d", (int)worker->pid);
    g_autofree char *last = worker->last_code < 0
                                ? g_strdup("-")
                                : g_strdup_printf("%d", worker->last_code);
    append_duration(up, usage.since_ms);
    g_string_append_printf(out, "  %-20s %8s  %-8s %8u  %11s %8.1f MB %9.2f s %5s\n",
                           worker->label, pid, state_name(worker), worker->restarts,
                           up->str, (double)usage.rss / 1e6, usage.cpu, last);
}

static void
report_stores_text(const Launcher *launcher, GString *out)
{
    g_autoptr(GArray) stores = count_stores(launcher);
    if (stores->len > 0)
        g_string_append_printf(out, "  %-20s %15s %11s %10s %10s %6s %10s\n", "STORE",
                               "ENTRIES", "MEMORY", "HITS", "MISSES", "RATE",
                               "EVICTED");
    for (guint i = 0; i < stores->len; i++) {
        const LauncherStore *store = &g_array_index(stores, LauncherStore, i);
        uint64_t asked = store->hits + store->misses;
        double rate = asked == 0 ? 0.0 : 100.0 * (double)store->hits / (double)asked;
        g_autofree char *entries =
            g_strdup_printf("%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, store->entries,
                            store->max_entries);
        g_string_append_printf(out,
                               "  %-20s %15s %8.1f MB %10" G_GUINT64_FORMAT
                               " %10" G_GUINT64_FORMAT " %4.0f %% %10" G_GUINT64_FORMAT
                               "\n",
                               store->name, entries, (double)store->bytes / 1e6,
                               store->hits, store->misses, rate, store->evictions);
    }
}

void
launcher_report_text(const Launcher *launcher, GString *out)
{
    g_string_append_printf(out, "launcher %d%s%s, %u worker%s, up ", (int)launcher->pid,
                           launcher->plan->file == NULL ? "" : ": ",
                           launcher->plan->file == NULL ? "" : launcher->plan->file,
                           launcher->worker_count,
                           launcher->worker_count == 1 ? "" : "s");
    append_duration(out, launcher_now_ms() - launcher->started_ms);
    g_string_append(out, launcher->stop_signal == 0 ? "\n" : ", stopping\n");
    g_string_append_printf(out, "  %-20s %8s  %-8s %8s  %11s %11s %11s %5s\n", "AGENT",
                           "PID", "STATE", "RESTARTS", "UP", "MEMORY", "CPU", "LAST");
    for (unsigned i = 0; i < launcher->worker_count; i++)
        report_worker_text(&launcher->workers[i], out);
    report_stores_text(launcher, out);
}
