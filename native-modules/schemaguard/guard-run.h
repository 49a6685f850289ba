/* SPDX-License-Identifier: MIT */
/* guard-run.h - the machine: a program, a text, a verdict.
 *
 * The machine reads the bytes of the payload once and checks them on the way. Its state
 * is a stack of frames - one for each open object, array and each value to which more
 * than one schema is applied in place - so neither the payload nor the schema can make
 * the C stack grow. Values under an applicator are read again from their first byte:
 * there is no tree.
 *
 * With a collector a failed assertion is recorded and reading goes on; without one it
 * ends the innermost value that may fail (a branch of anyOf, ...) or the run.
 *
 * Threads    a run belongs to one thread; programs are shared.
 * Limits     depth_max levels, GUARD_RUN_FRAMES_MAX frames, a budget of bytes read
 * again. Memory     the valid path takes none: the first frames are inside the run, and
 * what else is needed comes from a scratch block that the guard keeps.
 */
#pragma once

#include "guard-buffer.h"
#include "guard-keyword.h"
#include "guard-program.h"

#include <json-scan.h>

enum {
    GUARD_RUN_FRAMES_FIRST = 16,
    GUARD_RUN_FRAMES_MAX = 1 << 16,
    GUARD_RUN_DEPTH_DEFAULT = 256,
    GUARD_RUN_BUDGET_BASE = 4 << 20,   /* bytes that may be read again ... */
    GUARD_RUN_BUDGET_FACTOR = 1 << 10, /* ... and so many times the payload */
    GUARD_RUN_BRANCH_COST = 64,        /* bytes that entering a branch counts as */
};

/* What the machine does next. */
typedef enum {
    GUARD_STEP_ENTER, /* evaluate run->node on the value at run->at */
    GUARD_STEP_GO_ON, /* read on in the top frame at run->at */
    GUARD_STEP_DONE,  /* the value ends at run->at and is right */
    GUARD_STEP_FAIL,  /* the value is wrong (never with a collector) */
    GUARD_STEP_STOP,  /* the run is over: run->stop says why */
} GuardStep;

/* Why a run ended without reading everything. */
typedef enum {
    GUARD_STOP_NONE,
    GUARD_STOP_SYNTAX, /* run->syntax has the cause */
    GUARD_STOP_DUPLICATE,
    GUARD_STOP_DEPTH,
    GUARD_STOP_BUDGET,
    GUARD_STOP_PATTERN, /* a pattern ran out of its budget */
    GUARD_STOP_SIZE,
    GUARD_STOP_MORE, /* partial text: what is there is right so far */
} GuardStop;

typedef enum {
    GUARD_FRAME_OBJECT,
    GUARD_FRAME_ARRAY,
    GUARD_FRAME_INPLACE,
    GUARD_FRAME_REST_PROPERTIES,
    GUARD_FRAME_REST_ITEMS,
} GuardFrameKind;

/* Where a member or an item is. */
typedef enum {
    GUARD_PHASE_BETWEEN,
    GUARD_PHASE_NAME,     /* propertyNames looks at the name */
    GUARD_PHASE_VALUE,    /* the schemas of the value, one after the other */
    GUARD_PHASE_CONTAINS, /* contains looks at the item: it may fail */
    GUARD_PHASE_SKIP,     /* in place: reads on to find where the value ends */
} GuardPhase;

typedef struct {
    const GuardNode *node;
    const char *start; /* first byte of the value */
    uint8_t kind;
    uint8_t phase;
    bool tracks;       /* marks what it evaluates */
    bool evaluates;    /* a schema looked at the current member or item */
    uint16_t level;    /* nesting of the value */
    uint32_t index;    /* member or item that is being read */
    size_t marks;      /* bytes of marks when the frame was made */
    size_t own;        /* bytes of marks behind its own last one */
    size_t keys;       /* bytes of names when the frame was made */
    const char *key;   /* current member's name; NULL between members */
    const char *value; /* current member's or item's value */
    union {
        struct {
            const GuardObjectPart *part;
            const char *key_end;
            uint64_t seen;       /* of the first 64 names */
            size_t seen_more;    /* offset in keys of the words for more than 64 */
            size_t table;        /* offset in keys of the set of other names */
            uint32_t table_mask; /* 0: no set yet */
            uint32_t table_count;
            uint32_t next; /* the name that is expected */
            uint32_t rule; /* the pattern to try next */
            uint32_t name; /* index of the name, count if it has none */
        } object;
        struct {
            const GuardArrayPart *part;
            size_t table;
            size_t texts; /* bytes of canonical items when the frame was made */
            uint32_t table_mask;
            uint32_t table_count;
            uint32_t contained;
            uint32_t errors; /* when contains began */
            bool was_rescan;
            bool is_repeated; /* an item was there before: reported */
            const char *item_end;
        } array;
        struct {
            const GuardInplacePart *part;
            const char *end; /* behind the value; NULL while unknown */
            uint64_t seen;
            size_t seen_more;
            uint32_t op;
            uint32_t sub;
            uint32_t hits;
            uint32_t op_errors;  /* when the operation began */
            uint32_t sub_errors; /* when the branch began */
            size_t sub_marks;
            size_t branches; /* bytes of branch bounds when the operation began */
            bool was_rescan;
        } inplace;
        struct {
            const GuardNode *owner;
            size_t known_from; /* marks to look among */
            size_t known_to;
        } rest;
    };
} GuardFrame;

