/* SPDX-License-Identifier: MIT */
/* In-place operations: the same value, schema after schema. */
#include "guard-run.h"

#include "guard-report.h"
#include "guard-scalar.h"

GuardStep
guard_inplace_begin(GuardRun *run, const GuardNode *node, const char *start,
                    const char *end, uint64_t seen)
{
    GuardFrame *frame = guard_push_frame(run, GUARD_FRAME_INPLACE, node, start);
    if (GUARD_UNLIKELY(frame == NULL)) {
        return GUARD_STEP_STOP;
    }
    memset(&frame->inplace, 0, sizeof frame->inplace);
    frame->inplace.part = GUARD_AT(run->program, GuardInplacePart, node->inplace);
    frame->inplace.end = end;
    frame->inplace.seen = seen;
    frame->inplace.was_rescan = run->is_rescan;
    return guard_inplace_next(run, frame);
}

static const GuardOp *
current_op(const GuardFrame *frame)
{
    return &frame->inplace.part->ops[frame->inplace.op];
}

static uint32_t
error_count(const GuardRun *run)
{
    return run->collector != NULL ? guard_report_count(run->collector) : 0;
}

static void
next_op(GuardFrame *frame)
{
    frame->inplace.op++;
    frame->inplace.sub = 0;
    frame->inplace.hits = 0;
}

/* Evaluates `node` on the frame's value, from its first byte. */
static GuardStep
enter_branch(GuardRun *run, GuardFrame *frame, GuardRef node)
{
    const char *end = frame->inplace.end;
    run->budget -= GUARD_RUN_BRANCH_COST;
    if (end != NULL) {
        run->budget -= end - frame->start;
        run->is_rescan = true;
    }
    if (GUARD_UNLIKELY(run->budget < 0)) {
        return guard_stop(run, GUARD_STOP_BUDGET, frame->start);
    }
    frame->inplace.sub_errors = error_count(run);
    frame->inplace.sub_marks = run->scratch != NULL ? run->scratch->marks.length : 0;
    run->node = GUARD_AT(run->program, GuardNode, node);
    run->at = frame->start;
    run->level = frame->level;
    run->tracks = frame->tracks;
    return GUARD_STEP_ENTER;
}

/* The outermost resource on the way here that has the dynamic anchor decides. */
static GuardRef
find_dynamic(const GuardRun *run, const GuardOp *op)
{
    const GuardProgram *program = run->program;
    for (uint32_t i = 0; i < run->frame_count; i++) {
        uint32_t resource = run->frames[i].node->resource;
        for (uint32_t d = 0; d < program->dynamic_count; d++) {
            const GuardDynamic *entry =
                GUARD_AT(program, GuardDynamic, program->dynamics) + d;
            if (entry->anchor == op->b && entry->resource == resource) {
                return entry->node;
            }
        }
    }
    return GUARD_AT(program, GuardRef, op->nodes)[0];
}

/* Moves to the next branch that takes values of this type at all: others fail without
 * being read. A report reads them all, to find the closest. */
static void
skip_branches(const GuardRun *run, GuardFrame *frame, const GuardOp *op)
{
    if (run->collector != NULL) {
        return;
    }
    const GuardRef *nodes = GUARD_AT(run->program, GuardRef, op->nodes);
    unsigned type = guard_type_of(*frame->start);
    while (frame->inplace.sub < op->count) {
        const GuardNode *node =
            GUARD_AT(run->program, GuardNode, nodes[frame->inplace.sub]);
        if ((node->takes & type) != 0) {
            break;
        }
        frame->inplace.sub++;
    }
}

/* Which branch comes next; 0 when the operation is decided. */
static GuardRef
next_branch(const GuardRun *run, const GuardFrame *frame, const GuardOp *op)
{
    const GuardRef *nodes = GUARD_AT(run->program, GuardRef, op->nodes);
    uint32_t sub = frame->inplace.sub;
    switch ((GuardOpKind)op->kind) {
    case GUARD_OP_DYNAMIC:
        return sub == 0 ? find_dynamic(run, op) : 0;
    case GUARD_OP_ANY:
        return sub < op->count && (frame->inplace.hits == 0 || frame->tracks)
                   ? nodes[sub]
                   : 0;
    case GUARD_OP_IF:
        return sub < 3 ? nodes[sub] : 0;
    case GUARD_OP_WHEN:
        return sub == 0 && *frame->start == '{' &&
                       guard_seen(run, frame->inplace.seen, frame->inplace.seen_more,
                                  op->b)
                   ? nodes[0]
                   : 0;
    case GUARD_OP_REST_PROPERTIES:
        return sub == 0 && *frame->start == '{' ? nodes[0] : 0;
    case GUARD_OP_REST_ITEMS:
        return sub == 0 && *frame->start == '[' ? nodes[0] : 0;
    case GUARD_OP_REF:
    case GUARD_OP_ALL:
    case GUARD_OP_ONE:
    case GUARD_OP_NOT:
        return sub < op->count ? nodes[sub] : 0;
    }
    return 0;
}

/* All branches are through. Returns false if the value fails. */
static bool
conclude(GuardRun *run, GuardFrame *frame, const GuardOp *op)
{
    bool decides = op->kind == GUARD_OP_ANY || op->kind == GUARD_OP_ONE;
    if (!decides) {
        return true;
    }
    uint32_t hits = frame->inplace.hits;
    bool ok = op->kind == GUARD_OP_ANY ? hits > 0 : hits == 1;
    if (run->collector != NULL) {
        guard_report_branches(run, frame, op, ok);
        return true;
    }
    return ok;
}

