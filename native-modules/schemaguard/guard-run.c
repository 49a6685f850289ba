/* SPDX-License-Identifier: MIT */
#include "guard-run.h"

#include "guard-quick.h"
#include "guard-scalar.h"

void
guard_scratch_free(GuardScratch *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->frames);
    guard_buffer_clear(&self->marks);
    guard_buffer_clear(&self->keys);
    guard_buffer_clear(&self->texts);
    guard_buffer_clear(&self->bytes);
    guard_buffer_clear(&self->members);
    g_free(self);
}

GuardScratch *
guard_run_scratch(GuardRun *run)
{
    if (run->scratch == NULL) {
        run->scratch = run->take_scratch(run->owner);
    }
    return run->scratch;
}

GuardStep
guard_stop(GuardRun *run, GuardStop stop, const char *at)
{
    run->stop = (uint8_t)stop;
    run->stop_at = at;
    return GUARD_STEP_STOP;
}

GuardStep
guard_stop_syntax(GuardRun *run, JsonError error, const char *at)
{
    run->syntax = error;
    bool waits = run->is_partial && guard_partial_waits(run, error, at);
    return guard_stop(run, waits ? GUARD_STOP_MORE : GUARD_STOP_SYNTAX, at);
}

GuardStep
guard_stop_unexpected(GuardRun *run, const char *at)
{
    bool is_end = at >= run->end;
    JsonError error = !is_end                                    ? JSON_ERROR_UNEXPECTED
                      : run->frame_count == 0 && run->level == 0 ? JSON_ERROR_EMPTY
                                                                 : JSON_ERROR_TRUNCATED;
    return guard_stop_syntax(run, error, at);
}

/* Moves the frames to a larger block in scratch. */
static bool
grow_frames(GuardRun *run)
{
    GuardScratch *scratch = guard_run_scratch(run);
    if (run->frame_room >= GUARD_RUN_FRAMES_MAX) {
        return false;
    }
    bool was_first = run->frames == run->first;
    if (scratch->frames_room < run->frame_room * 2) {
        scratch->frames_room = run->frame_room * 4;
        scratch->frames =
            g_realloc_n(scratch->frames, scratch->frames_room, sizeof *run->frames);
    }
    if (was_first) {
        memcpy(scratch->frames, run->first, run->frame_count * sizeof *run->frames);
    }
    run->frames = scratch->frames;
    run->frame_room = scratch->frames_room;
    return true;
}

GuardFrame *
guard_push_frame(GuardRun *run, GuardFrameKind kind, const GuardNode *node,
                 const char *start)
{
    if (GUARD_UNLIKELY(run->frame_count == run->frame_room) && !grow_frames(run)) {
        guard_stop(run, GUARD_STOP_BUDGET, start);
        return NULL;
    }
    GuardFrame *frame = &run->frames[run->frame_count++];
    frame->node = node;
    frame->start = start;
    frame->kind = (uint8_t)kind;
    frame->phase = GUARD_PHASE_BETWEEN;
    frame->tracks = run->tracks || (node->flags & GUARD_NODE_MARKS) != 0;
    frame->evaluates = false;
    frame->level = run->level;
    frame->index = 0;
    frame->marks = frame->own = run->scratch != NULL ? run->scratch->marks.length : 0;
    frame->keys = run->scratch != NULL ? run->scratch->keys.length : 0;
    frame->key = NULL;
    frame->value = NULL;
    return frame;
}

GuardStep
guard_pop(GuardRun *run, GuardFrame *frame, GuardStep step)
{
    if (run->scratch != NULL) {
        run->scratch->keys.length = frame->keys;
    }
    run->frame_count--;
    return step;
}

void
guard_mark(GuardRun *run, GuardFrame *frame, const char *value)
{
    GuardBuffer *marks = &guard_run_scratch(run)->marks;
    size_t offset = (size_t)(value - run->text);
    guard_buffer_append(marks, &offset, sizeof offset);
    frame->own = marks->length;
}

uint64_t *
guard_seen_words(const GuardRun *run, size_t more)
{
    return (uint64_t *)(run->scratch->keys.bytes + more);
}

bool
guard_seen(const GuardRun *run, uint64_t seen, size_t more, uint32_t name)
{
    uint64_t word = name < 64 ? seen : guard_seen_words(run, more)[name / 64];
    return (word >> (name % 64) & 1) != 0;
}

GuardStep
guard_close_container(GuardRun *run, GuardFrame *frame, const char *end)
{
    const GuardNode *node = frame->node;
    frame->key = NULL;
    frame->value = NULL;
    run->level = frame->level;
    if (node->inplace == 0) {
        run->at = end;
        return guard_pop(run, frame, GUARD_STEP_DONE);
    }
    bool is_object = frame->kind == GUARD_FRAME_OBJECT && node->object != 0;
    uint64_t seen = is_object ? frame->object.seen : 0;
    size_t more = is_object ? frame->object.seen_more : 0;
    frame->kind = GUARD_FRAME_INPLACE;
    memset(&frame->inplace, 0, sizeof frame->inplace);
    frame->inplace.part = GUARD_AT(run->program, GuardInplacePart, node->inplace);
    frame->inplace.end = end;
    frame->inplace.seen = seen;
    frame->inplace.seen_more = more;
    frame->inplace.was_rescan = run->is_rescan;
    return guard_inplace_next(run, frame);
}

