/* SPDX-License-Identifier: MIT */
/* Payloads in pieces: the pieces are put together, the machine goes on where it
 * stopped. */
#include "guard-private.h"

#include <base-utf8.h>

struct SchemaGuardStream {
    SchemaGuard *guard; /* a reference */
    GuardBuffer text;   /* followed by GUARD_COPY_PAD zeros */
    GuardRun run;
    SchemaGuardStreamState state;
    bool is_begun;
    bool is_finished;
    bool is_whole;      /* it was valid so far when the end came */
    bool is_value_done; /* only space may follow */
    size_t checked;     /* inside a string that has not ended: right up to here */
    size_t counted;     /* its code points up to there */
};

SchemaGuardStream *
schema_guard_stream_new(SchemaGuard *guard)
{
    SchemaGuardStream *self = g_new0(SchemaGuardStream, 1);
    self->guard = schema_guard_ref(guard);
    memset(guard_buffer_reserve(&self->text, GUARD_COPY_PAD), 0, GUARD_COPY_PAD);
    schema_guard_run_begin(&self->run, guard, self->text.bytes, 0);
    self->run.is_partial = true;
    return self;
}

void
schema_guard_stream_free(SchemaGuardStream *self)
{
    if (self == NULL) {
        return;
    }
    schema_guard_run_end(&self->run);
    guard_buffer_clear(&self->text);
    schema_guard_unref(self->guard);
    g_free(self);
}

static void
append(SchemaGuardStream *self, const char *piece, size_t length)
{
    guard_buffer_reserve(&self->text, length + GUARD_COPY_PAD);
    guard_buffer_append(&self->text, piece, length);
    memset(self->text.bytes + self->text.length, 0, GUARD_COPY_PAD);
    guard_run_relocate(&self->run, self->text.bytes, self->text.length);
    self->run.budget += (int64_t)length * GUARD_RUN_BUDGET_FACTOR;
}

static const char *
skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

/* Where the value starts that the machine will enter. */
static const char *
waiting_value(const SchemaGuardStream *self)
{
    return skip_space(self->run.at, self->text.bytes + self->text.length);
}

/* Notes how far the waiting string is known to be right. */
static void
note_checked(SchemaGuardStream *self, size_t from)
{
    const char *text = self->text.bytes;
    const char *safe = guard_partial_safe_end(text + from, text + self->text.length);
    self->counted += guard_partial_count(text + from, safe);
    self->checked = (size_t)(safe - text);
}

/* Whether the waiting string may still become right. */
static bool
may_grow(SchemaGuardStream *self)
{
    const GuardProgram *program = self->run.program;
    const GuardNode *node = self->run.node;
    bool fits = node->string == 0 ||
                self->counted <= GUARD_AT(program, GuardStringPart, node->string)->max;
    return fits && guard_partial_choice(&self->run, node, waiting_value(self));
}

/* Inside a long string only the new bytes are read. Returns whether the machine has
 * something to do: the string ended, is broken or cannot become right. */
static bool
has_news(SchemaGuardStream *self)
{
    if (self->checked == 0) {
        return true;
    }
    JsonStringInfo info;
    const char *bad;
    const char *end = self->text.bytes + self->text.length;
    const char *close =
        json_string_check(self->text.bytes + self->checked, end, &info, &bad);
    if (close != NULL || !guard_partial_waits(&self->run, info.error, bad)) {
        return true;
    }
    note_checked(self, self->checked);
    return !may_grow(self);
}

/* If the run waits inside a string, notes how far it is known to be right. */
static void
note_string(SchemaGuardStream *self)
{
    const char *p = waiting_value(self);
    const char *end = self->text.bytes + self->text.length;
    JsonStringInfo info;
    const char *bad;
    self->checked = self->counted = 0;
    if (!self->run.resumes_container && p < end && *p == '"' &&
        json_string_check(p + 1, end, &info, &bad) == NULL) {
        note_checked(self, (size_t)(p + 1 - self->text.bytes));
    }
}

static SchemaGuardStreamState
check_tail(SchemaGuardStream *self)
{
    const char *p = waiting_value(self);
    const char *end = self->text.bytes + self->text.length;
    self->run.at = p;
    return p == end ? SCHEMA_GUARD_STREAM_COMPLETE : SCHEMA_GUARD_STREAM_INVALID;
}

static SchemaGuardStreamState
advance(SchemaGuardStream *self)
{
    if (self->is_value_done) {
        return check_tail(self);
    }
    if (!has_news(self)) {
        return SCHEMA_GUARD_STREAM_MORE;
    }
    GuardStep step =
        self->is_begun ? guard_run_resume(&self->run) : guard_run_value(&self->run);
    self->is_begun = true;
    if (step == GUARD_STEP_STOP && self->run.stop == GUARD_STOP_MORE) {
        note_string(self);
        return SCHEMA_GUARD_STREAM_MORE;
    }
    self->is_value_done = step == GUARD_STEP_DONE;
    return self->is_value_done ? check_tail(self) : SCHEMA_GUARD_STREAM_INVALID;
}

SchemaGuardStreamState
schema_guard_stream_feed(SchemaGuardStream *self, const char *piece, size_t length)
{
    if (self->state == SCHEMA_GUARD_STREAM_INVALID || self->is_finished) {
        return self->state;
    }
    if (length > self->guard->bytes_max - self->text.length) {
        self->state = SCHEMA_GUARD_STREAM_INVALID;
        return self->state;
    }
    append(self, piece, length);
    self->state = advance(self);
    return self->state;
}

SchemaGuardStreamState
schema_guard_stream_finish(SchemaGuardStream *self)
{
    if (!self->is_finished) {
        self->is_finished = true;
        self->is_whole = self->state != SCHEMA_GUARD_STREAM_INVALID;
        self->run.is_partial = false;
        self->checked = 0;
        if (self->state == SCHEMA_GUARD_STREAM_MORE) {
            self->state = advance(self);
        }
    }
    return self->state;
}

SchemaGuardReport *
schema_guard_stream_report(SchemaGuardStream *self)
{
    return schema_guard_report_new(self->guard, self->text.bytes, self->text.length,
                                   !self->is_whole);
}
