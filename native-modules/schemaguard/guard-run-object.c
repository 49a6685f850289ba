/* SPDX-License-Identifier: MIT */
/* Objects: the frame of one, member by member. */
#include "guard-run.h"

#include "guard-any.h"
#include "guard-hash.h"
#include "guard-pattern.h"
#include "guard-quick.h"
#include "guard-scalar.h"

static const GuardObjectPart no_part = {.max = UINT32_MAX};

static inline const GuardName *
names_of(const GuardRun *run, const GuardObjectPart *part)
{
    return GUARD_AT(run->program, GuardName, part->names);
}

/* Whether the text behind a quote is this name and its closing quote. */
static inline bool
is_name(const GuardRun *run, const GuardName *name, const char *p)
{
    if (GUARD_LIKELY(name->length < sizeof name->packed)) {
#ifdef __SSE2__
        if (GUARD_LIKELY(p <= run->wide_end)) {
            __m128i want = _mm_loadu_si128((const __m128i *)name->packed);
            __m128i have = _mm_loadu_si128((const __m128i *)p);
            unsigned equal = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(want, have));
            unsigned need = (2u << name->length) - 1;
            return (equal & need) == need;
        }
#endif
        return (size_t)(run->end - p) > name->length &&
               memcmp(p, name->packed, name->length + 1) == 0;
    }
    return (size_t)(run->end - p) > name->length &&
           memcmp(p, guard_program_text(run->program, name->text), name->length) == 0 &&
           p[name->length] == '"';
}

uint32_t
guard_object_find(GuardRun *run, const GuardObjectPart *part, const char *key,
                  const char *key_end, bool is_escaped)
{
    if (part->count == 0) {
        return 0;
    }
    size_t length;
    const char *text = guard_string_value(run, key, key_end, is_escaped, &length);
    uint32_t hash = guard_name_hash(text, length);
    const uint32_t *table = GUARD_AT(run->program, uint32_t, part->table);
    const GuardName *names = names_of(run, part);
    for (uint32_t at = hash & part->table_mask; table[at] != 0;
         at = (at + 1) & part->table_mask) {
        const GuardName *name = &names[table[at] - 1];
        if (name->hash == hash && name->length == length &&
            memcmp(guard_program_text(run->program, name->text), text, length) == 0) {
            return table[at] - 1;
        }
    }
    return part->count;
}

/* Notes that the name is there. Returns false if it was already. */
static inline bool
note_name(GuardRun *run, GuardFrame *frame, uint32_t name)
{
    uint64_t *word = name < 64
                         ? &frame->object.seen
                         : &guard_seen_words(run, frame->object.seen_more)[name / 64];
    uint64_t bit = (uint64_t)1 << (name % 64);
    bool fresh = (*word & bit) == 0;
    *word |= bit;
    return fresh || run->allows_duplicates;
}

/* The next pattern that the name matches; false when there is none (or a stop). */
static bool
next_rule(GuardRun *run, GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    const GuardRule *rules = GUARD_AT(run->program, GuardRule, part->rules);
    if (frame->object.rule >= part->rule_count) {
        return false;
    }
    size_t length;
    bool escaped =
        memchr(frame->key, '\\', (size_t)(frame->object.key_end - frame->key)) != NULL;
    const char *text =
        guard_string_value(run, frame->key, frame->object.key_end, escaped, &length);
    while (frame->object.rule < part->rule_count) {
        const GuardRule *rule = &rules[frame->object.rule++];
        GuardPattern *pattern = run->program->patterns[rule->pattern];
        GuardMatch match = guard_pattern_match(pattern, text, length);
        if (match == GUARD_MATCH_BUDGET) {
            run->pattern = guard_pattern_source(pattern);
            guard_stop(run, GUARD_STOP_PATTERN, frame->key - 1);
            return false;
        }
        if (match == GUARD_MATCH_YES) {
            run->node = GUARD_AT(run->program, GuardNode, rule->node);
            return true;
        }
    }
    return false;
}

