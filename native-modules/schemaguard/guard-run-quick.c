/* SPDX-License-Identifier: MIT */
/* The short way through objects and arrays: it takes what is right, or stops before. */
#include "guard-any.h"
#include "guard-quick-plain.h"

/* Opens the container at `p`; false if that is the machine's. */
static bool
open_part(GuardQuickRun *self, GuardRef ref, const char *p)
{
    GuardRun *run = self->run;
    const GuardQuickPart *part = GUARD_QUICK_AT(run->program, GuardQuickPart, ref);
    if (*p != (part->form == GUARD_QUICK_ARRAY ? '[' : '{') ||
        part->form == GUARD_QUICK_IDLE || self->depth + 1 == GUARD_QUICK_DEPTH ||
        run->level + self->depth + 1u >= run->depth_max) {
        return false;
    }
    self->frames[++self->depth] =
        (GuardQuickFrame){.part = part, .start = p, .first = self->stranger_count};
    return true;
}

/* What becomes of the value at `p` that quick_value_end() did not take. */
static __attribute__((noinline)) GuardQuickEvent
judge(const GuardQuickRun *self, unsigned kind, GuardRef arg, const char *p)
{
    return guard_quick_is_wrong(self->run, kind, arg, p) ? GUARD_QUICK_EVENT_WRONG
                                                         : GUARD_QUICK_EVENT_STUCK;
}

/* The kinds that are looked at twice: *at is moved behind the value, or into it. */
static __attribute__((noinline)) GuardQuickEvent
read_other(GuardQuickRun *self, unsigned kind, GuardRef arg, const char **at)
{
    GuardRun *run = self->run;
    const char *p = *at;
    if (kind == GUARD_QUICK_SWITCH) {
        unsigned class = guard_class_of(*p);
        if (class == GUARD_CLASS_NONE) {
            return GUARD_QUICK_EVENT_STUCK;
        }
        const GuardQuickSwitch *by_class =
            GUARD_QUICK_AT(run->program, GuardQuickSwitch, arg);
        kind = by_class->kinds[class];
        arg = by_class->args[class];
    }
    bool is_container = guard_is_container(p);
    if (kind == GUARD_QUICK_CONTAINER && is_container && open_part(self, arg, p)) {
        *at = p + 1;
        return GUARD_QUICK_EVENT_OPENED;
    }
    const char *end = kind == GUARD_QUICK_ANY && is_container
                          ? guard_any_end(run, run->level + self->depth + 1u, p)
                          : quick_value_end(run, kind, arg, p);
    if (end == NULL) {
        return judge(self, kind, arg, p);
    }
    *at = end;
    return GUARD_QUICK_EVENT_READ;
}

/* A member whose name, at `p`, the schema does not have: *at is moved behind it, or
 * into its value. */
static __attribute__((noinline)) GuardQuickEvent
read_stranger(GuardQuickRun *self, const char *p, const char **at)
{
    GuardQuickText name;
    if (!guard_quick_meet(self, p, &name)) {
        return GUARD_QUICK_EVENT_STUCK;
    }
    p = quick_skip_space(p + name.length);
    GuardQuickEvent event = read_other(self, name.kind, name.arg, &p);
    if (event <= GUARD_QUICK_EVENT_WRONG) {
        self->stranger_count--;
        return event;
    }
    *at = p;
    return event;
}

/* Whether the object that ends has all that it needs. */
static inline bool
is_complete(const GuardQuickRun *self, const GuardQuickFrame *frame, uint64_t seen)
{
    const GuardQuickPart *part = frame->part;
    if (GUARD_UNLIKELY((part->flags & GUARD_QUICK_COUNTED) != 0)) {
        uint32_t count =
            (uint32_t)__builtin_popcountll(seen) + self->stranger_count - frame->first;
        if (count < part->min || count > part->max) {
            return false;
        }
    }
    return GUARD_LIKELY((seen & part->required) == part->required);
}

