/* SPDX-License-Identifier: MIT */
/* The short way through objects and arrays: it takes what is right, or stops before. */
#include "guard-quick.h"

#include "guard-any.h"
#include "guard-quick-value.h"

typedef struct {
    const GuardQuickPart *part;
    const char *start;
    uint64_t seen;  /* objects: names that were there, by bit */
    uint32_t index; /* objects: the name that is expected; arrays: items so far */
    uint32_t first; /* objects: their first stranger */
} QuickFrame;

/* A name that is not among the schema's. */
typedef struct {
    const char *text;
    size_t length;
} Stranger;

typedef struct {
    GuardRun *run;
    unsigned depth; /* frames below the top one */
    uint32_t stranger_count;
    QuickFrame frames[GUARD_QUICK_DEPTH];
    Stranger strangers[GUARD_QUICK_STRANGERS];
} Quick;

/* Why a loop over members or items ended. */
typedef enum {
    EVENT_STUCK, /* at a member or item that it does not take */
    EVENT_WRONG,
    EVENT_OPENED,
    EVENT_CLOSED,
    EVENT_READ, /* a member or item: on to the next */
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
    if (*p != (part->form == GUARD_QUICK_ARRAY ? '[' : '{') ||
        part->form == GUARD_QUICK_IDLE || self->depth + 1 == GUARD_QUICK_DEPTH ||
        run->level + self->depth + 1u >= run->depth_max) {
        return false;
    }
    self->frames[++self->depth] =
        (QuickFrame){.part = part, .start = p, .first = self->stranger_count};
    return true;
}

/* Reads a name at `p` that the schema does not have, and remembers it. *ret is what its
 * value has to be. Returns false if that is the machine's. */
static __attribute__((noinline)) bool
meet_stranger(Quick *self, const char *p, GuardQuickText *ret)
{
    GuardRun *run = self->run;
    const QuickFrame *frame = &self->frames[self->depth];
    const GuardQuickPart *part = frame->part;
    GuardStringKind kind;
    bool is_taken = part->kind != GUARD_QUICK_STOP || part->rules != 0;
    const char *close = is_taken ? guard_scan_string(run, p, &kind) : NULL;
    if (close == NULL || kind.is_escaped || close[1] != ':' ||
        self->stranger_count == GUARD_QUICK_STRANGERS || close - p > UINT16_MAX - 2) {
        return false;
    }
    Stranger name = {p, (size_t)(close - p)};
    for (uint32_t i = frame->first; i < self->stranger_count; i++) {
        if (self->strangers[i].length == name.length &&
            memcmp(self->strangers[i].text, p, name.length) == 0) {
            return false;
        }
    }
    ret->length = (uint16_t)(name.length + 2);
    ret->kind = part->kind;
    ret->arg = part->arg;
    if (part->rules != 0 &&
        !guard_quick_find_rule(run, part->rules, p, name.length, ret)) {
        return false;
    }
    self->strangers[self->stranger_count++] = name;
    return true;
}

/* What becomes of the value at `p` that quick_value_end() did not take. */
static __attribute__((noinline)) Event
judge(const Quick *self, unsigned kind, GuardRef arg, const char *p)
{
    return guard_quick_is_wrong(self->run, kind, arg, p) ? EVENT_WRONG : EVENT_STUCK;
}

/* The kinds that are looked at twice: *at is moved behind the value, or into it. */
static __attribute__((noinline)) Event
read_other(Quick *self, unsigned kind, GuardRef arg, const char **at)
{
    GuardRun *run = self->run;
    const char *p = *at;
    if (kind == GUARD_QUICK_SWITCH) {
        unsigned class = guard_class_of(*p);
        if (class == GUARD_CLASS_NONE) {
            return EVENT_STUCK;
        }
        const GuardQuickSwitch *by_class =
            GUARD_QUICK_AT(run->program, GuardQuickSwitch, arg);
        kind = by_class->kinds[class];
        arg = by_class->args[class];
    }
    bool is_container = guard_is_container(p);
    if (kind == GUARD_QUICK_CONTAINER && is_container && open_part(self, arg, p)) {
        *at = p + 1;
        return EVENT_OPENED;
    }
    const char *end = kind == GUARD_QUICK_ANY && is_container
                          ? guard_any_end(run, run->level + self->depth + 1u, p)
                          : quick_value_end(run, kind, arg, p);
    if (end == NULL) {
        return judge(self, kind, arg, p);
    }
    *at = end;
    return EVENT_READ;
}

/* A member whose name, at `p`, the schema does not have: *at is moved behind it, or
 * into its value. */
static __attribute__((noinline)) Event
read_stranger(Quick *self, const char *p, const char **at)
{
    GuardQuickText name;
    if (!meet_stranger(self, p, &name)) {
        return EVENT_STUCK;
    }
    p = quick_skip_space(p + name.length);
    Event event = read_other(self, name.kind, name.arg, &p);
    if (event <= EVENT_WRONG) {
        self->stranger_count--;
        return event;
    }
    *at = p;
    return event;
}

