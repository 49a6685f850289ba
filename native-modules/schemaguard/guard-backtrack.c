/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard-backtrack.h"

#include <glib.h>
#include <pcre2.h>
#include <stdatomic.h>
#include <time.h>

/* The time of one match. The cheap clock is looked at first; that the thread was put
 * off is not the pattern's fault. */
typedef struct {
    int64_t limit;     /* ns */
    int64_t wall_from; /* 0: not started, as short texts rarely need it */
    int64_t thread_from;
    size_t work; /* since the last look, about 64 characters each */
} Budget;

enum {
    WORK_BETWEEN_LOOKS = 4096,
    LONG_TEXT = 4096, /* bytes */
};

/* What one match at a time needs. The stack of the JIT code is made when its own 32 KiB
 * were not enough: long texts under a repeated group. */
typedef struct {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* or NULL */
    Budget budget;
} Matcher;

/* Only read, but for `spare`. */
struct GuardBacktrack {
    pcre2_code *code;         /* NULL: too large for PCRE2 */
    _Atomic(Matcher *) spare; /* taken by one match at a time */
    bool has_jit;
};

static const uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
                                PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF;

static int64_t
read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
start(Budget *self)
{
    self->wall_from = read_clock(CLOCK_MONOTONIC);
    self->thread_from = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static bool
is_spent(Budget *self)
{
    if (self->wall_from == 0) {
        start(self);
    }
    int64_t wall = read_clock(CLOCK_MONOTONIC);
    return wall - self->wall_from > self->limit &&
           read_clock(CLOCK_THREAD_CPUTIME_ID) - self->thread_from > self->limit;
}

/* What comes until the next check may read the rest of the text. */
static int
on_check(pcre2_callout_block *block, void *data)
{
    Budget *budget = data;
    budget->work += 1 + (block->subject_length - block->current_position) / 64;
    if (budget->work < WORK_BETWEEN_LOOKS) {
        return 0;
    }
    budget->work = 0;
    return is_spent(budget) ? PCRE2_ERROR_CALLOUT : 0;
}

static void
matcher_free(Matcher *self)
{
    if (self == NULL) {
        return;
    }
    pcre2_match_data_free(self->data);
    pcre2_match_context_free(self->context);
    pcre2_jit_stack_free(self->stack);
    g_free(self);
}

static Matcher *
matcher_new(const GuardBacktrack *engine)
{
    Matcher *self = g_new0(Matcher, 1);
    self->data = pcre2_match_data_create_from_pattern(engine->code, NULL);
    self->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(self->context, GUARD_BACKTRACK_MATCH_LIMIT);
    pcre2_set_depth_limit(self->context, GUARD_BACKTRACK_DEPTH_LIMIT);
    pcre2_set_heap_limit(self->context, GUARD_BACKTRACK_HEAP_LIMIT);
    pcre2_set_callout(self->context, on_check, &self->budget);
    return self;
}

static pcre2_code *
compile(const char *translation, size_t length, int *ret_error)
{
    PCRE2_SIZE at;
    return pcre2_compile((PCRE2_SPTR)translation, length, options, ret_error, &at,
                         NULL);
}

GuardBacktrackCheck
guard_backtrack_check(const char *translation, size_t length, char **ret_message)
{
    int error;
    pcre2_code *code = compile(translation, length, &error);
    if (code != NULL) {
        pcre2_code_free(code);
        return GUARD_BACKTRACK_RIGHT;
    }
    if (error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH) {
        *ret_message = g_strdup("a lookbehind of variable width is not supported; give "
                                "each alternative a fixed one, or look ahead instead");
        return GUARD_BACKTRACK_WIDE_LOOKBEHIND;
    }
    PCRE2_UCHAR message[160];
    pcre2_get_error_message(error, message, sizeof message);
    *ret_message = g_strdup((const char *)message);
    return GUARD_BACKTRACK_WRONG;
}

GuardBacktrack *
guard_backtrack_new(const char *translation, size_t length)
{
    int error;
    GuardBacktrack *self = g_new0(GuardBacktrack, 1);
    self->code = compile(translation, length, &error);
    self->has_jit =
        self->code != NULL && pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE) == 0;
    return self;
}

void
guard_backtrack_free(GuardBacktrack *self)
{
    if (self == NULL) {
        return;
    }
    matcher_free(atomic_load(&self->spare));
    pcre2_code_free(self->code);
    g_free(self);
}

static int
match_once(const GuardBacktrack *self, Matcher *matcher, const char *text,
           size_t length)
{
    int64_t parts = 1 + (int64_t)((length - (length > 0)) / GUARD_BACKTRACK_TIME_BYTES);
    matcher->budget = (Budget){.limit = parts * GUARD_BACKTRACK_TIME_NS};
    if (length >= LONG_TEXT) {
        start(&matcher->budget);
    }
    return self->has_jit
               ? pcre2_jit_match(self->code, (PCRE2_SPTR)text, length, 0, 0,
                                 matcher->data, matcher->context)
               : pcre2_match(self->code, (PCRE2_SPTR)text, length, 0,
                             PCRE2_NO_UTF_CHECK, matcher->data, matcher->context);
}

static int
match_with(const GuardBacktrack *self, Matcher *matcher, const char *text,
           size_t length)
{
    int result = match_once(self, matcher, text, length);
    if (result != PCRE2_ERROR_JIT_STACKLIMIT || matcher->stack != NULL) {
        return result;
    }
    matcher->stack = pcre2_jit_stack_create(GUARD_BACKTRACK_STACK_FIRST,
                                            GUARD_BACKTRACK_STACK_MAX, NULL);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return match_once(self, matcher, text, length);
}

GuardMatch
guard_backtrack_match(GuardBacktrack *self, const char *text, size_t length)
{
    if (self->code == NULL) {
        return GUARD_MATCH_BUDGET;
    }
    Matcher *matcher = atomic_exchange(&self->spare, NULL);
    if (matcher == NULL) {
        matcher = matcher_new(self);
    }
    int result = match_with(self, matcher, text, length);
    Matcher *other = NULL;
    if (!atomic_compare_exchange_strong(&self->spare, &other, matcher)) {
        matcher_free(matcher);
    }
    return result >= 0                     ? GUARD_MATCH_YES
           : result == PCRE2_ERROR_NOMATCH ? GUARD_MATCH_NO
                                           : GUARD_MATCH_BUDGET;
}
