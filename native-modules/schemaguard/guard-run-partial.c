/* SPDX-License-Identifier: MIT */
/* Partial text: what is an error, and what only has to wait for more. A run is
 * suspended between tokens, so that nothing is ever noted twice. */
#include "guard-run.h"

#include "guard-scalar.h"

#include <base-utf8.h>

static bool
starts_sequence(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    size_t have = (size_t)(end - at);
    if (lead < 0xC2 || lead > 0xF4 || have >= need) {
        return false;
    }
    if (have > 1 && !base_utf8_is_second(lead, (unsigned char)at[1])) {
        return false;
    }
    return have < 3 || base_utf8_is_tail((unsigned char)at[2]);
}

static bool
starts_word(const char *at, const char *end)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t have = (size_t)(end - at);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (have < strlen(words[i]) && strncmp(at, words[i], have) == 0) {
            return true;
        }
    }
    return false;
}

enum {
    NUMBER_MAX = 4096 /* bytes of a number that may still be incomplete */
};

/* Whether a digit would make a number of it. */
static bool
starts_number(const char *at, const char *end)
{
    char copy[NUMBER_MAX + 1];
    size_t have = (size_t)(end - at);
    bool plain;
    if (have > NUMBER_MAX) {
        return false;
    }
    memcpy(copy, at, have);
    copy[have] = '0';
    return json_number_scan(copy, have + 1, &plain) == have + 1;
}

bool
guard_partial_waits(const GuardRun *run, JsonError error, const char *at)
{
    if (at >= run->end) {
        return true;
    }
    switch ((int)error) {
    case JSON_ERROR_UTF8:
        return starts_sequence(at, run->end);
    case JSON_ERROR_LITERAL:
        return starts_word(at, run->end);
    case JSON_ERROR_NUMBER:
        return starts_number(at, run->end);
    default:
        return false;
    }
}

/* Moves `p` to the next byte that is no space; false at the end of the text. */
static bool
find_byte(const GuardRun *run, const char **p)
{
    *p = guard_skip_space(*p);
    return *p < run->end;
}

bool
guard_partial_has_item(const GuardRun *run, const GuardFrame *frame, const char *p)
{
    if (!find_byte(run, &p)) {
        return false;
    }
    if (*p != ',' || frame->index == 0) {
        return true;
    }
    p++;
    return find_byte(run, &p);
}

bool
guard_partial_has_value(const GuardRun *run, const char *p)
{
    if (!find_byte(run, &p)) {
        return false;
    }
    if (*p != ':') {
        return true; /* an error */
    }
    p++;
    return find_byte(run, &p);
}

GuardStep
guard_partial_wait(GuardRun *run, const char *at)
{
    run->at = at;
    run->resumes_container = true;
    return guard_stop(run, GUARD_STOP_MORE, at);
}

bool
guard_partial_fits(GuardRun *run, const GuardFrame *frame, uint32_t max, const char *p)
{
    bool is_object = frame->kind == GUARD_FRAME_OBJECT;
    const GuardNode *node = frame->node;
    bool wrong =
        (node->types & (is_object ? GUARD_TYPE_OBJECT : GUARD_TYPE_ARRAY)) == 0;
    if (wrong || !find_byte(run, &p)) {
        return true; /* said when it began */
    }
    if (frame->index == 0 && node->choice != 0 &&
        !guard_partial_choice(run, node, frame->start)) {
        return false;
    }
    bool goes_on = frame->index > 0 ? *p == ',' : *p != (is_object ? '}' : ']');
    return frame->index != max || !goes_on ||
           guard_fail(run, node,
                      is_object ? GUARD_KEYWORD_MAX_PROPERTIES
                                : GUARD_KEYWORD_MAX_ITEMS,
                      frame->start, run->end, frame->index + 1);
}

