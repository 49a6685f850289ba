/* SPDX-License-Identifier: MIT */
#include "guard-problem.h"

#include <stdarg.h>
#include <string.h>

void
guard_problem_add(GuardProblems *self, bool is_error, const char *code,
                  const GuardValue *at, size_t offset, const char *format, ...)
{
    self->error_count += is_error;
    self->total++;
    if (self->count > GUARD_PROBLEMS_MAX) {
        self->items[GUARD_PROBLEMS_MAX].is_error |= is_error;
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GString) pointer = g_string_new(NULL);
    guard_json_pointer(at, pointer);
    GuardProblem *problem = &self->items[self->count++];
    problem->is_error = is_error;
    problem->code = code;
    problem->message = guard_arena_copy(self->arena, message, strlen(message));
    problem->pointer = guard_arena_copy(self->arena, pointer->str, pointer->len);
    problem->offset = offset;
    json_text_position(at->document->text, at->document->length, offset, &problem->line,
                       &problem->column);
}

void
guard_problem_finish(GuardProblems *self)
{
    if (self->total > self->count) {
        GuardProblem *last = &self->items[GUARD_PROBLEMS_MAX];
        last->code = "schema.more";
        last->message =
            guard_arena_printf(self->arena, "and %zu more problems, from here on",
                               self->total - GUARD_PROBLEMS_MAX);
    }
}
