/* SPDX-License-Identifier: MIT */
/* The short way through objects and arrays: it takes what is right, or stops before. */
#include "guard-quick.h"

#include "guard-scalar.h"

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

/* One space is usual, other white space is not. A branch, and no addition of the
 * comparison: what follows is loaded without waiting for it. */
static inline const char *
skip_space(const char *p)
{
    if (*p == ' ') {
        p++;
        __asm__("" : "+r"(p));
    }
    return GUARD_UNLIKELY((unsigned char)*p <= ' ') ? guard_skip_space(p) : p;
}

static bool
is_tail(const GuardRun *run, const GuardQuickText *text, const char *p)
{
    const char *tail = GUARD_QUICK_AT(run->program, char, text->tail);
    return (size_t)(run->end - p) >= text->length &&
           memcmp(p + 16, tail, text->length - 16u) == 0;
}

/* Whether the text is what stands at `p`, where 16 bytes can be loaded. */
static inline bool
is_text(const GuardRun *run, const GuardQuickText *text, const char *p)
{
#ifdef __SSE2__
    __m128i want = _mm_loadu_si128((const __m128i *)text->packed);
    __m128i have = _mm_loadu_si128((const __m128i *)p);
    unsigned equal = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(want, have));
    bool same = (equal & text->mask) == text->mask;
#else
    size_t head = MIN(text->length, sizeof text->packed);
    bool same = head > 0 && memcmp(p, text->packed, head) == 0;
#endif
    return same && (GUARD_LIKELY(text->length <= 16) || is_tail(run, text, p));
}

/* Returns the byte behind the string whose content is at `p`, NULL if it is not right.
 */
static inline const char *
string_end(GuardRun *run, const char *p)
{
    GuardStringKind kind;
    const char *close = guard_scan_string(run, p, &kind);
    return GUARD_LIKELY(close != NULL) ? close + 1 : NULL;
}

static const char *
choice_end(const GuardRun *run, GuardRef ref, const char *p)
{
    const GuardQuickChoices *choices =
        GUARD_QUICK_AT(run->program, GuardQuickChoices, ref);
    for (uint32_t i = 0; i < choices->count; i++) {
        if (is_text(run, &choices->words[i], p)) {
            return p + choices->words[i].length;
        }
    }
    return NULL;
}

/* Whether a number can end here: digits may follow at the end of partial text. */
static inline bool
is_number_end(char c)
{
    return c != '.' && (c | 0x20) != 'e' && c != '\0';
}

static inline const char *
integer_end(const GuardRun *run, GuardRef ref, const char *p)
{
    const char *first = p + (*p == '-');
    const char *q = first;
    uint64_t value = 0;
    while ((unsigned char)(*q - '0') < 10) {
        value = value * 10 + (uint64_t)(*q++ - '0');
    }
    if (GUARD_UNLIKELY(q == first || q - first > GUARD_SHORT_DIGITS ||
                       (*first == '0' && q - first > 1) || !is_number_end(*q))) {
        return NULL;
    }
    if (ref == 0) {
        return q;
    }
    const GuardNumberPart *part = GUARD_AT(run->program, GuardNumberPart, ref);
    int64_t number = first != p ? -(int64_t)value : (int64_t)value;
    bool fits = number >= part->low && number <= part->high &&
                (part->step == 0 || (part->step > 0 && number % part->step == 0));
    return fits ? q : NULL;
}

static inline const char *
number_end(const char *p)
{
    const char *first = p + (*p == '-');
    const char *q = first;
    while ((unsigned char)(*q - '0') < 10) {
        q++;
    }
    if (GUARD_UNLIKELY(q == first || (*first == '0' && q - first > 1))) {
        return NULL;
    }
    if (*q == '.') {
        const char *point = q++;
        while ((unsigned char)(*q - '0') < 10) {
            q++;
        }
        if (GUARD_UNLIKELY(q == point + 1)) {
            return NULL;
        }
    }
    return is_number_end(*q) ? q : NULL;
}

