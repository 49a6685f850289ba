/* SPDX-License-Identifier: MIT */
/* Reports: the second pass over a payload, with a collector. */
#include "guard-private.h"

#include <base-utf8.h>

static int
compare_issues(const void *a, const void *b)
{
    const SchemaGuardIssue *x = a;
    const SchemaGuardIssue *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void
collect(SchemaGuard *self, GuardCollector *collector, const char *text, size_t length,
        bool is_partial)
{
    GuardRun run;
    schema_guard_run_begin(&run, self, text, length);
    run.collector = collector;
    run.is_partial = is_partial;
    GuardStep step = length > self->bytes_max ? guard_stop(&run, GUARD_STOP_SIZE, text)
                                              : guard_run_text(&run);
    if (step == GUARD_STEP_STOP && run.stop != GUARD_STOP_MORE) {
        run.frame_count = 0;
        guard_report_stop(&run);
    }
    schema_guard_run_end(&run);
}

/* Of partial text some things are said as early as they are known, and again when the
 * value ends. */
static void
drop_repeated(GArray *issues)
{
    for (guint i = 1; i < issues->len; i++) {
        const SchemaGuardIssue *last = &g_array_index(issues, SchemaGuardIssue, i - 1);
        const SchemaGuardIssue *issue = &g_array_index(issues, SchemaGuardIssue, i);
        if (last->offset == issue->offset && last->code == issue->code &&
            strcmp(last->schema_path, issue->schema_path) == 0 &&
            strncmp(last->code, "missing", strlen("missing")) != 0) {
            g_array_remove_index(issues, i--);
        }
    }
}

/* Fills in lines and columns; the issues are in the order of their offsets. */
static void
place_issues(GArray *issues, const char *text)
{
    size_t at = 0;
    size_t line = 1;
    size_t column = 1;
    for (guint i = 0; i < issues->len; i++) {
        SchemaGuardIssue *issue = &g_array_index(issues, SchemaGuardIssue, i);
        for (; at < issue->offset; at++) {
            bool ends = text[at] == '\n';
            line += ends;
            column = ends ? 1 : column + !base_utf8_is_tail((unsigned char)text[at]);
        }
        issue->line = line;
        issue->column = column;
    }
}

SchemaGuardReport *
schema_guard_report_new(SchemaGuard *self, const char *text, size_t length,
                        bool is_partial)
{
    SchemaGuardReport *report = g_new0(SchemaGuardReport, 1);
    atomic_init(&report->references, 1);
    guard_collector_init(&report->collector);
    report->collector.mask = self->mask;
    collect(self, &report->collector, text, length, is_partial);
    guard_collector_finish(&report->collector);
    GArray *issues = report->collector.issues;
    g_array_sort(issues, compare_issues);
    if (is_partial) {
        drop_repeated(issues);
    }
    place_issues(issues, text);
    return report;
}

SchemaGuardReport *
schema_guard_report(SchemaGuard *self, const char *text, size_t length)
{
    return schema_guard_report_new(self, text, length, false);
}

SchemaGuardReport *
schema_guard_report_ref(SchemaGuardReport *self)
{
    atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
    return self;
}

void
schema_guard_report_unref(SchemaGuardReport *self)
{
    if (self == NULL || atomic_fetch_sub(&self->references, 1) != 1) {
        return;
    }
    guard_collector_clear(&self->collector);
    g_free(self->explanation);
    g_free(self);
}

size_t
schema_guard_report_count(const SchemaGuardReport *self)
{
    return self->collector.issues->len;
}

const SchemaGuardIssue *
schema_guard_report_at(const SchemaGuardReport *self, size_t index)
{
    return &g_array_index(self->collector.issues, SchemaGuardIssue, index);
}

const char *
schema_guard_report_explain(SchemaGuardReport *self)
{
    if (self->explanation != NULL) {
        return self->explanation;
    }
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < schema_guard_report_count(self); i++) {
        const SchemaGuardIssue *issue = schema_guard_report_at(self, i);
        const char *path = issue->instance_path;
        g_string_append_printf(out, "%s%s: %s", out->len > 0 ? "\n" : "",
                               *path != '\0' ? path : "(root)", issue->message);
        if (issue->branch != NULL) {
            g_string_append_printf(out, " (branch %s)", issue->branch);
        }
        g_string_append_printf(out, " [line %zu, column %zu]", issue->line,
                               issue->column);
    }
    return self->explanation = g_string_free(out, FALSE);
}