static GuardStep
enter_value(GuardRun *run, GuardFrame *frame, const GuardNode *node, const char *at)
{
    run->node = node;
    run->at = at;
    run->level = (uint16_t)(frame->level + 1);
    run->tracks = false;
    return GUARD_STEP_ENTER;
}

/* The schema for a member that neither properties nor patterns claim. Returns false if
 * it may not be there. */
static bool
pick_additional(GuardRun *run, GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    frame->evaluates = part->has_additional != 0;
    run->node = GUARD_AT(run->program, GuardNode,
                         part->additional != 0 ? part->additional : run->program->any);
    if ((run->node->flags & GUARD_NODE_FALSE) == 0) {
        return true;
    }
    const char *key = frame->key;
    frame->key = NULL; /* the object is to blame, not the value */
    bool goes_on = guard_fail(run, frame->node, GUARD_KEYWORD_ADDITIONAL_PROPERTIES,
                              key - 1, frame->object.key_end, 0);
    frame->key = key;
    run->node = GUARD_AT(run->program, GuardNode, run->program->any);
    return goes_on;
}

/* First schema of the value: properties, a pattern, or what is left. */
static GuardStep
first_schema(GuardRun *run, GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    const GuardName *names = names_of(run, part);
    frame->phase = GUARD_PHASE_VALUE;
    frame->object.rule = 0;
    uint32_t name = frame->object.name;
    if (name < part->count && names[name].node != 0) {
        frame->evaluates = true;
        return enter_value(run, frame,
                           GUARD_AT(run->program, GuardNode, names[name].node),
                           frame->value);
    }
    if (next_rule(run, frame)) {
        frame->evaluates = true;
    }
    else if (run->stop != GUARD_STOP_NONE) {
        return GUARD_STEP_STOP;
    }
    else if (!pick_additional(run, frame)) {
        return guard_pop(run, frame, GUARD_STEP_FAIL);
    }
    return enter_value(run, frame, run->node, frame->value);
}

/* The member's schemas all agree: it is done. */
static inline void
finish_member(GuardRun *run, GuardFrame *frame)
{
    if (GUARD_UNLIKELY(frame->tracks) && frame->evaluates) {
        guard_mark(run, frame, frame->value);
    }
    frame->index++;
    frame->phase = GUARD_PHASE_BETWEEN;
}

/* Looks the name up that the parts before did not expect, and notes it if no part knows
 * it. Returns false after a stop. */
static bool
resolve_name(GuardRun *run, GuardFrame *frame, const char *close, bool is_escaped)
{
    const GuardObjectPart *part = frame->object.part;
    frame->object.name = guard_object_find(run, part, frame->key, close, is_escaped);
    if (frame->object.name == part->count && !run->is_rescan &&
        !run->allows_duplicates &&
        !guard_names_add(run, frame, frame->key, (size_t)(close - frame->key),
                         is_escaped)) {
        guard_stop(run, GUARD_STOP_DUPLICATE, frame->key - 1);
        return false;
    }
    return true;
}

/* Reads the name behind the quote at `p`: sets key, key_end and name. Returns the byte
 * behind the closing quote, NULL after a stop. Partial text: nothing is noted before
 * the value has begun. */
static inline const char *
read_name(GuardRun *run, GuardFrame *frame, const char *p)
{
    const GuardObjectPart *part = frame->object.part;
    uint32_t next = frame->object.next;
    GuardStringKind kind = {false, true};
    frame->key = p;
    bool expected = next < part->count && is_name(run, &names_of(run, part)[next], p);
    p = GUARD_LIKELY(expected) ? p + names_of(run, part)[next].length
                               : guard_scan_string(run, p, &kind);
    if (GUARD_UNLIKELY(p == NULL)) {
        return NULL;
    }
    if (GUARD_UNLIKELY(run->is_partial) && !guard_partial_has_value(run, p + 1)) {
        guard_stop(run, GUARD_STOP_MORE, p);
        return NULL;
    }
    frame->object.key_end = p;
    frame->object.name = next;
    if (!expected && !resolve_name(run, frame, p, kind.is_escaped)) {
        return NULL;
    }
    if (frame->object.name < part->count) {
        frame->object.next = frame->object.name + 1;
        if (GUARD_UNLIKELY(!note_name(run, frame, frame->object.name))) {
            guard_stop(run, GUARD_STOP_DUPLICATE, frame->key - 1);
            return NULL;
        }
    }
    return p + 1;
}