static inline const char *
boolean_end(const char *p)
{
    if (p[0] == 't' && p[1] == 'r' && p[2] == 'u' && p[3] == 'e') {
        return p + 4;
    }
    bool is_false =
        p[0] == 'f' && p[1] == 'a' && p[2] == 'l' && p[3] == 's' && p[4] == 'e';
    return is_false ? p + 5 : NULL;
}

static const char *
scalar_end(GuardRun *run, GuardRef ref, const char *p)
{
    const GuardNode *node = GUARD_AT(run->program, GuardNode, ref);
    if (guard_is_container(p)) {
        return NULL;
    }
    const char *end = guard_scalar(run, node, p);
    bool is_whole = end != NULL && *end != '\0';
    return is_whole ? end : NULL;
}

/* Returns the byte behind the scalar at `p`, NULL if the machine has to look at it. */
static inline __attribute__((always_inline)) const char *
value_end(GuardRun *run, unsigned kind, GuardRef arg, const char *p)
{
    switch ((GuardQuickKind)kind) {
    case GUARD_QUICK_STRING:
        return *p == '"' ? string_end(run, p + 1) : NULL;
    case GUARD_QUICK_CHOICE:
        return *p == '"' && p < run->wide_end ? choice_end(run, arg, p + 1) : NULL;
    case GUARD_QUICK_INTEGER:
        return integer_end(run, arg, p);
    case GUARD_QUICK_NUMBER:
        return number_end(p);
    case GUARD_QUICK_BOOLEAN:
        return boolean_end(p);
    case GUARD_QUICK_SCALAR:
        return scalar_end(run, arg, p);
    case GUARD_QUICK_STOP:
    case GUARD_QUICK_CONTAINER:
        break;
    }
    return NULL;
}

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
        if (is_text(run, &part->names[i], p)) {
            return &part->names[i];
        }
    }
    for (uint32_t i = 0; i < next; i++) {
        if (is_text(run, &part->names[i], p)) {
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

static bool
is_complete(const GuardQuickPart *part, uint64_t seen)
{
    if ((seen & part->required) != part->required) {
        return false;
    }
    uint32_t count = part->counts ? (uint32_t)__builtin_popcountll(seen) : 0;
    return !part->counts || (count >= part->min && count <= part->max);
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
        const char *q = skip_space(p);
        if (*q == ',' && seen != 0) {
            q = skip_space(q + 1);
        }
        else if (*q == '}') {
            if (GUARD_LIKELY(is_complete(part, seen))) {
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
        if (next == part->count || !is_text(run, name, ++q)) {
            name = find_name(run, part, next, q);
            if (name == NULL) {
                break;
            }
        }
        uint32_t index = (uint32_t)(name - part->names);
        if (GUARD_UNLIKELY((seen >> index & 1) != 0)) {
            break;
        }
        q = skip_space(q + name->length);
        if (name->kind == GUARD_QUICK_CONTAINER && guard_is_container(q)) {
            if (open_part(self, name->arg, q)) {
                seen |= (uint64_t)1 << index;
                next = index + 1;
                p = q + 1;
                event = EVENT_OPENED;
            }
            break;
        }
        q = value_end(run, name->kind, name->arg, q);
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
        const char *q = skip_space(p);
        if (*q == ',' && index != 0) {
            q = skip_space(q + 1);
        }
        else if (*q == ']') {
            if (GUARD_LIKELY(!part->counts ||
                             (index >= part->min && index <= part->max))) {
                p = q + 1;
                event = EVENT_CLOSED;
            }
            break;
        }
        else if (index != 0) {
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
        q = value_end(run, part->kind, part->arg, q);
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
guard_quick_begin(GuardRun *run, const GuardNode *node, const char *p)
{
    Quick quick;
    quick.run = run;
    quick.depth = 0;
    quick.frames[0] = (QuickFrame){
        .part = GUARD_QUICK_AT(run->program, GuardQuickPart, node->quick), .start = p};
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