/* Reads members from *at on, which is moved behind the last one that was right. */
static GuardQuickEvent
read_members(GuardQuickRun *self, const char **at)
{
    GuardRun *run = self->run;
    GuardQuickFrame *frame = &self->frames[self->depth];
    const GuardQuickPart *part = frame->part;
    uint64_t seen = frame->seen;
    uint32_t next = frame->index;
    bool is_first = seen == 0 && self->stranger_count == frame->first;
    GuardQuickEvent event = GUARD_QUICK_EVENT_STUCK;
    const char *p = *at;
    for (;; is_first = false, event = GUARD_QUICK_EVENT_STUCK) {
        const char *q = quick_skip_space(p);
        if (*q == ',' && !is_first) {
            q = quick_skip_space(q + 1);
        }
        else if (*q == '}') {
            event = GUARD_QUICK_EVENT_WRONG;
            if (is_complete(self, frame, seen)) {
                self->stranger_count = frame->first;
                p = q + 1;
                event = GUARD_QUICK_EVENT_CLOSED;
            }
            break;
        }
        else if (!is_first) {
            break;
        }
        if (GUARD_UNLIKELY(*q != '"' || q >= run->wide_end)) {
            break;
        }
        const GuardQuickText *name = &part->names[next];
        q++;
        if (!quick_is_text(run->program, name, q, run->end)) {
            name = guard_quick_find_name(run, part, next, q);
            if (name == NULL) {
                event = read_stranger(self, q, &p);
                if (event == GUARD_QUICK_EVENT_READ) {
                    continue;
                }
                break;
            }
        }
        uint32_t index = name->index;
        if (GUARD_UNLIKELY((seen >> index & 1) != 0)) {
            break;
        }
        q = quick_skip_space(q + name->length);
        const char *end;
        if (GUARD_LIKELY(name->kind < GUARD_QUICK_CONTAINER)) {
            end = quick_value_end(run, name->kind, name->arg, q);
            if (GUARD_UNLIKELY(end == NULL)) {
                event = judge(self, name->kind, name->arg, q);
                break;
            }
        }
        else {
            end = q;
            event = read_other(self, name->kind, name->arg, &end);
            if (event <= GUARD_QUICK_EVENT_WRONG) {
                break;
            }
        }
        seen |= (uint64_t)1 << index;
        next = index + 1;
        p = end;
        if (event == GUARD_QUICK_EVENT_OPENED) {
            break;
        }
    }
    frame->seen = seen;
    frame->index = next;
    *at = p;
    return event;
}

/* What is plain among the members, and then the others. */
static GuardQuickEvent
read_object(GuardQuickRun *self, const char **at)
{
    GuardRun *run = self->run;
    GuardQuickFrame *frame = &self->frames[self->depth];
    if (run->wide_end == run->end && run->level + self->depth + 1u < run->depth_max) {
        const char *close = quick_read_plain(run->program, frame, at, run->end);
        if (close != NULL) {
            self->stranger_count = frame->first;
            *at = close;
            return GUARD_QUICK_EVENT_CLOSED;
        }
    }
    return read_members(self, at);
}

/* Reads items from *at on, which is moved behind the last one that was right. */
static GuardQuickEvent
read_items(GuardQuickRun *self, const char **at)
{
    GuardRun *run = self->run;
    GuardQuickFrame *frame = &self->frames[self->depth];
    const GuardQuickPart *part = frame->part;
    uint32_t index = frame->index;
    GuardQuickEvent event = GUARD_QUICK_EVENT_STUCK;
    const char *p = *at;
    for (;; event = GUARD_QUICK_EVENT_STUCK) {
        const char *q = quick_skip_space(p);
        if (*q == ',' && index != 0) {
            q = quick_skip_space(q + 1);
        }
        else if (*q == ']') {
            event = GUARD_QUICK_EVENT_WRONG;
            if (GUARD_LIKELY(index >= part->min && index <= part->max)) {
                self->stranger_count = frame->first;
                p = q + 1;
                event = GUARD_QUICK_EVENT_CLOSED;
            }
            break;
        }
        else if (index != 0) {
            break;
        }
        if (GUARD_UNLIKELY(index >= part->max)) {
            break;
        }
        const bool is_unique = (part->flags & GUARD_QUICK_UNIQUE) != 0;
        if (GUARD_UNLIKELY(is_unique && *q != '"')) {
            break;
        }
        const char *end;
        if (GUARD_LIKELY(part->kind < GUARD_QUICK_CONTAINER)) {
            end = quick_value_end(run, part->kind, part->arg, q);
            if (GUARD_UNLIKELY(end == NULL)) {
                event = judge(self, part->kind, part->arg, q);
                break;
            }
        }
        else {
            end = q;
            event = read_other(self, part->kind, part->arg, &end);
            if (event <= GUARD_QUICK_EVENT_WRONG) {
                break;
            }
        }
        if (GUARD_UNLIKELY(is_unique)) {
            event = guard_quick_note_item(self, q, end);
            if (event <= GUARD_QUICK_EVENT_WRONG) {
                break;
            }
        }
        index++;
        p = end;
        if (event == GUARD_QUICK_EVENT_OPENED) {
            break;
        }
    }
    frame->index = index;
    *at = p;
    return event;
}

