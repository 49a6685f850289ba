/* SPDX-License-Identifier: MIT */
/* guard-report.h - collecting what is wrong, while the machine reads on.
 *
 * Ownership  a collector owns its issues; their texts lie in its arena.
 * Threads    one collector, one run.
 * Limits     GUARD_REPORT_ISSUES_MAX are worded; the rest is only counted.
 */
#pragma once

#include "guard-arena.h"
#include "guard-run.h"
#include "schema-guard.h"

enum {
    GUARD_REPORT_ISSUES_MAX = 1000,
    GUARD_REPORT_VALUES_MAX = 12,   /* allowed values or names listed in one message */
    GUARD_REPORT_EXCERPT_MAX = 60,  /* bytes shown of an offending value ... */
    GUARD_REPORT_TEXT_MAX = 80,     /* ... of one of the schema's ... */
    GUARD_REPORT_PATTERN_MAX = 200, /* ... and of a pattern */
};

struct GuardCollector {
    GuardArena arena;
    GArray *issues;   /* SchemaGuardIssue */
    GArray *kinds;    /* uint8_t: GuardKeyword of each issue */
    GArray *bounds;   /* uint32_t: number of issues behind each failed branch */
    uint32_t count;   /* of issues, worded or not */
    GString *text;    /* of one path or message being written */
    const char *mask; /* borrowed; stands for values, NULL: they stand for themselves */
};

void guard_collector_init(GuardCollector *self);
/* Frees what only collecting needs; the issues stay. */
void guard_collector_finish(GuardCollector *self);
void guard_collector_clear(GuardCollector *self);

uint32_t guard_report_count(const GuardCollector *self);
/* Forgets all issues from `to` on; returns true if there were none. */
bool guard_report_drop(GuardCollector *self, uint32_t to);

/* The branches of anyOf and oneOf: where each one's issues end. */
void guard_report_begin_branches(GuardRun *run, GuardFrame *frame);
void guard_report_branch(GuardRun *run, GuardFrame *frame);
/* Keeps the issues of the branch that was probably meant, or none. */
void guard_report_branches(GuardRun *run, GuardFrame *frame, const GuardOp *op,
                           bool ok);

/* guard-report-branch.c: the branch's number and what tells it from others. */
const char *guard_report_branch_name(GuardRun *run, const GuardOp *op, uint32_t branch);
/* Adds to an issue of anyOf or oneOf which branch is the closest (NULL: none is); if
 * that is a guess, what else could have been meant. */
void guard_report_branch_advice(GuardRun *run, SchemaGuardIssue *issue,
                                const GuardOp *op, const char *closest,
                                bool is_guessed);

/* Words the reason of a run that stopped; all other issues are dropped. */
void guard_report_stop(GuardRun *run);

/* Adds one issue at byte `at` with the current frames' path. The texts are in the
 * arena. */
SchemaGuardIssue *guard_report_add(GuardRun *run, const char *code,
                                   const GuardNode *node, GuardKeyword keyword,
                                   const char *at);

/* guard-report-path.c: the JSON pointer of the value that is being read, and the way
 * through the schema to the node that looks at it (NULL: just the node's own path). */
const char *guard_report_instance_path(GuardRun *run);
const char *guard_report_evaluation_path(GuardRun *run, const GuardNode *node);

/* guard-words.c: the message of one failed assertion. */
void guard_words(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
                 GuardKeyword keyword, const char *at, const char *end, size_t index);
const char *guard_words_code(GuardKeyword keyword);
/* The payload's text as it is shown: shortened, control characters as spaces. NULL for
 * `end`: that of the value at `p`. */
const char *guard_words_excerpt(GuardRun *run, const char *p, const char *end);
/* Appends the names of the types, e.g. "string or null". */
void guard_words_types(GString *out, unsigned types);
/* How many of the bytes are shown where at most `max` are: whole characters. */
size_t guard_words_fit(const char *text, size_t length, size_t max);
/* Appends a text of the schema, shortened. */
void guard_words_text(GString *out, const char *text, size_t max);