/* Whether the object that ends has all that it needs. */
static inline bool
is_complete(const Quick *self, const QuickFrame *frame, uint64_t seen)
{
    const GuardQuickPart *part = frame->part;
    if (GUARD_UNLIKELY(part->is_counted)) {
        uint32_t count =
            (uint32_t)__builtin_popcountll(seen) + self->stranger_count - frame->first;
        if (count < part->min || count > part->max) {
            return false;
        }
    }
    return GUARD_LIKELY((seen & part->required) == part->required);
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
    bool is_first = seen == 0 && self->stranger_count == frame->first;
    Event event = EVENT_STUCK;
    const char *p = *at;
    for (;; is_first = false, event = EVENT_STUCK) {
        const char *q = quick_skip_space(p);
        if (*q == ',' && !is_first) {
            q = quick_skip_space(q + 1);
        }
        else if (*q == '}') {
            event = EVENT_WRONG;
            if (is_complete(self, frame, seen)) {
                self->stranger_count = frame->first;
                p = q + 1;
                event = EVENT_CLOSED;
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
        if (next == part->count || !quick_is_text(run, name, q)) {
            name = find_name(run, part, next, q);
            if (name == NULL) {
                event = read_stranger(self, q, &p);
                if (event == EVENT_READ) {
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
            if (event <= EVENT_WRONG) {
                break;
            }
        }
        seen |= (uint64_t)1 << index;
        next = index + 1;
        p = end;
        if (event == EVENT_OPENED) {
            break;
        }
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
    for (;; event = EVENT_STUCK) {
        const char *q = quick_skip_space(p);
        if (*q == ',' && index != 0) {
            q = quick_skip_space(q + 1);
        }
        else if (*q == ']') {
            event = EVENT_WRONG;
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
            if (event <= EVENT_WRONG) {
                break;
            }
        }
        index++;
        p = end;
        if (event == EVENT_OPENED) {
            break;
        }
    }
    frame->index = index;
    *at = p;
    return event;
}

/* Gives the names of the object in the i-th frame to the machine. */
static void
give_strangers(Quick *self, unsigned i, GuardFrame *frame)
{
    uint32_t end = i < self->depth ? self->frames[i + 1].first : self->stranger_count;
    for (uint32_t k = self->frames[i].first; k < end; k++) {
        const Stranger *name = &self->strangers[k];
        if (!self->run->is_rescan) {
            guard_names_add(self->run, frame, name->text, name->length, false);
        }
        frame->index++;
    }
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
            quick->part->form == GUARD_QUICK_ARRAY
                ? guard_array_open(run, node, quick->start, quick->index)
                : guard_object_open(run, node, quick->start, quick->seen, quick->index);
        if (frame == NULL) {
            return GUARD_STEP_STOP;
        }
        if (quick->part->form == GUARD_QUICK_OBJECT) {
            frame->object.rule = frame->object.part->rule_count; /* no second pattern */
            give_strangers(self, i, frame);
        }
        bool is_open = i < self->depth; /* the member or item is not finished */
        frame->index -= is_open;
        frame->phase = is_open ? GUARD_PHASE_VALUE : GUARD_PHASE_BETWEEN;
        run->level = (uint16_t)(run->level + is_open);
    }
    return GUARD_STEP_GO_ON;
}

static GuardStep
read_text(Quick *self, const char *p)
{
    for (;;) {
        Event event = self->frames[self->depth].part->form == GUARD_QUICK_ARRAY
                          ? read_items(self, &p)
                          : read_members(self, &p);
        if (GUARD_UNLIKELY(event <= EVENT_WRONG)) {
            if (event == EVENT_STUCK) {
                return hand_over(self, p);
            }
            self->run->stop = GUARD_STOP_NONE;
            return GUARD_STEP_FAIL;
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
    quick.depth = quick.stranger_count = 0;
    quick.frames[0] = (QuickFrame){
        .part = GUARD_QUICK_AT(run->program, GuardQuickPart, ref), .start = p};
    return read_text(&quick, p + 1);
}

/* Whether the machine has to look at what comes next, so that going on were for
 * nothing. */
static bool
expects_machine(const GuardRun *run, const QuickFrame *frame, const char *p)
{
    const GuardQuickPart *part = frame->part;
    if (part->form == GUARD_QUICK_OBJECT) {
        return frame->index < part->count &&
               part->names[frame->index].kind == GUARD_QUICK_STOP;
    }
    if (part->kind != GUARD_QUICK_SWITCH) {
        return false;
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
    Quick quick;
    quick.run = run;
    quick.depth = quick.stranger_count = 0;
    quick.frames[0] =
        (QuickFrame){.part = GUARD_QUICK_AT(run->program, GuardQuickPart, node->quick),
                     .start = frame->start,
                     .seen = is_array ? 0 : frame->object.seen,
                     .index = is_array ? frame->index : frame->object.next};
    bool strangers = !is_array && frame->index != (uint32_t)__builtin_popcountll(
                                                      quick.frames[0].seen);
    if (strangers || expects_machine(run, &quick.frames[0], p)) {
        return GUARD_STEP_GO_ON;
    }
    run->level = frame->level;
    guard_pop(run, frame, GUARD_STEP_DONE);
    return read_text(&quick, p);
}
