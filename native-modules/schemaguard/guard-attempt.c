/* SPDX-License-Identifier: MIT */
#include "guard-attempt.h"

#include <string.h>
#include <time.h>

enum {
    LONG_TEXT = 4096 /* bytes */
};

void
guard_attempt_init(GuardAttempt *self, const char *text, size_t length)
{
    size_t parts = 1 + (length - (length > 0)) / GUARD_ATTEMPT_TIME_BYTES;
    self->text = text;
    self->length = length;
    self->limit = (int64_t)parts * GUARD_ATTEMPT_TIME_NS;
    self->wall_from = 0;
    self->work = 0;
    self->marks = self->row = NULL;
}

void
guard_attempt_clear(GuardAttempt *self)
{
    if (self->marks != self->own) {
        g_free(self->marks);
    }
}

static int64_t
read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
start(GuardAttempt *self)
{
    self->wall_from = read_clock(CLOCK_MONOTONIC);
    self->thread_from = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void
guard_attempt_start(GuardAttempt *self)
{
    if (self->length >= LONG_TEXT && self->wall_from == 0) {
        start(self);
    }
}

/* The cheap clock is looked at first; that the thread was put off is not the pattern's
 * fault. */
bool
guard_attempt_is_spent(GuardAttempt *self)
{
    if (self->wall_from == 0) {
        start(self);
    }
    int64_t wall = read_clock(CLOCK_MONOTONIC);
    return wall - self->wall_from > self->limit &&
           read_clock(CLOCK_THREAD_CPUTIME_ID) - self->thread_from > self->limit;
}

/* There are as many places as bytes, and the end. */
bool
guard_attempt_make_rows(GuardAttempt *self, size_t count)
{
    self->row_words = self->length / 64 + 1;
    if (self->row_words > GUARD_ATTEMPT_MARKS_MAX / 64 / count) {
        return false;
    }
    size_t words = self->row_words * count;
    bool is_short = words <= GUARD_ATTEMPT_OWN_WORDS;
    self->marks = is_short ? self->own : g_try_new(uint64_t, words);
    if (self->marks != NULL) {
        memset(self->marks, 0, words * sizeof *self->marks);
    }
    return self->marks != NULL;
}

bool
guard_attempt_begin_row(GuardAttempt *self, size_t row)
{
    self->row = self->marks + row * self->row_words;
    return self->wall_from == 0 || !guard_attempt_is_spent(self);
}