/* Gives the open containers to the machine, which goes on at `p`. */
static GuardStep
hand_over(GuardQuickRun *self, const char *p)
{
    GuardRun *run = self->run;
    run->stop = GUARD_STOP_NONE;
    run->at = p;
    for (unsigned i = 0; i <= self->depth; i++) {
        const GuardQuickFrame *quick = &self->frames[i];
        const GuardNode *node = GUARD_AT(run->program, GuardNode, quick->part->node);
        GuardFrame *frame =
            quick->part->form == GUARD_QUICK_ARRAY
                ? guard_array_open(run, node, quick->start, quick->index)
                : guard_object_open(run, node, quick->start, quick->seen, quick->index);
        if (frame == NULL) {
            return GUARD_STEP_STOP;
        }
        if (quick->part->form == GUARD_QUICK_OBJECT) {
            frame->object.rule = frame->object.part->rule_count; /* no second pattern */
        }
        guard_quick_give(self, i, frame);
        bool is_open = i < self->depth; /* the member or item is not finished */
        frame->index -= is_open;
        frame->phase = is_open ? GUARD_PHASE_VALUE : GUARD_PHASE_BETWEEN;
        run->level = (uint16_t)(run->level + is_open);
    }
    return GUARD_STEP_GO_ON;
}

/* The container that was begun ends before `p`. */
static inline GuardStep
end_root(const GuardQuickRun *self, const char *p)
{
    GuardRun *run = self->run;
    const GuardQuickFrame *root = &self->frames[0];
    run->at = p;
    if (GUARD_LIKELY((root->part->flags & GUARD_QUICK_BRANCHES) == 0)) {
        return GUARD_STEP_DONE;
    }
    return guard_inplace_begin(run, GUARD_AT(run->program, GuardNode, root->part->node),
                               root->start, p, root->seen);
}

static GuardStep
read_text(GuardQuickRun *self, const char *p)
{
    for (;;) {
        GuardQuickEvent event =
            self->frames[self->depth].part->form == GUARD_QUICK_ARRAY
                ? read_items(self, &p)
                : read_object(self, &p);
        if (GUARD_UNLIKELY(event <= GUARD_QUICK_EVENT_WRONG)) {
            if (event == GUARD_QUICK_EVENT_STUCK) {
                return hand_over(self, p);
            }
            self->run->stop = GUARD_STOP_NONE;
            return GUARD_STEP_FAIL;
        }
        if (event == GUARD_QUICK_EVENT_CLOSED && self->depth-- == 0) {
            return end_root(self, p);
        }
    }
}

GuardStep
guard_quick_begin(GuardRun *run, GuardRef ref, const char *p)
{
    GuardQuickFrame frame = {.part = GUARD_QUICK_AT(run->program, GuardQuickPart, ref),
                             .start = p};
    return guard_quick_go_on(run, &frame, p + 1);
}

GuardStep
guard_quick_go_on(GuardRun *run, const GuardQuickFrame *frame, const char *p)
{
    GuardQuickRun quick;
    quick.run = run;
    quick.depth = quick.stranger_count = 0;
    quick.frames[0] = *frame;
    return read_text(&quick, p);
}

/* Whether the machine has to look at what comes next, so that going on were for
 * nothing. */
static bool
expects_machine(const GuardRun *run, const GuardQuickFrame *frame, const char *p)
{
    const GuardQuickPart *part = frame->part;
    if (part->form == GUARD_QUICK_OBJECT) {
        return frame->index < part->count &&
               part->names[frame->index].kind == GUARD_QUICK_STOP;
    }
    if (part->kind != GUARD_QUICK_SWITCH || (part->flags & GUARD_QUICK_UNIQUE) != 0) {
        return (part->flags & GUARD_QUICK_UNIQUE) != 0;
    }
    p = quick_skip_space(p);
    unsigned class = guard_class_of(*p == ',' ? *quick_skip_space(p + 1) : *p);
    return class != GUARD_CLASS_NONE &&
           GUARD_QUICK_AT(run->program, GuardQuickSwitch, part->arg)->kinds[class] ==
               GUARD_QUICK_STOP;
}

GuardStep
guard_quick_resume(GuardRun *run, GuardFrame *frame, const char *p)
{
    run->at = p;
    const GuardNode *node = frame->node;
    bool is_array = frame->kind == GUARD_FRAME_ARRAY;
    if (!guard_quick_takes(run, node,
                           is_array ? GUARD_QUICK_ARRAY : GUARD_QUICK_OBJECT) ||
        frame->tracks) {
        return GUARD_STEP_GO_ON;
    }
    GuardQuickFrame quick = {
        .part = GUARD_QUICK_AT(run->program, GuardQuickPart, node->quick),
        .start = frame->start,
        .seen = is_array ? 0 : frame->object.seen,
        .index = is_array ? frame->index : frame->object.next};
    bool strangers =
        !is_array && frame->index != (uint32_t)__builtin_popcountll(quick.seen);
    if (strangers || expects_machine(run, &quick, p)) {
        return GUARD_STEP_GO_ON;
    }
    run->level = frame->level;
    guard_pop(run, frame, GUARD_STEP_DONE);
    return guard_quick_go_on(run, &quick, p);
}