const GuardNode *
guard_direct_node(const GuardRun *run, const GuardNode *node, char first)
{
    if (run->collector != NULL || run->tracks) {
        return node;
    }
    unsigned class = guard_class_of(first);
    /* Ends: the compiler refuses references that lead nowhere but to themselves. */
    while (node->dispatch != 0 && class != GUARD_CLASS_NONE) {
        GuardRef ref =
            GUARD_AT(run->program, GuardDispatch, node->dispatch)->nodes[class];
        const GuardNode *next = GUARD_AT(run->program, GuardNode, ref);
        if (ref == 0 || next == node) {
            return ref == 0 ? NULL : node;
        }
        node = next;
    }
    return node;
}

GuardStep
guard_enter(GuardRun *run)
{
    const GuardNode *node = run->node;
    const char *p = guard_skip_space(run->at);
    if (GUARD_UNLIKELY(*p == '\0')) {
        return guard_stop_unexpected(run, p);
    }
    if ((node->flags & GUARD_NODE_BRANCHES_ONLY) != 0) {
        node = guard_direct_node(run, node, *p);
        if (GUARD_UNLIKELY(node == NULL)) {
            return GUARD_STEP_FAIL;
        }
        run->node = node;
        if ((node->flags & GUARD_NODE_BRANCHES_ONLY) != 0) {
            return guard_inplace_begin(run, node, p, NULL, 0);
        }
    }
    if (guard_is_container(p)) {
        return *p == '{' ? guard_object_begin(run, node, p)
                         : guard_array_begin(run, node, p);
    }
    const char *end = guard_scalar(run, node, p);
    if (end == NULL) {
        return guard_scalar_result(run, node, p);
    }
    if (node->inplace != 0) {
        return guard_inplace_begin(run, node, p, end, 0);
    }
    run->at = end;
    return GUARD_STEP_DONE;
}

static GuardStep
resume(GuardRun *run, bool ok)
{
    GuardFrame *frame = &run->frames[run->frame_count - 1];
    switch ((GuardFrameKind)frame->kind) {
    case GUARD_FRAME_OBJECT:
        return guard_object_resume(run, frame, ok);
    case GUARD_FRAME_ARRAY:
        return guard_array_resume(run, frame, ok);
    case GUARD_FRAME_INPLACE:
        return guard_inplace_resume(run, frame, ok);
    case GUARD_FRAME_REST_PROPERTIES:
    case GUARD_FRAME_REST_ITEMS:
        return guard_rest_resume(run, frame, ok);
    }
    return GUARD_STEP_STOP;
}

static GuardStep
go_on(GuardRun *run)
{
    GuardFrame *frame = &run->frames[run->frame_count - 1];
    return frame->kind == GUARD_FRAME_OBJECT
               ? guard_object_continue(run, frame, run->at)
               : guard_array_continue(run, frame, run->at);
}

static GuardStep
run_from(GuardRun *run, GuardStep step)
{
    while (step != GUARD_STEP_STOP) {
        if (step == GUARD_STEP_ENTER) {
            step = guard_enter(run);
        }
        else if (step == GUARD_STEP_GO_ON) {
            step = go_on(run);
        }
        else if (run->frame_count == 0) {
            break;
        }
        else {
            step = resume(run, step == GUARD_STEP_DONE);
        }
    }
    return step;
}

GuardStep
guard_run_value(GuardRun *run)
{
    return run_from(run, guard_enter(run));
}

/* The arguments of a tool are an object: the short way from the first byte. */
static inline GuardStep
run_root(GuardRun *run)
{
    const char *p = run->at;
    GuardRef ref = run->program->root_quick;
    if (GUARD_LIKELY(*p == '{' && ref != 0) && guard_quick_is_open(run)) {
        return guard_quick_begin(run, ref, p);
    }
    return guard_enter(run);
}

/* Goes on from the root's first step to the end of the text. */
static GuardStep
run_to_end(GuardRun *run, GuardStep step)
{
    step = run_from(run, step);
    if (GUARD_UNLIKELY(step != GUARD_STEP_DONE)) {
        return step;
    }
    const char *p = guard_skip_space(run->at);
    return p == run->end ? GUARD_STEP_DONE
                         : guard_stop_syntax(run, JSON_ERROR_TRAILING, p);
}

GuardStep
guard_run_resume(GuardRun *run)
{
    run->stop = GUARD_STOP_NONE;
    if (!run->resumes_container) {
        return run_from(run, guard_enter(run));
    }
    run->resumes_container = false;
    return run_from(run, GUARD_STEP_GO_ON);
}

GuardStep
guard_run_text(GuardRun *run)
{
    return run_to_end(run, run_root(run));
}

GuardStep
guard_run_text_on(GuardRun *run, const GuardQuickFrame *root, const char *p)
{
    return run_to_end(run, guard_quick_go_on(run, root, p));
}
