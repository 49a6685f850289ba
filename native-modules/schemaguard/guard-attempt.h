/* SPDX-License-Identifier: MIT */
/* guard-attempt.h - one attempt to find a pattern in a text.
 *
 * Purpose    what the parts of a pattern share meanwhile: the text, the time, and where
 *            in the text each lookbehind of variable width holds.
 * Ownership  borrows the text; the marks are its own.
 * Threads    one.
 * Errors     false; nothing is reported.
 * Limits     GUARD_ATTEMPT_TIME_NS of the thread's time for each started
 *            GUARD_ATTEMPT_TIME_BYTES of the text; GUARD_ATTEMPT_MARKS_MAX.
 * Cost       a bit for each lookbehind and byte of the text; no allocation for short
 *            ones.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUARD_ATTEMPT_TIME_NS = 600000,
    GUARD_ATTEMPT_TIME_BYTES = 64 << 10,
    GUARD_ATTEMPT_MARKS_MAX = 1 << 30,
    GUARD_ATTEMPT_OWN_WORDS = 32,
};

typedef struct {
    const char *text;
    size_t length;
    int64_t limit;     /* ns */
    int64_t wall_from; /* 0: not started, as short texts rarely need it */
    int64_t thread_from;
    size_t work; /* since the last look at the clock */
    uint64_t
        *marks;    /* a row for each lookbehind, in it a bit for each place; or NULL */
    uint64_t *row; /* the one that is being made, or NULL */
    size_t row_words;
    uint64_t own[GUARD_ATTEMPT_OWN_WORDS]; /* the marks of a short text */
} GuardAttempt;

void guard_attempt_init(GuardAttempt *self, const char *text, size_t length);
void guard_attempt_clear(GuardAttempt *self);

/* The time of a long text starts here, unless it has; that of a short one when somebody
 * asks whether it is spent. */
void guard_attempt_start(GuardAttempt *self);
bool guard_attempt_is_spent(GuardAttempt *self);

/* Makes room for the marks of so many lookbehinds; false if there is none. */
bool guard_attempt_make_rows(GuardAttempt *self, size_t count);
/* From here on marks go to this row. False if the time, once it started, is spent. */
bool guard_attempt_begin_row(GuardAttempt *self, size_t row);

static inline void
guard_attempt_mark(GuardAttempt *self, size_t place)
{
    self->row[place / 64] |= UINT64_C(1) << (place % 64);
}

static inline bool
guard_attempt_has_mark(const GuardAttempt *self, size_t row, size_t place)
{
    return self->marks[row * self->row_words + place / 64] >> (place % 64) & 1;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuardAttempt, guard_attempt_clear)
