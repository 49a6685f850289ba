/* SPDX-License-Identifier: MIT */
/* The short way through objects and arrays: it takes what is right, or stops before. */
#include "guard-quick.h"

#include "guard-quick-value.h"

typedef struct {
    const GuardQuickPart *part;
    const char *start;
    uint64_t seen;  /* objects: names that were there, by bit */
    uint32_t index; /* objects: the name that is expected; arrays: items so far */
} QuickFrame;

typedef struct {
    GuardRun *run;
    unsigned depth; /* frames below the top one */
    QuickFrame frames[GUARD_QUICK_DEPTH];
} Quick;

/* Why a loop over members or items ended. */
typedef enum {
    EVENT_STUCK, /* at a member or item that it does not take */
    EVENT_OPENED,
    EVENT_CLOSED,
} Event;

/* The other names, when the expected one is not there. */
static const GuardQuickText *
find_name(GuardRun *run, const GuardQuickPart *part, uint32_t next, const char *p)
{
    if (part->count > GUARD_QUICK_LINEAR_MAX) {
        GuardStringKind kind;
        const char *close = guard_scan_string(run, p, &kind);
        if (close == NULL || kind.is_escaped || close[1] != ':') {
            return NULL;
        }
        const GuardNode *node = GUARD_AT(run->program, GuardNode, part->node);
        uint32_t index = guard_object_find(
            run, GUARD_AT(run->program, GuardObjectPart, node->object), p, close,
            false);
        return index < part->count && part->names[index].length != 0
                   ? &part->names[index]
                   : NULL;
    }
    for (uint32_t i = next; i < part->count; i++) {
        if (quick_is_text(run, &part->names[i], p)) {
            return &part->names[i];
        }
    }
    for (uint32_t i = 0; i < next; i++) {
        if (quick_is_text(run, &part->names[i], p)) {
            return &part->names[i];
        }
    }
    return NULL;
}

/* Opens the container at `p`; false if that is the machine's. */
static bool
open_part(Quick *self, GuardRef ref, const char *p)
{
    GuardRun *run = self->run;
    const GuardQuickPart *part = GUARD_QUICK_AT(run->program, GuardQuickPart, ref);
    if (*p != (part->is_array ? '[' : '{') || self->depth + 1 == GUARD_QUICK_DEPTH ||
        run->level + self->depth + 1u >= run->depth_max) {
        return false;
    }
    self->frames[++self->depth] = (QuickFrame){.part = part, .start = p};
    return true;
}

/* Reads members from *at on, which is moved behind the last one that was right. */
static Event
read_members(Quick *self, const char **at)
{
    GuardRun *run = self->run;
    QuickFrame *frame = &self->frames[self->depth];
    const GuardQuickPart *part = frame->part;
    uint64_t seen = frame->seen;
    uint32_t next = frame->index;
    Event event = EVENT_STUCK;
    const char *p = *at;
    for (;;) {
        const char *q = quick_skip_space(p);
        if (*q == ',' && seen != 0) {
            q = quick_skip_space(q + 1);
        }
        else if (*q == '}') {
            if (GUARD_LIKELY((seen & part->required) == part->required)) {
                p = q + 1;
                event = EVENT_CLOSED;
            }
            break;
        }
        else if (seen != 0) {
            break;
        }
        if (GUARD_UNLIKELY(*q != '"' || q >= run->wide_end)) {
            break;
        }
        const GuardQuickText *name = &part->names[next];
        if (next == part->count || !quick_is_text(run, name, ++q)) {
            name = find_name(run, part, next, q);
            if (name == NULL) {
                break;
            }
        }
        uint32_t index = name->index;
        if (GUARD_UNLIKELY((seen >> index & 1) != 0)) {
            break;
        }
        q = quick_skip_space(q + name->length);
        if (name->kind == GUARD_QUICK_CONTAINER && guard_is_container(q)) {
            if (open_part(self, name->arg, q)) {
                seen |= (uint64_t)1 << index;
                next = index + 1;
                p = q + 1;
                event = EVENT_OPENED;
            }
            break;
        }
        q = quick_value_end(run, name->kind, name->arg, q);
        if (GUARD_UNLIKELY(q == NULL)) {
            break;
        }
        seen |= (uint64_t)1 << index;
        next = index + 1;
        p = q;
    }
    frame->seen = seen;
    frame->index = next;
    *at = p;
    return event;
}