/* After read_name() gave none: `member` is where to go on with more text. */
static GuardStep
no_name(GuardRun *run, GuardFrame *frame, const char *member)
{
    if (run->stop != GUARD_STOP_MORE) {
        return GUARD_STEP_STOP;
    }
    if (guard_partial_name(run, frame)) {
        return guard_partial_wait(run, member);
    }
    run->stop = GUARD_STOP_NONE;
    return guard_pop(run, frame, GUARD_STEP_FAIL);
}

/* Partial text: the value goes on behind its end, so it is entered anew with more. */
static GuardStep
wait_for_value(GuardRun *run, GuardFrame *frame, const GuardNode *node)
{
    frame->phase = GUARD_PHASE_VALUE;
    enter_value(run, frame, node, frame->value);
    return GUARD_STEP_STOP;
}

static GuardStep
enter_name(GuardRun *run, GuardFrame *frame)
{
    frame->phase = GUARD_PHASE_NAME;
    const GuardNode *node =
        GUARD_AT(run->program, GuardNode, frame->object.part->name_node);
    return enter_value(run, frame, node, frame->key - 1);
}

/* Reads members until one needs frames of its own. `p` is behind the brace or behind a
 * member. */
static GuardStep
read_members(GuardRun *run, GuardFrame *frame, const char *p)
{
    const GuardObjectPart *part = frame->object.part;
    const bool plain = part->rule_count == 0 && part->name_node == 0;
    for (;;) {
        if (GUARD_UNLIKELY(run->is_partial) &&
            !guard_partial_fits(run, frame, part->max, p)) {
            return guard_pop(run, frame, GUARD_STEP_FAIL);
        }
        if (GUARD_UNLIKELY(run->is_partial) && !guard_partial_has_item(run, frame, p)) {
            return guard_partial_wait(run, p);
        }
        const char *member = p;
        p = guard_skip_space(p);
        if (*p == '}') {
            return guard_object_close(run, frame, p + 1);
        }
        if (frame->index > 0) {
            if (GUARD_UNLIKELY(*p != ',')) {
                return guard_stop_unexpected(run, p);
            }
            p = guard_skip_space(p + 1);
        }
        if (GUARD_UNLIKELY(*p != '"')) {
            return guard_stop_unexpected(run, p);
        }
        p = read_name(run, frame, p + 1);
        if (GUARD_UNLIKELY(p == NULL)) {
            return no_name(run, frame, member);
        }
        p = *p == ':' ? p : guard_skip_space(p);
        if (GUARD_UNLIKELY(*p != ':')) {
            return guard_stop_unexpected(run, p);
        }
        p = guard_skip_space(p + 1);
        frame->value = p;
        if (GUARD_UNLIKELY(!plain)) {
            return part->name_node != 0 ? enter_name(run, frame)
                                        : first_schema(run, frame);
        }
        uint32_t name = frame->object.name;
        const GuardNode *node;
        if (GUARD_LIKELY(name < part->count) && names_of(run, part)[name].node != 0) {
            node = GUARD_AT(run->program, GuardNode, names_of(run, part)[name].node);
            frame->evaluates = true;
        }
        else if (!pick_additional(run, frame)) {
            return guard_pop(run, frame, GUARD_STEP_FAIL);
        }
        else {
            node = run->node;
        }
        if (guard_is_container(p) || node->inplace != 0) {
            frame->phase = GUARD_PHASE_VALUE;
            return enter_value(run, frame, node, p);
        }
        p = guard_scalar(run, node, p);
        if (GUARD_UNLIKELY(p == NULL)) {
            GuardStep step = guard_scalar_result(run, node, frame->value);
            if (run->stop == GUARD_STOP_MORE) {
                wait_for_value(run, frame, node);
            }
            return step == GUARD_STEP_STOP ? step : guard_pop(run, frame, step);
        }
        finish_member(run, frame);
    }
}