/* Reads the value without a schema: where it ends is not known yet. */
static GuardStep
skip_value(GuardRun *run, GuardFrame *frame)
{
    frame->phase = GUARD_PHASE_SKIP;
    return enter_branch(run, frame, run->program->any);
}

static GuardStep
finish(GuardRun *run, GuardFrame *frame)
{
    if (frame->inplace.end == NULL) {
        return skip_value(run, frame);
    }
    run->at = frame->inplace.end;
    run->is_rescan = frame->inplace.was_rescan;
    return guard_pop(run, frame, GUARD_STEP_DONE);
}

static GuardStep
fail_frame(GuardRun *run, GuardFrame *frame)
{
    run->is_rescan = frame->inplace.was_rescan;
    return guard_pop(run, frame, GUARD_STEP_FAIL);
}

static GuardStep
begin_rest(GuardRun *run, GuardFrame *frame, const GuardOp *op, GuardRef node)
{
    bool properties = op->kind == GUARD_OP_REST_PROPERTIES;
    run->is_rescan = true;
    frame->inplace.sub_errors = error_count(run);
    frame->inplace.sub_marks = run->scratch != NULL ? run->scratch->marks.length : 0;
    run->level = frame->level;
    run->tracks = frame->tracks;
    return guard_rest_begin(
        run, GUARD_AT(run->program, GuardNode, node), frame->node, frame->start,
        properties ? GUARD_FRAME_REST_PROPERTIES : GUARD_FRAME_REST_ITEMS,
        frame->marks);
}

GuardStep
guard_inplace_next(GuardRun *run, GuardFrame *frame)
{
    while (frame->inplace.op < frame->inplace.part->count) {
        const GuardOp *op = current_op(frame);
        if (frame->inplace.sub == 0) {
            frame->inplace.op_errors = error_count(run);
            guard_report_begin_branches(run, frame);
        }
        if (op->kind == GUARD_OP_ANY || op->kind == GUARD_OP_ONE) {
            skip_branches(run, frame, op);
        }
        GuardRef node = next_branch(run, frame, op);
        if (node != 0 && op->kind >= GUARD_OP_REST_PROPERTIES) {
            if (frame->inplace.end == NULL) {
                return skip_value(run, frame);
            }
            return begin_rest(run, frame, op, node);
        }
        if (node != 0) {
            return enter_branch(run, frame, node);
        }
        if (!conclude(run, frame, op)) {
            return fail_frame(run, frame);
        }
        next_op(frame);
    }
    return finish(run, frame);
}

/* Counts the branch's verdict; returns false if the whole value has failed by it. */
static bool
count_branch(GuardRun *run, GuardFrame *frame, const GuardOp *op, bool ok)
{
    switch ((GuardOpKind)op->kind) {
    case GUARD_OP_ANY:
        frame->inplace.hits += ok;
        guard_report_branch(run, frame);
        frame->inplace.sub++;
        return true;
    case GUARD_OP_ONE:
        frame->inplace.hits += ok;
        guard_report_branch(run, frame);
        frame->inplace.sub++;
        return frame->inplace.hits < 2 || run->collector != NULL;
    case GUARD_OP_NOT:
        if (run->collector != NULL) {
            guard_report_drop(run->collector, frame->inplace.sub_errors);
        }
        frame->inplace.sub++;
        return !ok || guard_fail(run, frame->node, GUARD_KEYWORD_NOT, frame->start,
                                 frame->inplace.end, 0);
    case GUARD_OP_IF:
        if (frame->inplace.sub > 0) {
            frame->inplace.sub = 3;
            return ok || run->collector != NULL;
        }
        if (run->collector != NULL) {
            guard_report_drop(run->collector, frame->inplace.sub_errors);
        }
        frame->inplace.sub = ok ? 1 : 2;
        return true;
    case GUARD_OP_REF:
    case GUARD_OP_DYNAMIC:
    case GUARD_OP_ALL:
    case GUARD_OP_WHEN:
    case GUARD_OP_REST_PROPERTIES:
    case GUARD_OP_REST_ITEMS:
        frame->inplace.sub++;
        return ok || run->collector != NULL;
    }
    return false;
}

GuardStep
guard_inplace_resume(GuardRun *run, GuardFrame *frame, bool ok)
{
    if (run->collector != NULL) {
        ok = guard_report_count(run->collector) == frame->inplace.sub_errors;
        frame->inplace.end = run->at;
    }
    else if (ok) {
        frame->inplace.end = run->at;
    }
    run->is_rescan = frame->inplace.was_rescan;
    if (frame->phase == GUARD_PHASE_SKIP) {
        frame->phase = GUARD_PHASE_BETWEEN;
        return ok ? guard_inplace_next(run, frame) : fail_frame(run, frame);
    }
    const GuardOp *op = current_op(frame);
    if ((!ok || op->kind == GUARD_OP_NOT) && run->scratch != NULL) {
        run->scratch->marks.length = frame->inplace.sub_marks;
    }
    return count_branch(run, frame, op, ok) ? guard_inplace_next(run, frame)
                                            : fail_frame(run, frame);
}
