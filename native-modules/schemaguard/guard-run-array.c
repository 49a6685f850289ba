/* SPDX-License-Identifier: MIT */
/* Arrays: the frame of one, item by item. */
#include "guard-run.h"

#include "guard-any.h"
#include "guard-quick.h"
#include "guard-report.h"
#include "guard-scalar.h"

static const GuardArrayPart no_part = {.max = UINT32_MAX, .max_contains = UINT32_MAX};

static const GuardNode *
item_node(const GuardRun *run, GuardFrame *frame)
{
    const GuardArrayPart *part = frame->array.part;
    GuardRef ref = part->rest;
    frame->evaluates = true;
    if (frame->index < part->prefix_count) {
        ref = GUARD_AT(run->program, GuardRef, part->prefix)[frame->index];
    }
    else {
        frame->evaluates = (part->flags & GUARD_ARRAY_HAS_REST) != 0;
    }
    return GUARD_AT(run->program, GuardNode, ref != 0 ? ref : run->program->any);
}

static GuardStep
enter_item(GuardRun *run, GuardFrame *frame, const GuardNode *node, GuardPhase phase)
{
    frame->phase = (uint8_t)phase;
    run->node = node;
    run->at = frame->value;
    run->level = (uint16_t)(frame->level + 1);
    run->tracks = false;
    return GUARD_STEP_ENTER;
}

static bool
check_counts(GuardRun *run, const GuardFrame *frame, const char *end)
{
    const GuardArrayPart *part = frame->array.part;
    uint32_t hits = frame->array.contained;
    const GuardNode *node = frame->node;
    return (frame->index >= part->min || guard_fail(run, node, GUARD_KEYWORD_MIN_ITEMS,
                                                    frame->start, end, frame->index)) &&
           (frame->index <= part->max || guard_fail(run, node, GUARD_KEYWORD_MAX_ITEMS,
                                                    frame->start, end, frame->index)) &&
           (hits >= part->min_contains ||
            guard_fail(run, node,
                       part->min_contains == 1 ? GUARD_KEYWORD_CONTAINS
                                               : GUARD_KEYWORD_MIN_CONTAINS,
                       frame->start, end, hits)) &&
           (hits <= part->max_contains ||
            guard_fail(run, node, GUARD_KEYWORD_MAX_CONTAINS, frame->start, end,
                       hits)) &&
           (node->choice == 0 || (node->types & GUARD_TYPE_ARRAY) == 0 ||
            guard_check_choice(run, node, frame->start, end, GUARD_TYPE_ARRAY));
}

static GuardStep
close_array(GuardRun *run, GuardFrame *frame, const char *end)
{
    frame->value = NULL;
    if ((frame->array.part->flags & GUARD_ARRAY_UNIQUE) != 0 && run->scratch != NULL) {
        run->scratch->texts.length = frame->array.texts;
    }
    return check_counts(run, frame, end) ? guard_close_container(run, frame, end)
                                         : guard_pop(run, frame, GUARD_STEP_FAIL);
}

/* The array is to blame, once. */
static bool
fail_unique(GuardRun *run, GuardFrame *frame, const char *end)
{
    const char *item = frame->value;
    frame->value = NULL;
    frame->array.is_repeated = true;
    return guard_fail(run, frame->node, GUARD_KEYWORD_UNIQUE_ITEMS, item, end,
                      frame->index);
}

/* All that the item's schemas say is said: uniqueness, marks, the next one. */
static bool
finish_item(GuardRun *run, GuardFrame *frame, const char *end)
{
    if (GUARD_UNLIKELY((frame->array.part->flags & GUARD_ARRAY_UNIQUE) != 0) &&
        !frame->array.is_repeated && !guard_items_add(run, frame, frame->value, end) &&
        !fail_unique(run, frame, end)) {
        return false;
    }
    if (GUARD_UNLIKELY(frame->tracks) && frame->evaluates) {
        guard_mark(run, frame, frame->value);
    }
    frame->index++;
    frame->phase = GUARD_PHASE_BETWEEN;
    return true;
}

/* Moves to the next item; returns NULL with *ret_step at the end or on an error. */
static inline const char *
next_item(GuardRun *run, GuardFrame *frame, const char *p, GuardStep *ret_step)
{
    p = guard_skip_space(p);
    if (*p == ']') {
        *ret_step = close_array(run, frame, p + 1);
        return NULL;
    }
    if (frame->index > 0) {
        if (GUARD_UNLIKELY(*p != ',')) {
            *ret_step = guard_stop_unexpected(run, p);
            return NULL;
        }
        p = guard_skip_space(p + 1);
    }
    frame->value = p;
    return p;
}

