/* SPDX-License-Identifier: MIT */
#include "guard-report.h"

void
guard_collector_init(GuardCollector *self)
{
    *self = (GuardCollector){.arena = GUARD_ARENA_INIT};
    self->issues = g_array_new(FALSE, TRUE, sizeof(SchemaGuardIssue));
    self->kinds = g_array_new(FALSE, TRUE, sizeof(uint8_t));
    self->bounds = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    self->text = g_string_sized_new(128);
}

void
guard_collector_finish(GuardCollector *self)
{
    g_clear_pointer(&self->kinds, g_array_unref);
    g_clear_pointer(&self->bounds, g_array_unref);
    if (self->text != NULL) {
        g_string_free(g_steal_pointer(&self->text), TRUE);
    }
}

void
guard_collector_clear(GuardCollector *self)
{
    guard_collector_finish(self);
    g_clear_pointer(&self->issues, g_array_unref);
    guard_arena_clear(&self->arena);
}

uint32_t
guard_report_count(const GuardCollector *self)
{
    return self->count;
}

bool
guard_report_drop(GuardCollector *self, uint32_t to)
{
    bool was_clean = self->count == to;
    self->count = to;
    if (self->issues->len > to) {
        g_array_set_size(self->issues, to);
        g_array_set_size(self->kinds, to);
    }
    return was_clean;
}

static const char *
join(GuardCollector *self, const char *path, const char *keyword)
{
    g_string_assign(self->text, path);
    if (keyword != NULL) {
        g_string_append_c(self->text, '/');
        g_string_append(self->text, keyword);
    }
    return guard_arena_copy(&self->arena, self->text->str, self->text->len);
}

SchemaGuardIssue *
guard_report_add(GuardRun *run, const char *code, const GuardNode *node,
                 GuardKeyword keyword, const char *at)
{
    GuardCollector *self = run->collector;
    if (self->issues->len >= GUARD_REPORT_ISSUES_MAX ||
        self->issues->len < self->count) {
        self->count++;
        return NULL;
    }
    self->count++;
    SchemaGuardIssue issue = {.code = code};
    issue.keyword = node != NULL ? guard_keywords[keyword].name : "";
    issue.instance_path = guard_report_instance_path(run);
    issue.schema_path = issue.evaluation_path = "";
    if (node != NULL) {
        /* The schema `false` fails as a whole: no keyword below its own place. */
        const char *below = keyword != GUARD_KEYWORD_NONE ? issue.keyword : NULL;
        const char *own = guard_program_text(run->program, node->path);
        const char *way = guard_report_evaluation_path(run, node);
        issue.schema_path = join(self, own, below);
        issue.evaluation_path =
            way != NULL ? join(self, way, below) : issue.schema_path;
    }
    issue.offset = (size_t)(at - run->text);
    uint8_t kind = (uint8_t)keyword;
    g_array_append_val(self->issues, issue);
    g_array_append_val(self->kinds, kind);
    return &g_array_index(self->issues, SchemaGuardIssue, self->issues->len - 1);
}

bool
guard_fail(GuardRun *run, const GuardNode *node, GuardKeyword keyword, const char *at,
           const char *end, size_t index)
{
    if (run->collector == NULL) {
        return false;
    }
    SchemaGuardIssue *issue =
        guard_report_add(run, guard_words_code(keyword), node, keyword, at);
    if (issue != NULL) {
        guard_words(run, issue, node, keyword, at, end, index);
    }
    return true;
}

void
guard_report_begin_branches(GuardRun *run, GuardFrame *frame)
{
    if (run->collector != NULL) {
        frame->inplace.branches = run->collector->bounds->len;
    }
}

void
guard_report_branch(GuardRun *run, GuardFrame *frame)
{
    if (run->collector != NULL) {
        g_array_append_val(run->collector->bounds, run->collector->count);
    }
}