/* Reads items from *at on, which is moved behind the last one that was right. */
static Event
read_items(Quick *self, const char **at)
{
    GuardRun *run = self->run;
    QuickFrame *frame = &self->frames[self->depth];
    const GuardQuickPart *part = frame->part;
    uint32_t index = frame->index;
    Event event = EVENT_STUCK;
    const char *p = *at;
    for (;;) {
        const char *q = quick_skip_space(p);
        if (*q == ',' && index != 0) {
            q = quick_skip_space(q + 1);
        }
        else if (*q == ']') {
            if (GUARD_LIKELY(index >= part->min && index <= part->max)) {
                p = q + 1;
                event = EVENT_CLOSED;
            }
            break;
        }
        else if (index != 0) {
            break;
        }
        if (GUARD_UNLIKELY(index >= part->max)) {
            break;
        }
        if (part->kind == GUARD_QUICK_CONTAINER && guard_is_container(q)) {
            if (open_part(self, part->arg, q)) {
                index++;
                p = q + 1;
                event = EVENT_OPENED;
            }
            break;
        }
        q = quick_value_end(run, part->kind, part->arg, q);
        if (GUARD_UNLIKELY(q == NULL)) {
            break;
        }
        index++;
        p = q;
    }
    frame->index = index;
    *at = p;
    return event;
}

/* Gives the open containers to the machine, which goes on at `p`. */
static GuardStep
hand_over(Quick *self, const char *p)
{
    GuardRun *run = self->run;
    run->stop = GUARD_STOP_NONE;
    run->at = p;
    for (unsigned i = 0; i <= self->depth; i++) {
        const QuickFrame *quick = &self->frames[i];
        const GuardNode *node = GUARD_AT(run->program, GuardNode, quick->part->node);
        GuardFrame *frame =
            quick->part->is_array
                ? guard_array_open(run, node, quick->start, quick->index)
                : guard_object_open(run, node, quick->start, quick->seen, quick->index);
        if (frame == NULL) {
            return GUARD_STEP_STOP;
        }
        bool is_open = i < self->depth;
        frame->phase = is_open ? GUARD_PHASE_VALUE : GUARD_PHASE_BETWEEN;
        run->level = (uint16_t)(run->level + is_open);
    }
    return GUARD_STEP_GO_ON;
}

static GuardStep
read_text(Quick *self, const char *p)
{
    for (;;) {
        Event event = self->frames[self->depth].part->is_array ? read_items(self, &p)
                                                               : read_members(self, &p);
        if (GUARD_UNLIKELY(event == EVENT_STUCK)) {
            return hand_over(self, p);
        }
        if (event == EVENT_CLOSED && self->depth-- == 0) {
            self->run->at = p;
            return GUARD_STEP_DONE;
        }
    }
}

GuardStep
guard_quick_begin(GuardRun *run, GuardRef ref, const char *p)
{
    Quick quick;
    quick.run = run;
    quick.depth = 0;
    quick.frames[0] = (QuickFrame){
        .part = GUARD_QUICK_AT(run->program, GuardQuickPart, ref), .start = p};
    return read_text(&quick, p + 1);
}

/* Whether the machine would have to look at what is expected next. */
static bool
expects_machine(const GuardQuickPart *part, uint32_t next)
{
    return !part->is_array && next < part->count &&
           part->names[next].kind == GUARD_QUICK_STOP;
}

GuardStep
guard_quick_resume(GuardRun *run, GuardFrame *frame, const char *p)
{
    run->at = p;
    const GuardNode *node = frame->node;
    bool is_array = frame->kind == GUARD_FRAME_ARRAY;
    if (!guard_quick_takes(run, node, is_array) || frame->tracks) {
        return GUARD_STEP_GO_ON;
    }
    Quick quick;
    quick.run = run;
    quick.depth = 0;
    quick.frames[0] =
        (QuickFrame){.part = GUARD_QUICK_AT(run->program, GuardQuickPart, node->quick),
                     .start = frame->start,
                     .seen = is_array ? 0 : frame->object.seen,
                     .index = is_array ? frame->index : frame->object.next};
    const GuardQuickPart *part = quick.frames[0].part;
    bool strangers = !is_array && frame->index != (uint32_t)__builtin_popcountll(
                                                      quick.frames[0].seen);
    if (strangers || expects_machine(part, quick.frames[0].index)) {
        return GUARD_STEP_GO_ON;
    }
    run->level = frame->level;
    guard_pop(run, frame, GUARD_STEP_DONE);
    return read_text(&quick, p);
}
