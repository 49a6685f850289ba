/* SPDX-License-Identifier: MIT */
/* guard-problem.h - what is wrong with a schema, and where.
 *
 * Ownership  texts live in the arena of the list.
 * Limits     GUARD_PROBLEMS_MAX are kept; one more says how many others there are,
 *            at the place of the first of them.
 */
#pragma once

#include "guard-json.h"

enum {
    GUARD_PROBLEMS_MAX = 100
};

typedef struct {
    bool is_error; /* otherwise advice */
    const char *code;
    const char *message;
    const char *pointer; /* JSON pointer into the document */
    size_t offset;
    size_t line;
    size_t column;
} GuardProblem;

typedef struct {
    GuardArena *arena;
    GuardProblem items[GUARD_PROBLEMS_MAX + 1];
    size_t count; /* of items */
    size_t total;
    size_t error_count;
} GuardProblems;

/* `at` is the value to blame; `offset` the byte in its document. */
void guard_problem_add(GuardProblems *self, bool is_error, const char *code,
                       const GuardValue *at, size_t offset, const char *format, ...)
    G_GNUC_PRINTF(6, 7);

/* When all are added: makes the last item stand for those that were not kept. */
void guard_problem_finish(GuardProblems *self);

/* The usual form: an error at the first byte of `at`. */
#define guard_problem_error(self, code, at, ...) \
    guard_problem_add(self, true, code, at, (at)->offset, __VA_ARGS__)