typedef struct {
    uint32_t from; /* its issues */
    uint32_t to;
    uint32_t penalty;
    bool is_tied; /* another one has the same */
} Branch;

enum {
    PENALTY_ROOT_TYPE = 10000, /* the value is of another type altogether */
    PENALTY_CONST = 1000,      /* a constant member says: another branch */
    PENALTY_ENUM = 100,
    PENALTY_NAME = 10, /* a member is missing or unknown */
    PENALTY_OTHER = 2,
};

static uint32_t
issue_penalty(const GuardCollector *self, uint32_t i, size_t root, size_t root_path)
{
    const SchemaGuardIssue *issue = &g_array_index(self->issues, SchemaGuardIssue, i);
    bool at_root = issue->offset == root;
    size_t depth = 0;
    for (const char *p = issue->instance_path + root_path; *p != '\0'; p++) {
        depth += *p == '/';
    }
    switch ((int)g_array_index(self->kinds, uint8_t, i)) {
    case GUARD_KEYWORD_TYPE:
        return at_root ? PENALTY_ROOT_TYPE : PENALTY_OTHER;
    case GUARD_KEYWORD_NONE:
        return PENALTY_ROOT_TYPE;
    case GUARD_KEYWORD_CONST:
        return depth <= 1 ? PENALTY_CONST : PENALTY_OTHER;
    case GUARD_KEYWORD_ENUM:
        return depth <= 1 ? PENALTY_ENUM : PENALTY_OTHER;
    case GUARD_KEYWORD_REQUIRED:
    case GUARD_KEYWORD_ADDITIONAL_PROPERTIES:
    case GUARD_KEYWORD_UNEVALUATED_PROPERTIES:
        return depth == 0 ? PENALTY_NAME : PENALTY_OTHER;
    default:
        return PENALTY_OTHER;
    }
}

static Branch
judge_branch(const GuardRun *run, const GuardFrame *frame, uint32_t sub, size_t path)
{
    const GuardCollector *self = run->collector;
    const uint32_t *bounds =
        &g_array_index(self->bounds, uint32_t, frame->inplace.branches);
    Branch branch = {.from = sub == 0 ? frame->inplace.op_errors : bounds[sub - 1],
                     .to = bounds[sub]};
    size_t root = (size_t)(frame->start - run->text);
    for (uint32_t i = branch.from; i < branch.to && i < self->issues->len; i++) {
        branch.penalty += issue_penalty(self, i, root, path);
    }
    return branch;
}

/* Returns the closest branch's number, UINT32_MAX if none is close. */
static uint32_t
pick_branch(const GuardRun *run, const GuardFrame *frame, const GuardOp *op,
            Branch *ret_branch, size_t path)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t sub = 0; sub < op->count; sub++) {
        Branch branch = judge_branch(run, frame, sub, path);
        if (branch.penalty >= PENALTY_ROOT_TYPE) {
            continue;
        }
        if (best == UINT32_MAX || branch.penalty < ret_branch->penalty) {
            *ret_branch = branch;
            best = sub;
        }
        else if (branch.penalty == ret_branch->penalty) {
            ret_branch->is_tied = true;
        }
    }
    return best;
}