static GuardStep
read_items(GuardRun *run, GuardFrame *frame, const char *p)
{
    const GuardArrayPart *part = frame->array.part;
    const bool plain = part->contains == 0;
    GuardStep step;
    for (;;) {
        if (GUARD_UNLIKELY(run->is_partial) &&
            !guard_partial_fits(run, frame, part->max, p)) {
            return guard_pop(run, frame, GUARD_STEP_FAIL);
        }
        if (GUARD_UNLIKELY(run->is_partial) && !guard_partial_has_item(run, frame, p)) {
            return guard_partial_wait(run, p);
        }
        p = next_item(run, frame, p, &step);
        if (p == NULL) {
            return step;
        }
        const GuardNode *node = item_node(run, frame);
        if (!plain || guard_is_container(p) || node->inplace != 0) {
            return enter_item(run, frame, node, GUARD_PHASE_VALUE);
        }
        p = guard_scalar(run, node, p);
        if (GUARD_UNLIKELY(p == NULL)) {
            step = guard_scalar_result(run, node, frame->value);
            if (run->stop == GUARD_STOP_MORE) {
                enter_item(run, frame, node, GUARD_PHASE_VALUE);
            }
            return step == GUARD_STEP_STOP ? step : guard_pop(run, frame, step);
        }
        if (GUARD_UNLIKELY(!finish_item(run, frame, p))) {
            return guard_pop(run, frame, GUARD_STEP_FAIL);
        }
    }
}

GuardFrame *
guard_array_open(GuardRun *run, const GuardNode *node, const char *start,
                 uint32_t index)
{
    GuardFrame *frame = guard_push_frame(run, GUARD_FRAME_ARRAY, node, start);
    if (GUARD_UNLIKELY(frame == NULL)) {
        return NULL;
    }
    bool is_checked = node->array != 0 && (node->types & GUARD_TYPE_ARRAY) != 0;
    frame->array.part =
        is_checked ? GUARD_AT(run->program, GuardArrayPart, node->array) : &no_part;
    frame->array.table_mask = 0;
    frame->array.table_count = 0;
    frame->array.contained = 0;
    frame->array.is_repeated = false;
    frame->array.texts = run->scratch != NULL ? run->scratch->texts.length : 0;
    frame->index = index;
    return frame;
}

GuardStep
guard_array_begin(GuardRun *run, const GuardNode *node, const char *p)
{
    if (GUARD_UNLIKELY((node->types & GUARD_TYPE_ARRAY) == 0) &&
        !guard_fail_type(run, node, p)) {
        return GUARD_STEP_FAIL;
    }
    if (GUARD_UNLIKELY(run->level >= run->depth_max)) {
        return guard_stop(run, GUARD_STOP_DEPTH, p);
    }
    if (guard_quick_takes(run, node, GUARD_QUICK_ARRAY)) {
        return guard_quick_begin(run, node->quick, p);
    }
    const char *end = guard_any_takes(run, node, node->array)
                          ? guard_any_end(run, run->level, p)
                          : NULL;
    if (end != NULL) {
        run->at = end;
        return GUARD_STEP_DONE;
    }
    GuardFrame *frame = guard_array_open(run, node, p, 0);
    return frame != NULL ? read_items(run, frame, p + 1) : GUARD_STEP_STOP;
}

GuardStep
guard_array_continue(GuardRun *run, GuardFrame *frame, const char *p)
{
    return read_items(run, frame, p);
}

GuardStep
guard_array_resume(GuardRun *run, GuardFrame *frame, bool ok)
{
    guard_drop_marks(run, frame);
    const GuardArrayPart *part = frame->array.part;
    if (frame->phase == GUARD_PHASE_CONTAINS) {
        if (run->collector != NULL) {
            ok = guard_report_drop(run->collector, frame->array.errors);
        }
        frame->array.contained += ok;
        frame->evaluates |= ok && (part->flags & GUARD_ARRAY_CONTAINS_MARKS) != 0;
        run->is_rescan = frame->array.was_rescan;
        run->at = frame->array.item_end;
    }
    else if (!ok) {
        return guard_pop(run, frame, GUARD_STEP_FAIL);
    }
    else if (part->contains != 0) {
        frame->array.item_end = run->at;
        frame->array.was_rescan = run->is_rescan;
        frame->array.errors =
            run->collector != NULL ? guard_report_count(run->collector) : 0;
        run->is_rescan = true;
        return enter_item(run, frame, GUARD_AT(run->program, GuardNode, part->contains),
                          GUARD_PHASE_CONTAINS);
    }
    const char *end = run->at;
    return finish_item(run, frame, end) ? guard_quick_resume(run, frame, end)
                                        : guard_pop(run, frame, GUARD_STEP_FAIL);
}