/* Makes room for the bits of more than 64 names. */
static void
take_words(GuardRun *run, GuardFrame *frame, uint32_t count)
{
    GuardBuffer *keys = &guard_run_scratch(run)->keys;
    keys->length = (keys->length + 7) & ~(size_t)7;
    size_t size = (count + 63) / 64 * sizeof(uint64_t);
    memset(guard_buffer_reserve(keys, size), 0, size);
    frame->object.seen_more = keys->length;
    keys->length += size;
}

GuardFrame *
guard_object_open(GuardRun *run, const GuardNode *node, const char *start,
                  uint64_t seen, uint32_t next)
{
    GuardFrame *frame = guard_push_frame(run, GUARD_FRAME_OBJECT, node, start);
    if (GUARD_UNLIKELY(frame == NULL)) {
        return NULL;
    }
    bool is_checked = node->object != 0 && (node->types & GUARD_TYPE_OBJECT) != 0;
    const GuardObjectPart *part =
        is_checked ? GUARD_AT(run->program, GuardObjectPart, node->object) : &no_part;
    frame->object.part = part;
    frame->object.seen = seen;
    frame->object.table_mask = 0;
    frame->object.table_count = 0;
    frame->object.next = next;
    frame->object.rule = 0;
    frame->index = (uint32_t)__builtin_popcountll(seen);
    if (GUARD_UNLIKELY(part->count > 64)) {
        take_words(run, frame, part->count);
    }
    return frame;
}

GuardStep
guard_object_begin(GuardRun *run, const GuardNode *node, const char *p)
{
    if (GUARD_UNLIKELY((node->types & GUARD_TYPE_OBJECT) == 0) &&
        !guard_fail_type(run, node, p)) {
        return GUARD_STEP_FAIL;
    }
    if (GUARD_UNLIKELY(run->level >= run->depth_max)) {
        return guard_stop(run, GUARD_STOP_DEPTH, p);
    }
    if (GUARD_LIKELY(guard_quick_takes(run, node, GUARD_QUICK_OBJECT))) {
        return guard_quick_begin(run, node->quick, p);
    }
    const char *end = guard_any_takes(run, node, node->object)
                          ? guard_any_end(run, run->level, p)
                          : NULL;
    if (end != NULL) {
        run->at = end;
        return GUARD_STEP_DONE;
    }
    GuardFrame *frame = guard_object_open(run, node, p, 0, 0);
    return frame != NULL ? read_members(run, frame, p + 1) : GUARD_STEP_STOP;
}

GuardStep
guard_object_continue(GuardRun *run, GuardFrame *frame, const char *p)
{
    return read_members(run, frame, p);
}

GuardStep
guard_object_resume(GuardRun *run, GuardFrame *frame, bool ok)
{
    if (!ok) {
        return guard_pop(run, frame, GUARD_STEP_FAIL);
    }
    if (frame->phase == GUARD_PHASE_NAME) {
        return first_schema(run, frame);
    }
    const char *end = run->at;
    guard_drop_marks(run, frame);
    if (frame->object.part->rule_count > 0) {
        /* The same value again for the next pattern that its name matches. */
        if (next_rule(run, frame)) {
            frame->evaluates = true;
            return enter_value(run, frame, run->node, frame->value);
        }
        if (run->stop != GUARD_STOP_NONE) {
            return GUARD_STEP_STOP;
        }
    }
    finish_member(run, frame);
    return guard_quick_resume(run, frame, end);
}