/* Puts the chosen branch's issues, and one above them, in the place of all. */
static void
keep_branch(GuardRun *run, GuardFrame *frame, const GuardOp *op, uint32_t best,
            Branch branch)
{
    GuardCollector *self = run->collector;
    uint32_t stored = MIN(branch.to, self->issues->len);
    uint32_t count = stored > branch.from ? stored - branch.from : 0;
    GArray *issues = g_array_new(FALSE, FALSE, sizeof(SchemaGuardIssue));
    GArray *kinds = g_array_new(FALSE, FALSE, sizeof(uint8_t));
    if (count > 0) {
        g_array_append_vals(
            issues, &g_array_index(self->issues, SchemaGuardIssue, branch.from), count);
        g_array_append_vals(kinds, &g_array_index(self->kinds, uint8_t, branch.from),
                            count);
    }
    guard_report_drop(self, frame->inplace.op_errors);
    guard_fail(run, frame->node, (GuardKeyword)op->keyword, frame->start,
               frame->inplace.end, 0);
    const char *name = count > 0 ? guard_report_branch_name(run, op, best) : NULL;
    if (self->issues->len == self->count) {
        guard_report_branch_advice(
            run, &g_array_index(self->issues, SchemaGuardIssue, self->issues->len - 1),
            op, name, branch.is_tied || branch.penalty >= PENALTY_CONST);
    }
    for (uint32_t i = 0; i < count; i++) {
        SchemaGuardIssue *issue = &g_array_index(issues, SchemaGuardIssue, i);
        issue->branch = issue->branch != NULL ? issue->branch : name;
    }
    g_array_append_vals(self->issues, issues->data, count);
    g_array_append_vals(self->kinds, kinds->data, count);
    self->count += count;
    g_array_unref(issues);
    g_array_unref(kinds);
}

void
guard_report_branches(GuardRun *run, GuardFrame *frame, const GuardOp *op, bool ok)
{
    GuardCollector *self = run->collector;
    uint32_t hits = frame->inplace.hits;
    if (ok || hits > 0) {
        guard_report_drop(self, frame->inplace.op_errors);
        if (!ok) {
            guard_fail(run, frame->node, (GuardKeyword)op->keyword, frame->start,
                       frame->inplace.end, hits);
        }
    }
    else {
        Branch branch = {0};
        size_t path = strlen(guard_report_instance_path(run));
        uint32_t best = pick_branch(run, frame, op, &branch, path);
        keep_branch(run, frame, op, best, branch);
    }
    g_array_set_size(self->bounds, (guint)frame->inplace.branches);
}

void
guard_report_stop(GuardRun *run)
{
    static const char *const codes[] = {
        [GUARD_STOP_NONE] = "none",
        [GUARD_STOP_SYNTAX] = "syntax",
        [GUARD_STOP_DUPLICATE] = "duplicate-name",
        [GUARD_STOP_DEPTH] = "limit-depth",
        [GUARD_STOP_BUDGET] = "limit-budget",
        [GUARD_STOP_PATTERN] = "limit-pattern",
        [GUARD_STOP_SIZE] = "limit-size",
        [GUARD_STOP_MORE] = "incomplete",
    };
    guard_report_drop(run->collector, 0);
    SchemaGuardIssue *issue =
        guard_report_add(run, codes[run->stop], NULL, GUARD_KEYWORD_NONE, run->stop_at);
    GuardArena *arena = &run->collector->arena;
    GString *text = run->collector->text;
    switch ((GuardStop)run->stop) {
    case GUARD_STOP_SYNTAX:
        issue->message = guard_arena_printf(
            arena, "not JSON: %s",
            json_error_message(run->syntax, run->text, (size_t)(run->end - run->text),
                               (size_t)(run->stop_at - run->text)));
        break;
    case GUARD_STOP_DUPLICATE:
        issue->message =
            guard_arena_printf(arena, "the name %s twice in one object",
                               guard_words_excerpt(run, run->stop_at, NULL));
        break;
    case GUARD_STOP_DEPTH:
        issue->message =
            guard_arena_printf(arena, "nested more than %u levels", run->depth_max);
        break;
    case GUARD_STOP_PATTERN:
        g_string_truncate(text, 0);
        guard_words_text(text, run->pattern, GUARD_REPORT_PATTERN_MAX);
        issue->message = guard_arena_printf(
            arena, "the pattern %s takes too long on this text", text->str);
        break;
    case GUARD_STOP_NONE:
    case GUARD_STOP_MORE:
    case GUARD_STOP_BUDGET:
        issue->message = "checking this payload takes too many steps";
        break;
    case GUARD_STOP_SIZE:
        issue->message = "the payload is larger than max_bytes";
        break;
    }
}
