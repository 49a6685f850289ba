/* SPDX-License-Identifier: MIT */
/* unevaluatedProperties, unevaluatedItems: a walk over what no other schema looked at.
 */
#include "guard-run.h"

#include "guard-scalar.h"

#include <stdlib.h>

enum {
    SORT_FROM = 16 /* marks; fewer are compared one by one */
};

static int
compare_marks(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static bool
is_marked(const GuardRun *run, const GuardFrame *frame, const char *value)
{
    size_t offset = (size_t)(value - run->text);
    size_t count = (frame->rest.known_to - frame->rest.known_from) / sizeof offset;
    if (count == 0) {
        return false;
    }
    const size_t *marks =
        (const size_t *)(run->scratch->marks.bytes + frame->rest.known_from);
    if (count >= SORT_FROM) {
        return bsearch(&offset, marks, count, sizeof *marks, compare_marks) != NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (marks[i] == offset) {
            return true;
        }
    }
    return false;
}

/* Moves over comma and name to the next value; NULL at the end of the container. The
 * text has been read before, so that it is right. */
static const char *
next_value(GuardRun *run, GuardFrame *frame, const char *p)
{
    p = guard_skip_space(p);
    if (*p == '}' || *p == ']') {
        run->at = p + 1;
        return NULL;
    }
    p = *p == ',' ? guard_skip_space(p + 1) : p;
    if (frame->kind == GUARD_FRAME_REST_PROPERTIES) {
        GuardStringKind kind;
        frame->key = p + 1;
        p = guard_scan_string(run, p + 1, &kind);
        p = guard_skip_space(p + 1);
        p = guard_skip_space(p + 1);
    }
    frame->value = p;
    return p;
}

static GuardStep
read_rest(GuardRun *run, GuardFrame *frame, const char *p)
{
    p = next_value(run, frame, p);
    if (p == NULL) {
        return guard_pop(run, frame, GUARD_STEP_DONE);
    }
    bool known = is_marked(run, frame, p);
    frame->evaluates = !known;
    bool properties = frame->kind == GUARD_FRAME_REST_PROPERTIES;
    if (!known && (frame->node->flags & GUARD_NODE_FALSE) != 0) {
        const char *key = frame->key;
        frame->key = NULL; /* the object is to blame, not the value */
        bool goes_on = guard_fail(run, frame->rest.owner,
                                  properties ? GUARD_KEYWORD_UNEVALUATED_PROPERTIES
                                             : GUARD_KEYWORD_UNEVALUATED_ITEMS,
                                  properties ? key - 1 : p, NULL, frame->index);
        frame->key = key;
        known = true;
        if (!goes_on) {
            return guard_pop(run, frame, GUARD_STEP_FAIL);
        }
    }
    run->node =
        known ? GUARD_AT(run->program, GuardNode, run->program->any) : frame->node;
    run->at = p;
    run->level = (uint16_t)(frame->level + 1);
    run->tracks = false;
    return GUARD_STEP_ENTER;
}

GuardStep
guard_rest_begin(GuardRun *run, const GuardNode *node, const GuardNode *owner,
                 const char *start, GuardFrameKind kind, size_t known_from)
{
    GuardFrame *frame = guard_push_frame(run, kind, node, start);
    if (frame == NULL) {
        return GUARD_STEP_STOP;
    }
    frame->rest.owner = owner;
    frame->rest.known_from = known_from;
    frame->rest.known_to = frame->marks;
    size_t count = (frame->rest.known_to - known_from) / sizeof(size_t);
    if (count >= SORT_FROM) {
        qsort(run->scratch->marks.bytes + known_from, count, sizeof(size_t),
              compare_marks);
    }
    return read_rest(run, frame, start + 1);
}

GuardStep
guard_rest_resume(GuardRun *run, GuardFrame *frame, bool ok)
{
    guard_drop_marks(run, frame);
    if (!ok) {
        return guard_pop(run, frame, GUARD_STEP_FAIL);
    }
    const char *end = run->at;
    if (frame->tracks && frame->evaluates) {
        guard_mark(run, frame, frame->value);
    }
    frame->index++;
    return read_rest(run, frame, end);
}
