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

/* The last position that is inside neither an escape nor a character. */
static size_t
safe_position(const SchemaGuardStream *self, size_t from)
{
    const char *text = self->text.bytes;
    size_t end = self->text.length;
    size_t slash = end;
    while (slash > from && end - slash < 6) {
        slash--;
        if (text[slash] != '\\') {
            continue;
        }
        size_t run = 1;
        while (slash - run + 1 > from && text[slash - run] == '\\') {
            run++;
        }
        size_t need = slash + 1 < end && text[slash + 1] == 'u' ? 6 : 2;
        if (run % 2 == 1 && slash + need > end) {
            return slash;
        }
        break;
    }
    size_t lead = end;
    while (lead > from && end - lead < 4) {
        lead--;
        if (!base_utf8_is_tail((unsigned char)text[lead])) {
            return (unsigned char)text[lead] >= 0xC0 ? lead : end;
        }
    }
    return end;
}

/* Inside a long string only the new bytes are read. Returns whether the machine has
 * something to do: the string ended, or is broken. */
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
    self->checked = safe_position(self, self->checked);
    return false;
}

static const char *
skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

/* If the run waits inside a string, notes how far it is known to be right. */
static void
note_string(SchemaGuardStream *self)
{
    const char *p = self->run.at;
    const char *end = self->text.bytes + self->text.length;
    p = skip_space(p, end);
    JsonStringInfo info;
    const char *bad;
    bool waits = !self->run.resumes_container && p < end && *p == '"' &&
                 json_string_check(p + 1, end, &info, &bad) == NULL;
    self->checked = waits ? safe_position(self, (size_t)(p + 1 - self->text.bytes)) : 0;
}

static SchemaGuardStreamState
check_tail(SchemaGuardStream *self)
{
    const char *p = self->run.at;
    const char *end = self->text.bytes + self->text.length;
    p = skip_space(p, end);
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