const char *
guard_partial_safe_end(const char *from, const char *end)
{
    const char *slash = end;
    while (slash > from && end - slash < 6) {
        slash--;
        if (*slash != '\\') {
            continue;
        }
        ptrdiff_t run = 1;
        while (slash - run >= from && slash[-run] == '\\') {
            run++;
        }
        ptrdiff_t need = slash + 1 < end && slash[1] == 'u' ? 6 : 2;
        if (run % 2 == 1 && slash + need > end) {
            return slash;
        }
        break;
    }
    const char *lead = end;
    while (lead > from && end - lead < 4) {
        lead--;
        if (!base_utf8_is_tail((unsigned char)*lead)) {
            return (unsigned char)*lead >= 0xC0 &&
                           base_utf8_sequence(lead, (size_t)(end - lead)) == 0
                       ? lead
                       : end;
        }
    }
    return end;
}

size_t
guard_partial_count(const char *from, const char *end)
{
    size_t count = 0;
    while (from < end) {
        if (*from != '\\') {
            count += !base_utf8_is_tail((unsigned char)*from++);
            continue;
        }
        bool is_unicode = from[1] == 'u';
        bool is_low = is_unicode && (from[2] | 0x20) == 'd' &&
                      strchr("cdefCDEF", from[3]) != NULL;
        count += !is_low; /* the second half of a pair, or alone: then one too few */
        from += is_unicode ? 6 : 2;
    }
    return count;
}

enum {
    ESCAPE_MAX = 6 /* bytes of the longest escape */
};

/* Whether a string of the choices starts as the one at `start`. */
static bool
starts_choice(GuardRun *run, const GuardChoicePart *part, const char *start)
{
    const GuardChoice *choices = GUARD_AT(run->program, GuardChoice, part->choices);
    size_t longest = 0;
    for (uint32_t i = 0; i < part->count; i++) {
        longest = MAX(longest, choices[i].length);
    }
    const char *raw = start + 1;
    size_t have = MIN((size_t)(run->end - raw), (longest + 2) * ESCAPE_MAX);
    const char *safe = guard_partial_safe_end(raw, raw + have);
    GuardBuffer *bytes = &guard_run_scratch(run)->bytes;
    bytes->length = 0;
    char *value = guard_buffer_reserve(bytes, (size_t)(safe - raw) + 1);
    bool lone = false;
    size_t length = json_string_unescape(raw, (size_t)(safe - raw), value, &lone);
    for (uint32_t i = 0; i < part->count; i++) {
        if (choices[i].type == GUARD_TYPE_STRING && choices[i].length >= length &&
            memcmp(GUARD_AT(run->program, char, choices[i].text), value, length) == 0) {
            return true;
        }
    }
    return lone; /* its other half may follow */
}

static bool
has_boolean(const GuardRun *run, const GuardChoicePart *part, char first)
{
    const GuardChoice *choices = GUARD_AT(run->program, GuardChoice, part->choices);
    for (uint32_t i = 0; i < part->count; i++) {
        if (choices[i].type == GUARD_TYPE_BOOLEAN &&
            *GUARD_AT(run->program, char, choices[i].text) == first) {
            return true;
        }
    }
    return false;
}

bool
guard_partial_choice(GuardRun *run, const GuardNode *node, const char *start)
{
    for (GuardRef ref = node->choice; ref != 0;) {
        const GuardChoicePart *part = GUARD_AT(run->program, GuardChoicePart, ref);
        unsigned type = part->types & guard_type_of(*start);
        bool ok = type == GUARD_TYPE_STRING    ? starts_choice(run, part, start)
                  : type == GUARD_TYPE_BOOLEAN ? has_boolean(run, part, *start)
                                               : type != 0;
        if (!ok &&
            !guard_fail(run, node, (GuardKeyword)part->keyword, start, run->end, ref)) {
            return false;
        }
        ref = part->next;
    }
    return true;
}

