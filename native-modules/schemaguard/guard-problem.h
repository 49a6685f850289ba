/* SPDX-License-Identifier: MIT */
/* guard-problem.h - what is wrong with a schema, and where.
 *
 * Ownership  texts live in the arena of the list.
 * Limits     GUARD_PROBLEMS_MAX are kept; the rest is only counted.
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
    GuardProblem items[GUARD_PROBLEMS_MAX];
    size_t count;
    size_t error_count;
} GuardProblems;

/* `at` is the value to blame; `offset` the byte in its document. */
void guard_problem_add(GuardProblems *self, bool is_error, const char *code,
                       const GuardValue *at, size_t offset, const char *format, ...)
    G_GNUC_PRINTF(6, 7);

/* The usual form: an error at the first byte of `at`. */
#define guard_problem_error(self, code, at, ...) \
    guard_problem_add(self, true, code, at, (at)->offset, __VA_ARGS__)