/* What a guard keeps between runs. */
typedef struct {
    GuardFrame *frames;
    uint32_t frames_room;
    GuardBuffer marks;   /* size_t: offsets of values that were evaluated */
    GuardBuffer keys;    /* sets of names and items of the open frames */
    GuardBuffer texts;   /* canonical items of uniqueItems */
    GuardBuffer bytes;   /* one string without escapes, or one canonical value */
    GuardBuffer members; /* while that is made */
} GuardScratch;

typedef struct GuardCollector GuardCollector;

typedef struct {
    const GuardProgram *program;
    const char *text;
    const char *end;      /* *end is 0 */
    const char *wide_end; /* 16 bytes may be loaded from here and before */
    const char *at;
    const GuardNode *node;
    GuardFrame *frames;
    uint32_t frame_count;
    uint32_t frame_room;
    uint16_t level;
    uint16_t depth_max;
    bool tracks;
    bool is_rescan; /* the value has been read before: its names were compared */
    bool allows_duplicates;
    bool is_partial;        /* more text may follow: its end is not an error */
    bool resumes_container; /* after MORE: go on in the top frame, at run->at */
    uint8_t stop;
    JsonError syntax;
    const char *stop_at;
    const char *pattern; /* source of the pattern that stopped the run */
    int64_t budget;
    GuardCollector *collector;
    GuardScratch *scratch;
    GuardScratch *(*take_scratch)(void *owner);
    void *owner;
    GuardFrame first[GUARD_RUN_FRAMES_FIRST];
} GuardRun;

/* Runs the program's root on the text from run->at. Returns DONE, FAIL or STOP. */
GuardStep guard_run_value(GuardRun *run);

/* As guard_run_value(), and nothing but space may follow. */
GuardStep guard_run_text(GuardRun *run);

/* Goes on after GUARD_STOP_MORE, when there is more text. */
GuardStep guard_run_resume(GuardRun *run);

/* The text has moved (and may have grown): corrects what points into it. */
void guard_run_relocate(GuardRun *run, const char *text, size_t length);

void guard_scratch_free(GuardScratch *self);

/* --- between the parts of the machine --- */

/* An assertion failed. Returns true to go on (collecting), false to fail the value.
 * `index` is the name, rule, choice or operation meant. */
bool guard_fail(GuardRun *run, const GuardNode *node, GuardKeyword keyword,
                const char *at, const char *end, size_t index);

GuardStep guard_stop(GuardRun *run, GuardStop stop, const char *at);
GuardStep guard_stop_syntax(GuardRun *run, JsonError error, const char *at);
/* For the byte that should not be there (or the end of the text). */
GuardStep guard_stop_unexpected(GuardRun *run, const char *at);

GuardScratch *guard_run_scratch(GuardRun *run);
GuardFrame *guard_push_frame(GuardRun *run, GuardFrameKind kind, const GuardNode *node,
                             const char *start);
/* Turns the finished container's frame into one for its in-place operations, or ends
 * the value. `end` is behind the value. */
GuardStep guard_close_container(GuardRun *run, GuardFrame *frame, const char *end);
GuardStep guard_pop(GuardRun *run, GuardFrame *frame, GuardStep step);

GuardStep guard_enter(GuardRun *run);
/* The node itself, or where it leads if it is nothing but references and branches of
 * which one is left for a value that starts with `first`, and nobody wants to know the
 * way: neither reports nor marks. NULL: no branch takes the value. */
const GuardNode *guard_direct_node(const GuardRun *run, const GuardNode *node,
                                   char first);
GuardStep guard_object_begin(GuardRun *run, const GuardNode *node, const char *p);
/* The object is read; `end` is behind its brace. */
GuardStep guard_object_close(GuardRun *run, GuardFrame *frame, const char *end);
/* An object that is open already: pushes its frame. NULL after a stop. */
GuardFrame *guard_object_open(GuardRun *run, const GuardNode *node, const char *start,
                              uint64_t seen, uint32_t next);