static bool
fits_length(GuardRun *run, const GuardNode *node, const char *start)
{
    if (node->string == 0) {
        return true;
    }
    const GuardStringPart *part = GUARD_AT(run->program, GuardStringPart, node->string);
    const char *end = guard_partial_safe_end(start + 1, run->end);
    if ((size_t)(end - start - 1) <= part->max) {
        return true;
    }
    size_t count = guard_partial_count(start + 1, end);
    return count <= part->max ||
           guard_fail(run, node, GUARD_KEYWORD_MAX_LENGTH, start, run->end, count);
}

bool
guard_partial_scalar(GuardRun *run, const GuardNode *node, const char *start)
{
    if (*start == '"') { /* its type was looked at before its end was */
        return (node->types & GUARD_TYPE_STRING) == 0 ||
               (guard_partial_choice(run, node, start) &&
                fits_length(run, node, start));
    }
    bool wrong = (node->types & guard_type_of(*start)) == 0;
    return wrong ? guard_fail_type(run, node, start)
                 : guard_partial_choice(run, node, start);
}

/* Whether the text is a name of `properties`, or starts one. */
static bool
starts_name(const GuardRun *run, const GuardObjectPart *part, const char *text,
            size_t length, bool is_whole)
{
    const GuardName *names = GUARD_AT(run->program, GuardName, part->names);
    for (uint32_t i = 0; i < part->count; i++) {
        bool fits = is_whole ? names[i].length == length : names[i].length >= length;
        if (names[i].node != 0 && fits &&
            memcmp(guard_program_text(run->program, names[i].text), text, length) ==
                0) {
            return true;
        }
    }
    return false;
}

bool
guard_partial_name(GuardRun *run, GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    const GuardNode *additional = GUARD_AT(run->program, GuardNode, part->additional);
    JsonStringInfo info;
    const char *bad;
    const char *key = frame->key;
    const char *close = json_string_check(key, run->end, &info, &bad);
    const char *end = close != NULL ? close : guard_partial_safe_end(key, run->end);
    bool is_closed = part->additional != 0 && part->rule_count == 0 &&
                     (additional->flags & GUARD_NODE_FALSE) != 0;
    if (!is_closed || (close == NULL && memchr(key, '\\', (size_t)(end - key)))) {
        return true;
    }
    size_t length;
    bool is_escaped = close != NULL && info.is_escaped;
    const char *text = guard_string_value(run, key, end, is_escaped, &length);
    if (starts_name(run, part, text, length, close != NULL)) {
        return true;
    }
    frame->key = NULL; /* the object is to blame */
    bool ok = guard_fail(run, frame->node, GUARD_KEYWORD_ADDITIONAL_PROPERTIES, key - 1,
                         end, 0);
    frame->key = key;
    return ok;
}

static void
move(const char **p, ptrdiff_t distance)
{
    if (*p != NULL) {
        *p += distance;
    }
}

static void
move_frame(GuardFrame *frame, ptrdiff_t distance)
{
    move(&frame->start, distance);
    move(&frame->key, distance);
    move(&frame->value, distance);
    switch ((GuardFrameKind)frame->kind) {
    case GUARD_FRAME_OBJECT:
        if (frame->key != NULL) {
            move(&frame->object.key_end, distance);
        }
        break;
    case GUARD_FRAME_ARRAY:
        if (frame->phase == GUARD_PHASE_CONTAINS) {
            move(&frame->array.item_end, distance);
        }
        break;
    case GUARD_FRAME_INPLACE:
        move(&frame->inplace.end, distance);
        break;
    case GUARD_FRAME_REST_PROPERTIES:
    case GUARD_FRAME_REST_ITEMS:
        break;
    }
}

void
guard_run_relocate(GuardRun *run, const char *text, size_t length)
{
    ptrdiff_t distance = text - run->text;
    for (uint32_t i = 0; distance != 0 && i < run->frame_count; i++) {
        move_frame(&run->frames[i], distance);
    }
    move(&run->at, distance);
    run->text = text;
    run->end = text + length;
    run->wide_end = run->end;
}
