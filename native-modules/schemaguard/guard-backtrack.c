/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard-backtrack.h"

#include <glib.h>
#include <pcre2.h>
#include <stdatomic.h>

enum {
    WORK_BETWEEN_LOOKS = 4096,
};

/* What one match at a time needs. The stack of the JIT code is made when its own 32 KiB
 * were not enough: long texts under a repeated group. */
typedef struct {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* or NULL */
} Matcher;

/* Only read, but for `spare`. */
struct GuardBacktrack {
    pcre2_code *code;         /* NULL: too large for PCRE2 */
    _Atomic(Matcher *) spare; /* taken by one match at a time */
    bool has_jit;
};

static const uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
                                PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF;

/* What comes until the next callback may read the rest of the text. */
static bool
has_time(GuardAttempt *attempt, size_t place)
{
    attempt->work += 1 + (attempt->length - place) / 64;
    if (attempt->work < WORK_BETWEEN_LOOKS) {
        return true;
    }
    attempt->work = 0;
    return !guard_attempt_is_spent(attempt);
}

static int
on_callout(pcre2_callout_block *block, void *data)
{
    GuardAttempt *attempt = data;
    size_t place = block->current_position;
    uint32_t number = block->callout_number;
    if (!has_time(attempt, place)) {
        return PCRE2_ERROR_CALLOUT;
    }
    if (number == 0) {
        return 0;
    }
    if (number < GUARD_BACKTRACK_END_NUMBER) {
        return !guard_attempt_has_mark(attempt, number - 1, place);
    }
    guard_attempt_mark(attempt, place);
    return 1;
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
    return self;
}

static pcre2_code *
compile(const char *translation, int *ret_error)
{
    PCRE2_SIZE at;
    return pcre2_compile((PCRE2_SPTR)translation, PCRE2_ZERO_TERMINATED, options,
                         ret_error, &at, NULL);
}

bool
guard_backtrack_check(const char *translation, char **ret_message)
{
    int error;
    pcre2_code *code = compile(translation, &error);
    if (code == NULL) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(error, message, sizeof message);
        *ret_message = g_strdup((const char *)message);
        return false;
    }
    pcre2_code_free(code);
    return true;
}

GuardBacktrack *
guard_backtrack_new(const char *translation)
{
    int error;
    GuardBacktrack *self = g_new0(GuardBacktrack, 1);
    self->code = compile(translation, &error);
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
match_once(const GuardBacktrack *self, Matcher *matcher, const GuardAttempt *attempt)
{
    PCRE2_SPTR text = (PCRE2_SPTR)attempt->text;
    return self->has_jit
               ? pcre2_jit_match(self->code, text, attempt->length, 0, 0, matcher->data,
                                 matcher->context)
               : pcre2_match(self->code, text, attempt->length, 0, PCRE2_NO_UTF_CHECK,
                             matcher->data, matcher->context);
}

static int
match_with(const GuardBacktrack *self, Matcher *matcher, GuardAttempt *attempt)
{
    guard_attempt_start(attempt);
    pcre2_set_callout(matcher->context, on_callout, attempt);
    int result = match_once(self, matcher, attempt);
    if (result != PCRE2_ERROR_JIT_STACKLIMIT || matcher->stack != NULL) {
        return result;
    }
    matcher->stack = pcre2_jit_stack_create(GUARD_BACKTRACK_STACK_FIRST,
                                            GUARD_BACKTRACK_STACK_MAX, NULL);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return match_once(self, matcher, attempt);
}

GuardMatch
guard_backtrack_match(GuardBacktrack *self, GuardAttempt *attempt)
{
    if (self->code == NULL) {
        return GUARD_MATCH_BUDGET;
    }
    Matcher *matcher = atomic_exchange(&self->spare, NULL);
    if (matcher == NULL) {
        matcher = matcher_new(self);
    }
    int result = match_with(self, matcher, attempt);
    Matcher *other = NULL;
    if (!atomic_compare_exchange_strong(&self->spare, &other, matcher)) {
        matcher_free(matcher);
    }
    return result >= 0                     ? GUARD_MATCH_YES
           : result == PCRE2_ERROR_NOMATCH ? GUARD_MATCH_NO
                                           : GUARD_MATCH_BUDGET;
}