/* The index of the name, part->count if the part does not know it. */
uint32_t guard_object_find(GuardRun *run, const GuardObjectPart *part, const char *key,
                           const char *key_end, bool is_escaped);
GuardStep guard_object_continue(GuardRun *run, GuardFrame *frame, const char *p);
GuardStep guard_object_resume(GuardRun *run, GuardFrame *frame, bool ok);
GuardStep guard_array_begin(GuardRun *run, const GuardNode *node, const char *p);
GuardFrame *guard_array_open(GuardRun *run, const GuardNode *node, const char *start,
                             uint32_t index);
GuardStep guard_array_continue(GuardRun *run, GuardFrame *frame, const char *p);
GuardStep guard_array_resume(GuardRun *run, GuardFrame *frame, bool ok);
/* `seen`: the names that the object has, by bit, if it is read already. */
GuardStep guard_inplace_begin(GuardRun *run, const GuardNode *node, const char *start,
                              const char *end, uint64_t seen);
GuardStep guard_inplace_next(GuardRun *run, GuardFrame *frame);
GuardStep guard_inplace_resume(GuardRun *run, GuardFrame *frame, bool ok);
GuardStep guard_rest_begin(GuardRun *run, const GuardNode *node, const GuardNode *owner,
                           const char *start, GuardFrameKind kind, size_t known_from);
GuardStep guard_rest_resume(GuardRun *run, GuardFrame *frame, bool ok);

/* Forgets what the last child marked inside itself: it says nothing about the parent.
 */
static inline void
guard_drop_marks(GuardRun *run, const GuardFrame *frame)
{
    if (run->scratch != NULL) {
        run->scratch->marks.length = frame->own;
    }
}

/* Marks the value as evaluated, for unevaluated*. */
void guard_mark(GuardRun *run, GuardFrame *frame, const char *value);

/* Whether frame's object has the name; frames of objects and of their in-place part. */
bool guard_seen(const GuardRun *run, uint64_t seen, size_t more, uint32_t name);
/* Returns the words of a frame with more than 64 names. */
uint64_t *guard_seen_words(const GuardRun *run, size_t more);

/* guard-run-partial.c: the rules of partial text. */

/* Whether the text may yet become right at the error. */
bool guard_partial_waits(const GuardRun *run, JsonError error, const char *at);
/* Whether, behind a name, the colon and the value's first byte are there. */
bool guard_partial_has_value(const GuardRun *run, const char *p);
/* Whether the frame's next item or member has begun. */
bool guard_partial_has_item(const GuardRun *run, const GuardFrame *frame,
                            const char *p);
/* Whether a container of at most `max` items or members may go on at `p`. */
bool guard_partial_fits(GuardRun *run, const GuardFrame *frame, uint32_t max,
                        const char *p);
/* Whether the name that is read, as far as it is there, may be one of the object's. */
bool guard_partial_name(GuardRun *run, GuardFrame *frame);
/* Whether a scalar that has only begun may become right. */
bool guard_partial_scalar(GuardRun *run, const GuardNode *node, const char *start);
/* The same for its enum and const, given its first bytes. */
bool guard_partial_choice(GuardRun *run, const GuardNode *node, const char *start);
/* The last position that is inside neither an escape nor a character of the string
 * whose content starts at `from`. */
const char *guard_partial_safe_end(const char *from, const char *end);
/* Code points of the content of a string, or one less at a surrogate pair. */
size_t guard_partial_count(const char *from, const char *end);
/* Suspends the run inside the top frame. */
GuardStep guard_partial_wait(GuardRun *run, const char *at);

/* guard-names.c: adds a name (raw, between its quotes) to the frame's set. Returns
 * false if it is there already. */
bool guard_names_add(GuardRun *run, GuardFrame *frame, const char *name, size_t length,
                     bool is_escaped);
/* Adds the item to the frame's set of items; false if an equal one is there. */
bool guard_items_add(GuardRun *run, GuardFrame *frame, const char *item,
                     const char *item_end);

/* guard-scalar.c: the slow half of the scalar checks. Return false to fail. */
bool guard_check_string(GuardRun *run, const GuardNode *node, const char *start,
                        const char *close, bool is_escaped, bool is_ascii);
bool guard_check_number(GuardRun *run, const GuardNode *node, const char *start,
                        const char *end, bool is_plain);
bool guard_check_choice(GuardRun *run, const GuardNode *node, const char *start,
                        const char *end, uint32_t type);
bool guard_fail_type(GuardRun *run, const GuardNode *node, const char *start);
/* The value of a string between p and close, unescaped in scratch when needed. */
const char *guard_string_value(GuardRun *run, const char *p, const char *close,
                               bool is_escaped, size_t *ret_length);
